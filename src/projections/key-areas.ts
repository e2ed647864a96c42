/** Beside the codes of the Key Areas, where a thing of several is to be counted once. */
export const ALL_KEY_AREAS = 'total';
