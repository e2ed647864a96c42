/** What a document may ask of the server. Tokens are counted by the parser, before anything else looks at it. */
export const LIMITS = { tokens: 2_000, depth: 12, aliases: 50, cost: 20_000 } as const;

/** What a list without pages counts as, such as the seats of a ballot, where there are pages in each of its things: nobody says how long it is. */
export const UNPAGED_LIST = 10;

/** What a field costs that is much more work than others: the text of a version or draft is up to a few hundred kilobytes, and two of them are compared word by word. */
export const COSTS: ReadonlyMap<string, number> = new Map([['text', 50], ['difference', 1_000]]);
