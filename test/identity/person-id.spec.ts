import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { personIdOf } from '../../src/identity/person-id.js';

const SECRET = 'a secret of the installation that is long enough';

describe('the id of a person', () => {
  it('is 64 hexadecimal digits and the same every time', () => {
    const id = personIdOf(SECRET, 'https://issuer.example', 'ada');
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(personIdOf(SECRET, 'https://issuer.example', 'ada')).toBe(id);
  });

  it('is the one that logs already hold', () => {
    // Written down: another framing would strip everybody of every office.
    expect(personIdOf(SECRET, 'https://issuer.example', 'ada')).toBe('14e44e64f0e416cd37031585a95aed56d4064c65983d51e71fa0db4380acdfab');
    expect(personIdOf(SECRET, 'https://issuer.example', 'ada')).toBe(
      createHmac('sha256', SECRET).update('["interregional-committee/person-id/1","https://issuer.example","ada"]').digest('hex'),
    );
  });

  it.each([
    [['a', 'bc'], ['ab', 'c']],
    [['a', ''], ['', 'a']],
    [['a', 'b","c'], ['a","b', 'c']],
    [['a\u0000', 'b'], ['a', '\u0000b']],
    [['a', 'Ada'], ['a', 'ada']],
    [['a', '\ud800'], ['a', '\ud801']],
    [['a', 'é'], ['a', 'e\u0301']],
    [['https://a.example', 's'], ['https://a.example/', 's']],
  ])('keeps %j and %j apart', ([i1, s1], [i2, s2]) => {
    expect(personIdOf(SECRET, i1 as string, s1 as string)).not.toBe(personIdOf(SECRET, i2 as string, s2 as string));
  });

  it('keeps any two persons apart, wherever the border between issuer and subject lies', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 20 }), fc.nat(20), fc.nat(20), (text, m, n) => {
      const cut = (at: number): string => personIdOf(SECRET, text.slice(0, at), text.slice(at));
      const [a, b] = [Math.min(m, text.length), Math.min(n, text.length)];
      return (cut(a) === cut(b)) === (a === b);
    }));
  });

  it('is another under another secret', () => {
    expect(personIdOf(`${SECRET}.`, 'i', 's')).not.toBe(personIdOf(SECRET, 'i', 's'));
  });

  it('is not made with a secret that could be guessed', () => {
    expect(() => personIdOf('', 'i', 's')).toThrow(/at least 32/);
    expect(() => personIdOf('x'.repeat(31), 'i', 's')).toThrow(/at least 32/);
    expect(personIdOf('x'.repeat(32), 'i', 's')).toHaveLength(64);
  });
});
