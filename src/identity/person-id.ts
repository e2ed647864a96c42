import { createHmac } from 'node:crypto';

/** Names the purpose and the version of the framing: the secret may key other digests too, which must never coincide with these. */
const PURPOSE = 'interregional-committee/person-id/1';

/** Fewer would let whoever has the log and a list of subjects try out secrets. */
const LEAST_SECRET_LENGTH = 32;

/**
 * The person's id in the log: HMAC-SHA-256 of issuer and subject under the installation's secret, as 64 hexadecimal digits.
 *
 * The log so never holds a subject, every node that has the secret arrives at the same id, and nothing needs to be stored. Whoever
 * loses the secret loses who holds which office: it belongs in the backup.
 *
 * The frame is a JSON array: quoting keeps ("a", "bc") and ("ab", "c") apart, and lone surrogates, which UTF-8 would all turn into the
 * same character.
 *
 * @param secret of the installation, at least 32 characters
 * @param issuer exactly as the token's `iss` has it
 * @param subject exactly as the token's `sub` has it
 */
export function personIdOf(secret: string, issuer: string, subject: string): string {
  if (secret.length < LEAST_SECRET_LENGTH) {
    throw new Error(`The secret for person ids has ${secret.length} characters; it must have at least ${LEAST_SECRET_LENGTH}.`);
  }
  return createHmac('sha256', secret).update(JSON.stringify([PURPOSE, issuer, subject])).digest('hex');
}
