import { asSessionId } from '../../src/core/ids';
import { checkSessionName, findByReference } from '../../src/session/name';

const session = (number: number, name: string, id: string) => ({ number, name, id: asSessionId(id) });
const web1 = session(1, 'web1', '11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa');
const web2 = session(2, 'web2', '22222222-bbbb-4bbb-8bbb-bbbbbbbbbbbb');
const named = session(3, '1111', '33333333-cccc-4ccc-8ccc-cccccccccccc');
const all = [web1, web2, named];

test.each([
  ['a number', '2', [web2]],
  ['a whole id', web1.id, [web1]],
  ['an id in capitals', web1.id.toUpperCase(), [web1]],
  ['an exact name in another case', 'WEB1', [web1]],
  ['a name that is also the beginning of an id', '1111', [named]],
  ['the beginning of an id', '22222222-b', [web2]],
  ['a star', 'web*', [web1, web2]],
  ['a question mark', 'web?', [web1, web2]],
  ['a set', 'web[2-9]', [web2]],
  ['a pattern for nothing', 'db*', []],
  ['an unknown name', 'db', []],
  ['a dot, which is no pattern', 'web.', []],
  ['an unfinished set', 'web[', []],
  ['a range that runs backwards', 'web[9-1]', []],
  ['a set with other characters in it', 'web[\\^2]', [web2]],
  ['runs around a text', '*e*2', [web2]],
])('P39 %s finds what PowerShell would find', (_what, reference, expected) => {
  expect(findByReference(all, reference)).toEqual(expected);
});

test('P39 a pattern made to be slow is answered at once', () => {
  const long = session(4, 'a'.repeat(127) + 'b', '44444444-dddd-4ddd-8ddd-dddddddddddd');
  expect(findByReference([long], `${'*a'.repeat(60)}*c`)).toEqual([]);
});

test.each([
  '',
  '  ',
  '42',
  'web*',
  'a?',
  'a[1]',
  '-o',
  'a/b',
  'a\\b',
  'a,b',
  'a\nb',
  'x'.repeat(129),
  '\ud800',
])('P39 %j is refused as a name', (name) => {
  expect(() => {
    checkSessionName(name);
  }).toThrow(/can't be a session's name/);
});

test.each(['work', 'web-1', '1a', 'Über', '日本', 'a b', 'x'.repeat(128)])(
  'P39 %j is a good name',
  (name) => {
    expect(() => {
      checkSessionName(name);
    }).not.toThrow();
  },
);
