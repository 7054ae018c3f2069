import { newToken, userOfToken } from '../../src/auth/tokens';
import { RunspaceError } from '../../src/core/error';

const hour = 3_600_000;

test('P81 a token is its user’s until it ends, and nobody else’s', () => {
  const { text, stored } = newToken('anna', 0, hour);
  const other = newToken('bob', 0, undefined);
  const kept = [stored, other.stored];
  const [, id = '', secret = ''] = text.split('_');
  const forged = `rsd_${id}_${other.text.split('_').slice(2).join('_')}`;
  expect([
    userOfToken(kept, text, hour - 1),
    userOfToken(kept, text, hour),
    userOfToken(kept, other.text, 1000 * hour),
    userOfToken(kept, forged, 0),
    userOfToken(kept, `rsd_000000000000_${secret}`, 0),
    userOfToken([{ ...stored, revokedAt: 1 }], text, 2),
    userOfToken(kept, '', 0),
  ]).toEqual(['anna', undefined, 'bob', undefined, undefined, undefined, undefined]);
});

test('what is kept of a token does not make one', () => {
  const { text, stored } = newToken('anna', 0, undefined);
  expect(JSON.stringify(stored)).not.toContain(text.slice('rsd_000000000000_'.length));
});

test.each(['', 'a b', 'x\n', 'ä'])('a user can’t be called %j', (name) => {
  expect(() => newToken(name, 0, undefined)).toThrow(RunspaceError);
});
