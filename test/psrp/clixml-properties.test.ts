import type { Value } from '../../src/core/value';
import {
  bigintOf,
  boolOf,
  boolValue,
  entriesOf,
  entryOf,
  enumValue,
  int32Value,
  int64Value,
  integerOf,
  isNull,
  itemsOf,
  listValue,
  propertyBag,
  propertyOf,
  textOf,
} from '../../src/psrp/clixml/properties';
import { readClixml } from '../../src/psrp/clixml/reader';

const text = (value: string): Value => ({ type: 'string', value });
const wrapped = (base: Value): Value => ({
  type: 'object',
  typeNames: ['T'],
  base,
  adapted: [],
  extended: [],
});

test('a property is found in any case, notes before adapted ones, and the last of two', () => {
  const value = readClixml(
    '<Obj><Props><S N="Name">adapted</S><S N="Only">here</S></Props><MS><S N="name">first</S><S N="NAME">last</S></MS></Obj>',
  );
  expect(textOf(propertyOf(value, 'nAme'))).toBe('last');
  expect(textOf(propertyOf(value, 'only'))).toBe('here');
  expect(propertyOf(value, 'other')).toBeUndefined();
  expect(propertyOf(text('a'), 'Length')).toBeUndefined();
});

test('an entry is found by its very key before one in another case', () => {
  const value: Value = {
    type: 'dictionary',
    entries: [
      [text('A'), text('upper')],
      [text('a'), text('lower')],
    ],
  };
  expect(textOf(entryOf(value, 'a'))).toBe('lower');
  expect(textOf(entryOf(wrapped({ ...value, entries: value.entries.slice(0, 1) }), 'a'))).toBe('upper');
});

test('accessors see through an object around a value, and give nothing for another kind', () => {
  expect(textOf(wrapped(text('a')))).toBe('a');
  expect(textOf({ type: 'version', text: '2.4' })).toBe('2.4');
  expect(integerOf(wrapped(int32Value(7)))).toBe(7);
  expect(integerOf(enumValue('E', 'A', 3))).toBe(3);
  expect(integerOf(int64Value(2n ** 60n))).toBeUndefined();
  expect(bigintOf(int64Value(2n ** 60n))).toBe(2n ** 60n);
  expect(bigintOf(text('1'))).toBeUndefined();
  expect(boolOf(boolValue(true))).toBe(true);
  expect(boolOf(text('true'))).toBeUndefined();
  expect(itemsOf(wrapped(listValue([text('a')])))).toEqual([text('a')]);
  expect(entriesOf(listValue([]))).toBeUndefined();
  expect([isNull(undefined), isNull({ type: 'null' }), isNull(text(''))]).toEqual([true, true, false]);
});

test('a property bag leaves out what is undefined', () => {
  expect(propertyBag({ a: int32Value(1), b: undefined })).toEqual({
    type: 'object',
    typeNames: [],
    adapted: [],
    extended: [{ name: 'a', value: { type: 'int32', value: 1 } }],
  });
});
