import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { EncryptJWT, SignJWT } from 'jose';
import { NotSealed, Sealed } from '../../src/nodes/sealed.js';

const SECRET = 'a secret of the installation, for all';
const content = { orders: [{ command: 'CastPosition', input: { expressed: 'IN_FAVOUR' } }] };

describe('Messages between nodes', () => {
  afterEach(() => { jest.useRealTimers(); });

  it('are opened by whoever has the installation\'s secret, for what they are meant for, with their id', async () => {
    const text = await new Sealed(SECRET).seal('orders', 'id-1', content);
    expect(await new Sealed(SECRET).open('orders', text)).toEqual({ id: 'id-1', content });
    expect(text).not.toContain('CastPosition');
    expect(Buffer.from(text.split('.')[3] as string, 'base64url').toString('latin1')).not.toContain('IN_FAVOUR');
  });

  it('are not opened with another secret, for another purpose, or after a while', async () => {
    const sealed = new Sealed(SECRET);
    const text = await sealed.seal('orders', 'id-1', content);
    await expect(new Sealed('another secret, of another installation').open('orders', text)).rejects.toThrow(NotSealed);
    await expect(sealed.open('answer', text)).rejects.toThrow(NotSealed);
    const minutes = (n: number): unknown => jest.useFakeTimers({ now: Date.now() + n * 60_000, advanceTimers: true });
    minutes(4);
    await expect(sealed.open('orders', text)).resolves.toMatchObject({ id: 'id-1' });
    minutes(8);
    await expect(sealed.open('orders', text)).rejects.toThrow(NotSealed);
  });

  it('are not opened with any one character changed', async () => {
    const sealed = new Sealed(SECRET);
    const text = await sealed.seal('answer', 'id-1', content);
    for (let i = 0; i < text.length; i++) {
      if (text[i] === '.') continue;
      // The last character of a part carries bits that mean nothing.
      if (text[i + 1] === '.' || i === text.length - 1) continue;
      const changed = text.slice(0, i) + (text[i] === 'A' ? 'B' : 'A') + text.slice(i + 1);
      await expect(sealed.open('answer', changed)).rejects.toThrow(NotSealed);
    }
  });

  it('are sealed in this one way: no other algorithm, no signature, no plain text', async () => {
    const sealed = new Sealed(SECRET);
    const key = (sealed as unknown as { key: Uint8Array }).key;
    const claims = <T extends { setAudience(a: string): T; setJti(j: string): T; setIssuedAt(): T; setExpirationTime(t: string): T }>(jwt: T): T => jwt.setAudience('orders').setJti('x').setIssuedAt().setExpirationTime('5m');
    const direct = await claims(new EncryptJWT({ content }).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })).encrypt(key);
    const signed = await claims(new SignJWT({ content }).setProtectedHeader({ alg: 'HS256' })).sign(key);
    const lasting = await new EncryptJWT({ content }).setProtectedHeader({ alg: 'A256KW', enc: 'A256GCM' }).setAudience('orders').setJti('x').setIssuedAt().encrypt(key);
    for (const text of [direct, signed, lasting, '', JSON.stringify(content), `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`]) {
      await expect(sealed.open('orders', text)).rejects.toThrow(NotSealed);
    }
  });
});
