/**
 * Voters that each vote again and again, the other way each time, naming the position that they replace.
 *
 * @param cast (voter's number, what is expressed, the position that it replaces) => the position that was written
 * @returns what one of them does next; where `cast` fails it has not voted
 */
export function votersOf(count, cast) {
  const voters = Array.from({ length: count }, () => ({ expressed: 'AGAINST', replaces: undefined }));
  return async (caller) => {
    const voter = voters[caller];
    const expressed = voter.expressed === 'AGAINST' ? 'IN_FAVOUR' : 'AGAINST';
    voter.replaces = await cast(caller, expressed, voter.replaces);
    voter.expressed = expressed;
  };
}
