/** The kinds of error that a caller can meet, closed. Mapped to GraphQL in one place (graphql/errors.ts). */
export const ERROR_CODES = ['INVALID', 'UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND', 'REFUSED', 'CONFLICT', 'UNAVAILABLE', 'INTERNAL'] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];
export type Facts = Readonly<Record<string, unknown>>;

/** An error that is meant for the caller: the kind, the rule's or limit's own code, a sentence that says what would be right, what it rests on. */
export class Problem extends Error {
  constructor(readonly code: ErrorCode, readonly reason: string | undefined, message: string, readonly facts: Facts = {}) {
    super(message);
    this.name = 'Problem';
  }
}

export const shuttingDown = (): Problem => new Problem('UNAVAILABLE', 'SHUTTING_DOWN', 'This node is shutting down. Ask again with the same commandId.');
export const busy = (): Problem => new Problem('UNAVAILABLE', 'BUSY', 'Too much is being decided at once. Ask again with the same commandId.');

/** What a decider answers instead of an event. A value, not an exception: deciders are total. */
export interface Refusal {
  readonly refused: Extract<ErrorCode, 'REFUSED' | 'NOT_FOUND' | 'INVALID'>;
  readonly reason: string | undefined;
  readonly message: string;
  readonly facts: Facts;
}

/** A rule of the Committee stands against it. */
export const refuse = (reason: string, message: string, facts: Facts = {}): Refusal => ({ refused: 'REFUSED', reason, message, facts });
/** The command names a thing that is not there. */
export const notFound = (what: string, id: string): Refusal => ({
  refused: 'NOT_FOUND', reason: undefined, message: `There is no ${what} with the id ${id}.`, facts: { id },
});
/** The input is wrong in a way that only the state can tell. */
export const invalid = (path: string, message: string): Refusal => ({ refused: 'INVALID', reason: undefined, message, facts: { fields: [{ path, message }] } });
/** It would change nothing: said, since silence would hide a mistake. */
export const nothingToChange = (message: string): Refusal => refuse('NOTHING_TO_CHANGE', message);
