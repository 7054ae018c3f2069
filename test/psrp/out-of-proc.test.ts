import fc from 'fast-check';
import { nodeCodec } from '../../src/engine/powershell/node-codec';
import { RemoteProtocolError } from '../../src/psrp/errors';
import {
  ElementReader,
  encodeElement,
  type Incoming,
  type OutOfProcElement,
} from '../../src/psrp/out-of-proc';
import { bytewise, randomChunks } from '../support/chunks';

const id = '5e20e9e5-f997-4307-8ac8-07b533f8a3fd';
const ack: Incoming = { name: 'DataAck', pipelineId: id };
const abc: Incoming = {
  name: 'Data',
  stream: 'Default',
  pipelineId: id,
  bytes: Buffer.from('abc'),
};

function read(chunks: readonly (Uint8Array | string)[], maximumLineLength = 1_000_000): Incoming[] {
  const reader = new ElementReader({ codec: nodeCodec, maximumLineLength });
  const all: Incoming[] = [];
  for (const chunk of chunks) {
    reader.receive(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    for (let next = reader.next(); next !== undefined; next = reader.next()) all.push(next);
  }
  return all;
}

test.each([
  ['PowerShell writes', `<DataAck PSGuid='${id}' />`, [ack]],
  ['uses double quotes', `<DataAck PSGuid="${id}"/>`, [ack]],
  ['ends in carriage return', `<DataAck PSGuid='${id}' />\r`, [ack]],
  ['has an end tag', `<DataAck PSGuid='${id}'></DataAck>`, [ack]],
  ['has an upper-case id', `<DataAck PSGuid='${id.toUpperCase()}' />`, [ack]],
  ['holds several elements', `<DataAck PSGuid='${id}' /> <DataAck PSGuid='${id}' />`, [ack, ack]],
  ['holds comments', `<!-- a > b --><DataAck PSGuid='${id}' /><!----><!-- x -->`, [ack]],
  ['has Data with attributes in any order', `<Data PSGuid='${id}' Stream="Default">YWJj</Data >`, [abc]],
])('a line that %s is read', (_, line, expected) => {
  expect(read([`${line}\n`])).toEqual(expected);
});

test.each([
  ['an unknown element', `<Datum PSGuid='${id}' />`],
  ['an attribute too many', `<DataAck PSGuid='${id}' x='1' />`],
  ['no id', '<DataAck />'],
  ['an id that is none', "<DataAck PSGuid='{123}' />"],
  ['an unknown stream', `<Data Stream='Other' PSGuid='${id}'>YWJj</Data>`],
  ['no stream', `<Data PSGuid='${id}'>YWJj</Data>`],
  ['empty Data', `<Data Stream='Default' PSGuid='${id}'></Data>`],
  ['self-closed Data', `<Data Stream='Default' PSGuid='${id}' />`],
  ['text that is not base64', `<Data Stream='Default' PSGuid='${id}'>YW*j</Data>`],
  ['base64 cut off', `<Data Stream='Default' PSGuid='${id}'>YWJ</Data>`],
  ['Data that does not end', `<Data Stream='Default' PSGuid='${id}'>YWJj`],
  ['another end tag', `<Data Stream='Default' PSGuid='${id}'>YWJj</Dat>`],
  ['text between elements', `<DataAck PSGuid='${id}' />x<DataAck PSGuid='${id}' />`],
  ['a comment that does not end', '<!-- a'],
  ['a processing instruction', '<?xml version="1.0"?>'],
  ['an endless tag', `<DataAck ${' '.repeat(5000)}PSGuid='${id}' />`],
])('a line with %s breaks the protocol', (_, line) => {
  expect(() => read([`${line}\n`])).toThrow(RemoteProtocolError);
});

test('a line that starts with no element is noise', () => {
  expect(read(['hello\r\n', `<DataAck PSGuid='${id}' />\n\n`])).toEqual([
    { name: 'noise', text: 'hello' },
    ack,
    { name: 'noise', text: '' },
  ]);
});

test('an element survives noise without a line end before it', () => {
  expect(read([`50% <b>done</b> <DataAck PSGuid='${id}' />\n`])).toEqual([
    { name: 'noise', text: '50% <b>done</b> ' },
    ack,
  ]);
});

test('noise that only looks like an element stays noise', () => {
  expect(read([`see <DataAck PSGuid='x' />\n`])).toEqual([
    { name: 'noise', text: "see <DataAck PSGuid='x' />" },
  ]);
});

test('endless noise comes in pieces and is not kept', () => {
  const pieces = read(
    Array.from({ length: 40 }, () => 'x'.repeat(10_000)).concat(`\n<DataAck PSGuid='${id}' />\n`),
    20_000,
  );
  expect(pieces.at(-1)).toEqual(ack);
  const text = pieces.map((piece) => (piece.name === 'noise' ? piece.text : '')).join('');
  expect(text).toBe('x'.repeat(400_000));
  expect(pieces.length).toBeGreaterThan(5);
});

test.each([
  ['whole', 1],
  ['unfinished', 0],
])('a line over the limit breaks the protocol, %s', (_, hasEnd) => {
  const line = `<Data Stream='Default' PSGuid='${id}'>${'A'.repeat(2000)}</Data>`;
  expect(() => read([hasEnd === 1 ? `${line}\n` : line], 1000)).toThrow(/limit is 1000/);
});

const element = fc.oneof(
  fc.record({
    name: fc.constantFrom('Command', 'CommandAck', 'DataAck', 'Close', 'CloseAck', 'Signal', 'SignalAck'),
    pipelineId: fc.uuid(),
  }),
  fc.record({
    name: fc.constant('Data' as const),
    stream: fc.constantFrom('Default', 'PromptResponse'),
    pipelineId: fc.uuid(),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  }),
) as fc.Arbitrary<OutOfProcElement>;

test('what is written is read again, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(element, { maxLength: 8 }), fc.integer(), (elements, seed) => {
      const bytes = Buffer.concat(elements.map((one) => encodeElement(one, nodeCodec)));
      expect(read(bytewise(bytes))).toEqual(elements);
      expect(read(randomChunks(bytes, seed, 100))).toEqual(elements);
      expect(read([bytes])).toEqual(elements);
    }),
  );
});
