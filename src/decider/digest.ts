import { createHmac } from 'node:crypto';

/** JSON with sorted keys and nothing undefined: the same payload gives the same text whatever the order of its fields. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const fields = value as Readonly<Record<string, unknown>>;
    let text = '';
    for (const name of Object.keys(fields).sort()) {
      const one = fields[name];
      if (one !== undefined && one !== null) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(one)}`;
    }
    return `{${text}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** Keyed, so that nobody can find a payload by trying: 64 hex digits. The command's id is no part of its payload. */
export function payloadDigest(key: string, commandName: string, command: object): string {
  const { commandId: _, ...payload } = command as { commandId?: unknown };
  return createHmac('sha256', key).update(`${commandName}\n${canonicalJson(payload)}`).digest('hex');
}
