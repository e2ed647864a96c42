/** What a document may ask of the server. Tokens are counted by the parser, before anything else looks at it. */
export const LIMITS = { tokens: 2_000, depth: 12, aliases: 50, cost: 20_000 } as const;
