import { ValueLayout } from '../../clients/cli/output/values';
import { toValue, type Value } from '../../clients/typescript';

function object(properties: Readonly<Record<string, unknown>>): Value {
  const extended = Object.entries(properties).map(([name, value]) => ({
    name,
    value: toValue(value),
    isMemberSet: false,
  }));
  const value = { typeNames: [], text: undefined, base: undefined, adapted: [], extended, referenceId: 0 };
  return { kind: { $case: 'object', value } };
}

function shown(...batches: readonly (readonly Value[])[]): string {
  const layout = new ValueLayout();
  return batches.map((batch) => layout.show(batch, 'powershell')).join('');
}

test('a table goes on in the next batch, and a wider cell is not cut', () => {
  expect(
    shown(
      [object({ Id: 1, Name: 'ab' })],
      [object({ Id: 22, Name: 'longer' }), object({ Id: 3, Name: 'c' })],
    ),
  ).toBe('Id Name\n-- ----\n 1 ab\n22 longer\n 3 c\n');
});

test('objects with other properties begin a table of their own', () => {
  expect(shown([object({ a: 1 }), object({ b: 2 })])).toBe('a\n-\n1\n\nb\n-\n2\n');
});

test('text between tables stands apart from them', () => {
  expect(shown([object({ a: 1 }), toValue('text'), toValue('more')], [object({ a: 2 })])).toBe(
    'a\n-\n1\n\ntext\nmore\na\n-\n2\n',
  );
});

test('objects of more than four properties are lists, one after the other', () => {
  const wide = object({ a: 1, bb: null, c: 'x\ny', d: [1, 2], e: true });
  const list = 'a  : 1\nbb :\nc  : x\n     y\nd  : {1, 2}\ne  : True\n';
  expect(shown([wide, wide])).toBe(`${list}\n${list}`);
});

test('a cell is one line, and letters of double width keep the columns straight', () => {
  expect(shown([object({ n: 'a\nb', m: 1 }), object({ n: '日本', m: 22 })])).toBe(
    'n     m\n-     -\na b   1\n日本 22\n',
  );
});

test('nested lists are shown item by item, null as nothing', () => {
  expect(shown([toValue([1, [null, 'a'], []]), toValue(null)])).toBe('1\na\n');
});

test('an empty object shows its empty form', () => {
  expect(shown([object({})])).toBe('@{}\n');
});
