import * as fc from 'fast-check';
import { FrameReader, frameBytes, maximumFrameLength, part, type Frame } from '../../src/engine/script/frame';
import { LineSplitter } from '../../src/engine/script/line-splitter';
import { markOf, markPrefix, MarkScanner } from '../../src/engine/script/mark-scanner';
import { MessageAssembler, toParts } from '../../src/engine/script/parts';
import { ReceivedMessage } from '../../src/engine/script/report';
import { fromWire, toWire } from '../../src/engine/script/wire-value';
import { anyValue } from '../support/value-arbitrary';

const anyFrame: fc.Arbitrary<Frame> = fc.record({
  kind: fc.integer({ min: 0, max: 255 }),
  bytes: fc.uint8Array({ maxLength: 40 }),
});

/** The bytes in pieces of these lengths, over and over. */
function* pieces(bytes: Uint8Array, lengths: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = lengths[turn % lengths.length] ?? 1;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

const anyLengths = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });

describe('frames', () => {
  test('however the bytes are cut, the same frames come out', () => {
    fc.assert(
      fc.property(fc.array(anyFrame), anyLengths, (frames, lengths) => {
        const reader = new FrameReader();
        const read = [...pieces(Buffer.concat(frames.map(frameBytes)), lengths)].flatMap((piece) => [
          ...reader.receive(piece),
        ]);
        expect(read.map(({ kind, bytes }) => [kind, [...bytes]])).toEqual(
          frames.map(({ kind, bytes }) => [kind, [...bytes]]),
        );
      }),
    );
  });

  test('one that is announced as too long is refused before it comes', () => {
    const header = Buffer.alloc(5);
    header.writeUInt32BE(maximumFrameLength + 1, 1);
    expect(() => [...new FrameReader().receive(header)]).toThrow(String(maximumFrameLength + 1));
  });
});

describe('messages', () => {
  const text = (length: number): Uint8Array => Buffer.alloc(length, 'abc');

  test.each([0, 1, 32 * 1024, 32 * 1024 + 1, 1_000_000])(
    'one of %d bytes is put together again',
    (length) => {
      const assembler = new MessageAssembler(1_000_000);
      const assembled = [...toParts(text(length))].map((frame) => assembler.receive(frame));
      expect(assembled.at(-1)).toMatchObject({ is: 'message', isUrgent: false });
      expect(assembled.slice(0, -1).every((one) => one === undefined)).toBe(true);
    },
  );

  test('one that is too large is thrown away, and said to be', () => {
    const assembler = new MessageAssembler(100_000);
    const assembled = [...toParts(text(100_001))].map((frame) => assembler.receive(frame));
    expect(assembled.at(-1)).toEqual({ is: 'oversized', length: 100_001 });
  });

  test('one that breaks off is forgotten when the next begins', () => {
    const assembler = new MessageAssembler(100);
    assembler.receive({ kind: part.first, bytes: text(50) });
    const next = assembler.receive({ kind: part.first | part.last, bytes: text(3) });
    expect(next).toMatchObject({ is: 'message', bytes: text(3) });
  });

  test('an urgent one may stand between the parts of another', () => {
    const assembler = new MessageAssembler(100);
    assembler.receive({ kind: part.first, bytes: text(3) });
    const urgent = assembler.receive({ kind: part.urgent, bytes: text(6) });
    const whole = assembler.receive({ kind: part.last, bytes: text(3) });
    expect([urgent, whole]).toMatchObject([
      { isUrgent: true, bytes: text(6) },
      { isUrgent: false, bytes: new Uint8Array(text(6)) },
    ]);
  });

  test.each(['', '{', 'null', '[]', '{"is":5}', '{}'])('%j is no message', (json) => {
    expect(() => new ReceivedMessage(Buffer.from(json))).toThrow(
      expect.objectContaining({ code: 'ENGINE_PROTOCOL_ERROR' }),
    );
  });
});

describe('marks', () => {
  /** The pieces' bytes, and where in them which marks stood. */
  function scan(
    all: Uint8Array,
    lengths: readonly number[],
  ): { seen: number[]; marks: [at: number, run: number][] } {
    const scanner = new MarkScanner();
    scanner.expect(markPrefix('s'));
    const seen: number[] = [];
    const marks: [number, number][] = [];
    for (const piece of pieces(all, lengths))
      for (const scanned of scanner.receive(piece)) {
        if (scanned.is === 'bytes') seen.push(...scanned.bytes);
        else marks.push([seen.length, scanned.run]);
      }
    return { seen, marks };
  }

  test('they are found and taken out, however the bytes are cut', () => {
    const beginning = Buffer.from('\0done ');
    const anyBytes = fc
      .array(fc.oneof(fc.constantFrom(0, 100, 10), fc.constant([...beginning])))
      .map((parts) => parts.flat());
    fc.assert(
      fc.property(anyBytes, anyBytes, anyLengths, (before, between, lengths) => {
        const [one, two] = [Buffer.from(markOf('s', 7)), Buffer.from(markOf('s', 1_234_567_890))];
        const all = Buffer.concat([
          new Uint8Array(before),
          one,
          new Uint8Array(between),
          two,
          Buffer.from('x'),
        ]);
        expect(scan(all, lengths)).toEqual({
          seen: [...before, ...between, 120],
          marks: [
            [before.length, 7],
            [before.length + between.length, 1_234_567_890],
          ],
        });
      }),
    );
  });

  test("another engine's mark is given out", () => {
    const text = `${markOf('t', 1)}x`;
    expect(Buffer.from(scan(Buffer.from(text), [3]).seen).toString()).toBe(text);
  });
});

describe('lines', () => {
  test('however the text is cut, the same lines come out', () => {
    const anyText = fc.array(fc.constantFrom('a', 'b', '\n', '\r', '\r\n')).map((parts) => parts.join(''));
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 5 }), (text, length) => {
        const whole = new LineSplitter();
        const cut = new LineSplitter();
        const lines: string[] = [];
        for (let at = 0; at < text.length; at += length) lines.push(...cut.push(text.slice(at, at + length)));
        expect([...lines, cut.flush()]).toEqual([...whole.push(text), whole.flush()]);
      }),
    );
  });
});

describe('values', () => {
  test('every value is the same after its travel as JSON', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(fromWire(JSON.parse(JSON.stringify(toWire(value))))).toEqual(value);
      }),
    );
  });

  test.each([
    undefined,
    1.5,
    2 ** 31,
    {},
    { t: 5 },
    { t: 'no such' },
    { t: 'int8', v: 128 },
    { t: 'int64', v: '9223372036854775808' },
    { t: 'int64', v: '1e3' },
    { t: 'double', v: 'one' },
    { t: 'bytes', v: 5 },
    { t: 'list', v: 'abc' },
    { t: 'dictionary', v: [5] },
    { t: 'object', n: [5] },
    { t: 'object', n: [], e: [['name']] },
    { t: 'enum', n: [], s: 'a', b: 'b' },
    { t: 'reference', v: -1 },
  ])('%j is none', (wire) => {
    expect(() => fromWire(wire)).toThrow(expect.objectContaining({ code: 'ENGINE_PROTOCOL_ERROR' }));
  });

  test('one nested too deep is none, and harms nothing', () => {
    const deep: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
    expect(() => fromWire(deep)).toThrow(expect.objectContaining({ code: 'ENGINE_PROTOCOL_ERROR' }));
  });
});
