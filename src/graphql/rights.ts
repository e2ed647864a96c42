import type { Office } from '../events/shared.js';
import { MEMBER_OFFICES } from '../identity/standing.js';

/** Who may ask for a field at all. What depends on the thing or the moment is null instead, or left out of a list. */
export type FieldAudience = 'EVERYBODY' | readonly Office[];

/** `Type` -> audience -> field names. Each module brings the rows of its own types; a field without a row fails a test. */
export type FieldRights = Readonly<Record<string, readonly { readonly audience: FieldAudience; readonly fields: string }[]>>;

export const EVERYBODY = 'EVERYBODY';
export const MEMBERS = MEMBER_OFFICES;
export const WHO_SEES_PERSONS: readonly Office[] = ['SECRETARIAT', 'AUDITOR'];

export const everybody = (fields: string) => ({ audience: EVERYBODY, fields }) as const;
export const only = (audience: FieldAudience, fields: string) => ({ audience, fields });

/** The table of rights to read, flat: `Type.field` -> audience. */
export class RightsTable {
  private readonly rows = new Map<string, FieldAudience>();

  constructor(contributions: readonly FieldRights[]) {
    for (const rights of contributions) {
      for (const [type, groups] of Object.entries(rights)) {
        for (const { audience, fields } of groups) for (const field of fields.split(/\s+/).filter(Boolean)) this.rows.set(`${type}.${field}`, audience);
      }
    }
  }

  audienceOf(type: string, field: string): FieldAudience | undefined {
    return this.rows.get(`${type}.${field}`);
  }

  get size(): number { return this.rows.size; }
  names(): readonly string[] { return [...this.rows.keys()]; }
}
