import type { Value } from '../../src/core/value';
import type { Engine } from '../../src/engine/engine';
import { openEngine } from '../support/javascript-engine';
import { recordsOf, run } from '../support/script-engine';

let engine: Engine;

beforeAll(async () => {
  engine = await openEngine();
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

async function valueOf(script: string): Promise<Value | undefined> {
  const [record] = await recordsOf(engine, script);
  return record?.stream === 'output' ? record.value : undefined;
}

const int = (value: number): Value => ({ type: 'int32', value });
const text = (value: string): Value => ({ type: 'string', value });
const object = (typeNames: string[], properties: Record<string, Value>, shown?: string): Value => ({
  type: 'object',
  typeNames,
  ...(shown === undefined ? {} : { text: shown }),
  adapted: [],
  extended: Object.entries(properties).map(([name, value]) => ({ name, value })),
});

describe('P61 the value of the last expression', () => {
  test.each<[string, string, Value]>([
    ['true', 'true', { type: 'bool', value: true }],
    ['the largest int32', '2147483647', int(2_147_483_647)],
    ['a larger integer', '2147483648', { type: 'int64', value: 2_147_483_648n }],
    ['a fraction', '1.5', { type: 'double', value: 1.5 }],
    ['minus zero', '-0', { type: 'double', value: -0 }],
    ['no number', 'NaN', { type: 'double', value: NaN }],
    ['infinity', '-Infinity', { type: 'double', value: -Infinity }],
    ['an integer beyond the safe ones', '2 ** 60', { type: 'double', value: 2 ** 60 }],
    ['a bigint', '-(2n ** 63n)', { type: 'int64', value: -(2n ** 63n) }],
    ['a larger bigint', '2n ** 63n', { type: 'bigInteger', value: 2n ** 63n }],
    ['a text with a lone surrogate and NUL', String.raw`'\ud800\0é'`, text('\ud800\0é')],
    ['a date', 'new Date(0)', { type: 'dateTime', text: '1970-01-01T00:00:00Z' }],
    ['a date with milliseconds', 'new Date(120)', { type: 'dateTime', text: '1970-01-01T00:00:00.12Z' }],
    ['a date that is none', 'new Date(NaN)', object(['Date', 'Object'], {}, 'Invalid Date')],
    ['a regular expression', '/a/g', object(['RegExp', 'Object'], {}, '/a/g')],
    ['a function', 'function f() {} f', object(['Function', 'Object'], {}, '[Function: f]')],
    ['a symbol', 'Symbol("s")', object(['Symbol'], {}, 'Symbol(s)')],
    [
      'a list with a hole',
      '[1, , undefined]',
      { type: 'list', items: [int(1), { type: 'null' }, { type: 'null' }] },
    ],
    ['numbers of a typed array', 'new Int16Array([1, 2])', { type: 'list', items: [int(1), int(2)] }],
    ['bytes', 'Buffer.from([1, 255])', { type: 'bytes', value: new Uint8Array([1, 255]) }],
    ['bytes of an ArrayBuffer', 'new ArrayBuffer(2)', { type: 'bytes', value: new Uint8Array(2) }],
    ['a map', 'new Map([[1, "a"]])', { type: 'dictionary', entries: [[int(1), text('a')]] }],
    ['a set', 'new Set([1])', { type: 'set', items: [int(1)] }],
    ['a URL', 'new URL("http://a/b")', { type: 'uri', text: 'http://a/b' }],
    ['a boxed number', 'new Number(4)', int(4)],
    ['what a promise gives', 'Promise.resolve(4)', int(4)],
    [
      'an object',
      '({ a: 1, b: { c: "x" } })',
      object(['Object'], { a: int(1), b: object(['Object'], { c: text('x') }) }),
    ],
    ['an object literal alone', '{ a: 1 }', object(['Object'], { a: int(1) })],
    ['an object without a prototype', 'Object.create(null)', object(['Object'], {})],
    [
      'an object of a class',
      'class A { x = 1 } class B extends A { toString() { return "b" } } new B()',
      object(['B', 'A', 'Object'], { x: int(1) }, 'b'),
    ],
    [
      'an object without what JSON leaves out',
      '({ f() {}, u: undefined, s: Symbol(), n: null })',
      object(['Object'], { n: { type: 'null' } }),
    ],
    [
      'an object without the getter that throws',
      '({ get bad() { throw 1 }, get good() { return 2 } })',
      object(['Object'], { good: int(2) }),
    ],
    [
      'a property called __proto__',
      'JSON.parse(\'{"__proto__": 1}\')',
      object(['Object'], { ['__proto__']: int(1) }),
    ],
    ['a proxy', 'new Proxy({ a: 1 }, {})', object(['Object'], { a: int(1) })],
  ])('P61 %s', async (_, script, expected) => {
    expect(await valueOf(script)).toEqual(expected);
  });

  test('P61 an error has its message, its stack and what else it carries', async () => {
    const value = await valueOf('Object.assign(new RangeError("far"), { code: "E_FAR" })');
    expect(value).toMatchObject({
      typeNames: ['RangeError', 'Error', 'Object'],
      text: 'RangeError: far',
      extended: expect.arrayContaining([
        { name: 'message', value: text('far') },
        { name: 'code', value: text('E_FAR') },
      ]) as unknown,
    });
  });

  test('P61 an object met again is a reference to its first place', async () => {
    expect(
      await valueOf('const shared = [1]; const ring = { shared, again: shared }; ring.ring = ring; ring'),
    ).toEqual({
      ...object(['Object'], {
        shared: { type: 'list', items: [int(1)], referenceId: 1 },
        again: { type: 'reference', referenceId: 1 },
        ring: { type: 'reference', referenceId: 2 },
      }),
      referenceId: 2,
    });
  });

  test('P61 beyond a depth of 48 there is text', async () => {
    const value = await valueOf(
      'let deep = 1; for (let level = 0; level < 100; level += 1) deep = [deep]; deep',
    );
    let depth = 0;
    let inner = value;
    while (inner?.type === 'list') {
      depth += 1;
      inner = inner.items[0];
    }
    expect([depth, inner]).toEqual([48, text('[ [Array] ]')]);
  });

  test.each([
    ['a revoked proxy', 'const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); proxy'],
    ['a proxy that always throws', 'new Proxy({}, { ownKeys() { throw 1 }, getPrototypeOf() { throw 1 } })'],
    ['a class with an odd name', 'new (class { static name = 5 })()'],
    ['a generator', '(function* () {})()'],
    ['the module', 'await import("node:path")'],
    ['the process', 'process'],
    ['the global object', 'globalThis'],
  ])('%s is shown somehow, and harms nothing', async (_, script) => {
    expect(await valueOf(script)).toMatchObject({ type: 'object' });
    expect(await run(engine, '1')).toEqual(['out 1', 'completed']);
  });

  test('a text of 20 MB and as many bytes arrive whole', async () => {
    const value = await valueOf('["é".repeat(10e6), Buffer.alloc(20e6, 1)]');
    const [long, bytes] = value?.type === 'list' ? value.items : [];
    expect(long?.type === 'string' && long.value === 'é'.repeat(10e6)).toBe(true);
    expect(bytes?.type === 'bytes' && bytes.value.length).toBe(20e6);
  });
});

describe('P53 an object larger than the limit', () => {
  const limit = 1_000_000;
  let limited: Engine;

  beforeAll(async () => {
    limited = await openEngine({ maximumReceivedObjectSize: limit });
  });

  afterAll(async () => {
    await limited[Symbol.asyncDispose]();
  });

  test.each([
    ['a text', '"x".repeat(2e6)'],
    ['bytes', 'Buffer.alloc(2e6)'],
    ['many small things', 'Array.from({ length: 1e6 }, (_, index) => index)'],
    [
      'one without end',
      'const endless = () => new Proxy({}, { ownKeys: () => ["a", "b"], get: endless, getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) }); endless()',
    ],
    ['a line of the console', 'console.log("x".repeat(2e6))'],
    ['a line without end', 'for (;;) process.stdout.write("x".repeat(1e5))'],
    [
      'a line without end of a native program',
      'require("child_process").execSync("cat /dev/zero", { stdio: "inherit" })',
    ],
  ])('P53 %s fails its command, and the next one prints 1', async (_, script) => {
    const records = await recordsOf(limited, script);
    expect(records).toMatchObject([
      { stream: 'error', fullyQualifiedErrorId: 'OBJECT_TOO_LARGE' },
      {
        stream: 'final',
        state: 'failed',
        reason: { code: 'OBJECT_TOO_LARGE', facts: { limit: String(limit) } },
      },
    ]);
    expect(await run(limited, '1')).toEqual(['out 1', 'completed']);
  });
});
