import { createHash } from 'node:crypto';
import { Type, type Static, type TLiteral, type TUnion } from '@sinclair/typebox';

/** A union of string literals, from the list that the GraphQL enum is made of too. */
export function oneOf<const T extends readonly string[]>(values: T): TUnion<{ [I in keyof T]: TLiteral<T[I] & string> } & TLiteral[]> {
  return Type.Union(values.map((value) => Type.Literal(value))) as never;
}

export const Id = Type.String({ minLength: 1 });
export const Time = Type.String({ minLength: 24, maxLength: 24 });
export const Population = Type.Integer({ minimum: 1 });
/** SHA-256, in hex. */
export const Hash = Type.String({ minLength: 64, maxLength: 64 });
/** YYYY-MM-DD, in Europe/Brussels. */
export const Day = Type.String({ minLength: 10, maxLength: 10 });
/** Euro cents, exact: one amount ends where the integers of JSON do. Sums are made with bigint. */
export const CENTS_AT_MOST = Number.MAX_SAFE_INTEGER;
export const Cents = Type.Integer({ minimum: 1, maximum: CENTS_AT_MOST });

/** Exact whatever is added up: a sum of amounts may lie above the integers of a JSON number. */
export const sumOf = (amounts: readonly (string | number | bigint)[]): bigint => amounts.reduce<bigint>((sum, amount) => sum + BigInt(amount), 0n);

export const OFFICES = ['CHAIR', 'SECRETARIAT', 'AUDITOR', 'OPERATOR', 'REPRESENTATIVE', 'ALTERNATE', 'CONTACT_PERSON', 'SIGNED_IN', 'SYSTEM'] as const;
export type Office = (typeof OFFICES)[number];

export const KEY_AREA_CODES = ['KA1', 'KA2', 'KA3', 'KA4', 'KA5'] as const;
export const KeyAreaCode = oneOf(KEY_AREA_CODES);
export type KeyAreaCode = (typeof KEY_AREA_CODES)[number];

export const EVIDENCE_KINDS = ['LETTER_OF_ADHESION', 'COMMITMENT_LETTER', 'APPROVED_MINUTES'] as const;
/** A signed paper, kept elsewhere: its hash (64 hex digits), in which function it was signed, and the day. */
export const Evidence = Type.Object({ kind: oneOf(EVIDENCE_KINDS), sha256: Type.String(), signedAs: Type.String(), date: Type.String() });
export type Evidence = Static<typeof Evidence>;

/** One numbered piece of a text. The id is given once and stays: amendments name it, differences are shown by it. */
export const Provision = Type.Object({ id: Id, heading: Type.Optional(Type.String()), text: Type.String() });
export type Provision = Static<typeof Provision>;

/** SHA-256, in hex, over the JSON of `[[id, heading or null, text], …]`: what a ballot is on. */
export function textHash(text: readonly Provision[]): string {
  return createHash('sha256').update(JSON.stringify(text.map((p) => [p.id, p.heading ?? null, p.text]))).digest('hex');
}
