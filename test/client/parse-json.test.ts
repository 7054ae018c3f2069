import { parseJson, toValue } from '../../clients/typescript';

const kindOf = (text: string): unknown => toValue(parseJson(text)).kind;

test.each([
  ['9007199254740993', { $case: 'int64', value: 9007199254740993n }],
  ['-9007199254740993', { $case: 'int64', value: -9007199254740993n }],
  ['18446744073709551615', { $case: 'uint64', value: 18446744073709551615n }],
  ['123456789012345678901234567890', { $case: 'bigInteger', value: '123456789012345678901234567890' }],
  ['9007199254740991', { $case: 'int64', value: 9007199254740991n }],
  ['1', { $case: 'int32', value: 1 }],
  ['1.0', { $case: 'double', value: 1 }],
  ['1e3', { $case: 'double', value: 1000 }],
  ['-0.0', { $case: 'double', value: -0 }],
  ['"9007199254740993"', { $case: 'string', value: '9007199254740993' }],
  ['"a\\"9007199254740993"', { $case: 'string', value: 'a"9007199254740993' }],
])('P12 %s keeps what it is', (text, kind) => {
  expect(kindOf(text)).toEqual(kind);
});

test('P12 numbers are exact inside of lists and objects too', () => {
  expect(parseJson('{"a":[9007199254740993,{"b":1}],"__proto__":2}')).toEqual(
    JSON.parse('{"a":[0,{"b":1}],"__proto__":2}', (name, value: unknown) =>
      name === '0' ? 9007199254740993n : value,
    ),
  );
});

test('P12 what is no JSON is refused', () => {
  expect(() => parseJson('[9007199254740993,]')).toThrow(SyntaxError);
});
