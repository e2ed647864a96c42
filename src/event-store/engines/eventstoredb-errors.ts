/** What an error of the client or the server means for a call. All of them are sorted here and nowhere else (stack: class, type, code and message). */
export type ServerFault =
  /** Another head than the expected one; `actual` is the server's. */
  | { readonly kind: 'CONFLICT'; readonly actual: number }
  /** There is no such stream, or nothing in it. */
  | { readonly kind: 'NO_STREAM' }
  /** Nothing was written. Trying again changes nothing, but for ACCESS and USER: a server that is starting knows no rights yet, and somebody may give some. */
  | { readonly kind: 'REFUSED'; readonly why: 'TOO_LARGE' | 'ACCESS' | 'USER' | 'DELETED' | 'ARGUMENT' }
  /** Nothing was written; another node leads, or the server is not ready. */
  | { readonly kind: 'ELSEWHERE' }
  /** Written or not: asked again with the same ids and the same expected revision, over a fresh connection. */
  | { readonly kind: 'UNKNOWN' };

/** An own time limit, since a call may never end by itself. */
export class CallTimedOut extends Error {
  constructor(ms: number) {
    super(`The server did not answer within ${ms} ms`);
    this.name = 'CallTimedOut';
  }
}

/** The connection of a call was left for another one while it was under way. */
export class LeftBehind extends Error {
  constructor() {
    super('The connection was left for a fresh one');
    this.name = 'LeftBehind';
  }
}

/** Something in our stream that this program has not written, and cannot read. */
export class ForeignEvent extends Error {
  constructor(readonly revision: string) {
    super(`The event at revision ${revision} of the stream was not written by this program, or by an older version of it`);
    this.name = 'ForeignEvent';
  }
}

interface ClientError { readonly type?: string; readonly code?: number; readonly message?: string; readonly actualVersion?: bigint | 'no_stream' }

/** Codes of gRPC. */
const [RESOURCE_EXHAUSTED, PERMISSION_DENIED, UNAUTHENTICATED] = [8, 7, 16];

export function faultOfServer(error: unknown): ServerFault {
  const { type, code, message = '', actualVersion } = error as ClientError;
  // The client has one class for both.
  if (code === UNAUTHENTICATED) return { kind: 'REFUSED', why: 'USER' };
  switch (type) {
    case 'wrong-expected-version': return { kind: 'CONFLICT', actual: typeof actualVersion === 'bigint' ? Number(actualVersion) + 1 : 0 };
    case 'stream-not-found':
    case 'no-stream': return { kind: 'NO_STREAM' };
    case 'stream-deleted': return { kind: 'REFUSED', why: 'DELETED' };
    case 'access-denied': return { kind: 'REFUSED', why: 'ACCESS' };
    case 'maximum-append-size-exceeded': return { kind: 'REFUSED', why: 'TOO_LARGE' };
    case 'invalid-argument': return { kind: 'REFUSED', why: 'ARGUMENT' };
    case 'not-leader': return { kind: 'ELSEWHERE' };
    default:
  }
  if (code === RESOURCE_EXHAUSTED) return { kind: 'REFUSED', why: 'TOO_LARGE' };
  if (code === PERMISSION_DENIED) return { kind: 'REFUSED', why: 'ACCESS' };
  if (/not ready/i.test(message)) return { kind: 'ELSEWHERE' };
  // Unavailable, cancelled, over a deadline, a code without a class, an error of the client's own: nobody knows what became of the call.
  return { kind: 'UNKNOWN' };
}
