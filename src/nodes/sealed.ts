import { hkdfSync } from 'node:crypto';
import { EncryptJWT, jwtDecrypt, type JWTPayload } from 'jose';

/** What a message is for: one that is meant for something else is not opened. */
export type Purpose = 'greeting' | 'orders' | 'answer';

/** A message of no node of this installation, of another purpose, or of long ago. */
export class NotSealed extends Error {
  constructor(cause: unknown) {
    super('The message was not sealed by a node of this installation, or too long ago', { cause });
    this.name = 'NotSealed';
  }
}

/** Long enough for clocks that differ; short enough that what was caught on the way is of no use later. */
const GOOD_FOR = '5m';

/**
 * Messages between the nodes of one installation, sealed with a key that all of them make from its secret: nobody else reads them, writes them
 * or changes one. Each has a key of its own, wrapped (A256KW), so that no number of messages wears the shared one out.
 */
export class Sealed {
  private readonly key: Uint8Array;

  constructor(installationSecret: string) {
    this.key = new Uint8Array(hkdfSync('sha256', installationSecret, '', 'between nodes', 32));
  }

  /** @param id of the message, or in an answer of the one that it answers */
  seal(purpose: Purpose, id: string, content: object): Promise<string> {
    return new EncryptJWT({ content }).setProtectedHeader({ alg: 'A256KW', enc: 'A256GCM' })
      .setAudience(purpose).setJti(id).setIssuedAt().setExpirationTime(GOOD_FOR).encrypt(this.key);
  }

  /** @throws NotSealed */
  async open<T extends object>(purpose: Purpose, text: string): Promise<{ readonly id: string; readonly content: T }> {
    try {
      const { payload } = await jwtDecrypt<JWTPayload & { content: T }>(text, this.key, {
        audience: purpose, keyManagementAlgorithms: ['A256KW'], contentEncryptionAlgorithms: ['A256GCM'], requiredClaims: ['jti', 'exp', 'content'], maxTokenAge: GOOD_FOR, clockTolerance: GOOD_FOR,
      });
      return { id: payload.jti as string, content: payload.content };
    } catch (error) {
      throw new NotSealed(error);
    }
  }
}
