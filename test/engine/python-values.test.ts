import type { Value } from '../../src/core/value';
import type { Engine } from '../../src/engine/engine';
import { openEngine } from '../support/python-engine';
import { describeWith } from '../support/requirements';
import { recordsOf, run } from '../support/script-engine';

let engine: Engine;

beforeAll(async () => {
  engine = await openEngine();
  await run(
    engine,
    `
import array, collections, dataclasses, datetime, decimal, enum, fractions, os, pathlib, time, types, typing, uuid
from datetime import timedelta, timezone
def identity(value): return value
@dataclasses.dataclass
class Point:
    x: int
    y: float = 0.5
class Plain:
    def __init__(self, **own): self.__dict__.update(own)
class Slots:
    __slots__ = ('a', 'unset', '_hidden')
    def __init__(self): self.a = 1
class Colour(enum.Enum): RED = 1; BLUE = 2
class Named(enum.Enum): A = 'a'
class Perm(enum.IntFlag): R = 4; W = 2; X = 1
Pair = collections.namedtuple('Pair', 'left right')
class OwnList(list): pass
class OwnDict(dict):
    def __init__(self, *rest): super().__init__(*rest); self.extra = 1
class Number:
    dtype = 'int64'
    def tolist(self): return [1, 2]
Number.__module__ = 'numpy'
`,
  );
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
const double = (value: number): Value => ({ type: 'double', value });
const list = (...items: Value[]): Value => ({ type: 'list', items });
interface ObjectParts {
  readonly text?: string;
  readonly base?: Value;
  readonly properties?: Record<string, Value>;
}
const object = (typeNames: string[], { properties = {}, ...parts }: ObjectParts): Value => ({
  type: 'object',
  typeNames,
  ...parts,
  adapted: [],
  extended: Object.entries(properties).map(([name, value]) => ({ name, value })),
});

describeWith('python3', 'P61 the value of the last expression', () => {
  test.each<[string, string, Value]>([
    ['True', 'True', { type: 'bool', value: true }],
    ['the largest int32', '2**31 - 1', int(2 ** 31 - 1)],
    ['a larger integer', '2**31', { type: 'int64', value: 2n ** 31n }],
    ['the least int64', '-2**63', { type: 'int64', value: -(2n ** 63n) }],
    ['a still larger one', '2**63', { type: 'bigInteger', value: 2n ** 63n }],
    ['one of 9000 digits', '-(10**9000 - 7)', { type: 'bigInteger', value: -(10n ** 9000n - 7n) }],
    ['one of 20 000 digits', '10**20000', object(['int', 'object'], { text: `1${'0'.repeat(20_000)}` })],
    ['a fraction', '1.5', double(1.5)],
    ['a whole float', '3.0', double(3)],
    ['minus zero', '-0.0', double(-0)],
    ['no number', 'float("nan")', double(NaN)],
    ['infinity', 'float("-inf")', double(-Infinity)],
    ['a tiny float', '5e-324', double(5e-324)],
    ['a text with a lone surrogate and NUL', String.raw`'\ud800\0é😀'`, text('\ud800\0é😀')],
    ['bytes', 'b"\\x01\\xff"', { type: 'bytes', value: new Uint8Array([1, 255]) }],
    ['a bytearray', 'bytearray(2)', { type: 'bytes', value: new Uint8Array(2) }],
    ['a memoryview', 'memoryview(b"abcd")[::2]', { type: 'bytes', value: new Uint8Array([97, 99]) }],
    [
      'a naive datetime',
      'datetime.datetime(2024, 2, 3, 4, 5, 6, 120000)',
      { type: 'dateTime', text: '2024-02-03T04:05:06.12' },
    ],
    [
      'an aware datetime',
      'datetime.datetime(99, 2, 3, tzinfo=timezone.utc)',
      { type: 'dateTime', text: '0099-02-03T00:00:00Z' },
    ],
    [
      'one with an offset',
      'datetime.datetime(2024, 2, 3, tzinfo=timezone(-timedelta(hours=3, minutes=30)))',
      { type: 'dateTime', text: '2024-02-03T00:00:00-03:30' },
    ],
    [
      'a date',
      'datetime.date(2024, 2, 3)',
      object(['datetime.date', 'object'], {
        text: '2024-02-03',
        base: { type: 'dateTime', text: '2024-02-03T00:00:00' },
      }),
    ],
    [
      'a time',
      'datetime.time(1, 2, 3, 5)',
      object(['datetime.time', 'object'], {
        text: '01:02:03.000005',
        base: { type: 'duration', ticks: 37_230_000_050n },
      }),
    ],
    ['a timedelta', 'timedelta(days=-1, microseconds=1)', { type: 'duration', ticks: -863_999_999_990n }],
    [
      'the largest timedelta',
      'timedelta.max',
      object(['datetime.timedelta', 'object'], { text: '999999999 days, 23:59:59.999999' }),
    ],
    ['a decimal', 'decimal.Decimal("-1.10")', { type: 'decimal', text: '-1.10' }],
    ['a decimal with an exponent', 'decimal.Decimal("1E+3")', { type: 'decimal', text: '1000' }],
    [
      'a decimal that .NET has not',
      'decimal.Decimal("1E+40")',
      object(['decimal.Decimal', 'object'], { text: '1E+40' }),
    ],
    [
      'a decimal that is none',
      'decimal.Decimal("NaN")',
      object(['decimal.Decimal', 'object'], { text: 'NaN' }),
    ],
    ['a UUID', 'uuid.UUID(int=1)', { type: 'guid', text: '00000000-0000-0000-0000-000000000001' }],
    [
      'an enum',
      'Colour.BLUE',
      {
        type: 'enum',
        typeNames: ['Colour', 'enum.Enum', 'System.Enum', 'System.ValueType', 'System.Object'],
        text: 'BLUE',
        value: { type: 'int32', value: 2 },
      },
    ],
    [
      'an enum of texts',
      'Named.A',
      object(['Named', 'enum.Enum', 'object'], {
        text: 'A',
        properties: { name: text('A'), value: text('a') },
      }),
    ],
    ['a list', '[1, "a", None]', list(int(1), text('a'), { type: 'null' })],
    ['a tuple', '(1, (), ())', list(int(1), list(), list())],
    ['a range', 'range(1, 6, 2)', list(int(1), int(3), int(5))],
    ['an array', 'array.array("h", [1, 2])', list(int(1), int(2))],
    ["a dict's keys", '{1: 2}.keys()', list(int(1))],
    ["a dict's items", '{1: 2}.items()', list(list(int(1), int(2)))],
    ['a set', '{1}', { type: 'set', items: [int(1)] }],
    ['a frozenset', 'frozenset([1])', { type: 'set', items: [int(1)] }],
    ['a deque', 'collections.deque([1, 2])', { type: 'queue', items: [int(1), int(2)] }],
    [
      'a dict',
      '{"a": 1, 2: "b", (3,): 4.5}',
      {
        type: 'dictionary',
        entries: [
          [text('a'), int(1)],
          [int(2), text('b')],
          [list(int(3)), double(4.5)],
        ],
      },
    ],
    [
      'a dict with None as a key',
      '{None: 1}',
      { type: 'dictionary', entries: [[object(['NoneType', 'object'], { text: 'None' }), int(1)]] },
    ],
    [
      'an OrderedDict',
      'collections.OrderedDict(b=1, a=2)',
      {
        type: 'dictionary',
        entries: [
          [text('b'), int(1)],
          [text('a'), int(2)],
        ],
      },
    ],
    [
      'a Counter',
      'collections.Counter("aab")',
      {
        type: 'dictionary',
        entries: [
          [text('a'), int(2)],
          [text('b'), int(1)],
        ],
      },
    ],
    [
      'a namedtuple',
      'Pair(1, "b")',
      object(['Pair', 'tuple', 'object'], {
        text: "Pair(left=1, right='b')",
        properties: { left: int(1), right: text('b') },
      }),
    ],
    [
      'a list of a class of its own',
      'OwnList([1])',
      object(['OwnList', 'list', 'object'], { base: list(int(1)) }),
    ],
    [
      'a dict of a class of its own',
      'OwnDict({"a": 1})',
      object(['OwnDict', 'dict', 'object'], {
        base: { type: 'dictionary', entries: [[text('a'), int(1)]] },
        properties: { extra: int(1) },
      }),
    ],
    [
      'a dataclass',
      'Point(1)',
      object(['Point', 'object'], { text: 'Point(x=1, y=0.5)', properties: { x: int(1), y: double(0.5) } }),
    ],
    [
      'an object',
      'Plain(a=1, _b=2, c=[Plain()], f=len, g=lambda: 1)',
      object(['Plain', 'object'], {
        properties: {
          a: int(1),
          c: list(
            object(['Plain', 'object'], { text: expect.stringContaining('Plain object at') as string }),
          ),
        },
      }),
    ],
    ['an object with slots', 'Slots()', object(['Slots', 'object'], { properties: { a: int(1) } })],
    [
      'a path',
      'pathlib.PurePosixPath("/a/b")',
      {
        ...object([], { text: '/a/b', base: text('/a/b') }),
        typeNames: expect.arrayContaining([
          expect.stringMatching(/^pathlib.*PurePosixPath$/),
          'object',
        ]) as string[],
      } as Value,
    ],
    [
      'a complex number',
      '1+2j',
      object(['complex', 'object'], { text: '(1+2j)', properties: { real: double(1), imag: double(2) } }),
    ],
    ['a class', 'Point', object(['type', 'object'], { text: 'Point' })],
    [
      'a function',
      'identity',
      object(['function', 'object'], { text: expect.stringContaining('<function identity') as string }),
    ],
    [
      'a generator, which goes on afterwards',
      'gen = (n for n in range(3)); gen',
      object(['generator', 'object'], { text: expect.stringContaining('<generator') as string }),
    ],
    ['what a numeric library has', '[Number()]', list(list(int(1), int(2)))],
    ['a subclass of str', 'type("S", (str,), {})("a")', text('a')],
    [
      'a huge range',
      'range(10**12)',
      object(['range', 'object'], {
        text: 'range(0, 1000000000000)',
        properties: { start: int(0), stop: { type: 'int64', value: 10n ** 12n }, step: int(1) },
      }),
    ],
  ])('P61 %s', async (_, script, expected) => {
    expect(await valueOf(script)).toEqual(expected);
  });

  test('P61 flags have the names of all that is in them', async () => {
    expect(await valueOf('Perm.R | Perm.X')).toMatchObject({ type: 'enum', text: 'R, X', value: int(5) });
  });

  test('P61 an iterator is not consumed', async () => {
    await run(engine, 'counting = iter([1, 2]); [counting]');
    expect(await valueOf('next(counting)')).toEqual(int(1));
  });

  test('P61 a status of a file has its fields', async () => {
    expect(await valueOf('os.stat("/")')).toMatchObject({
      typeNames: ['os.stat_result', 'tuple', 'object'],
      extended: expect.arrayContaining([expect.objectContaining({ name: 'st_mode' })]) as unknown,
    });
  });

  test('P61 an error has its message, its arguments and what led to it', async () => {
    expect(
      await valueOf('try:\n  open("/nowhere/x")\nexcept OSError as error:\n  kept = error\nkept'),
    ).toMatchObject({
      typeNames: ['FileNotFoundError', 'OSError', 'Exception', 'BaseException', 'object'],
      text: "[Errno 2] No such file or directory: '/nowhere/x'",
      extended: expect.arrayContaining([
        { name: 'errno', value: int(2) },
        { name: 'filename', value: text('/nowhere/x') },
      ]) as unknown,
    });
  });

  test('P61 an object met again is a reference to its first place', async () => {
    expect(
      await valueOf('shared = [1]; ring = {"shared": shared, "again": shared}; ring["ring"] = ring; ring'),
    ).toEqual({
      type: 'dictionary',
      referenceId: 2,
      entries: [
        [text('shared'), { type: 'list', items: [int(1)], referenceId: 1 }],
        [text('again'), { type: 'reference', referenceId: 1 }],
        [text('ring'), { type: 'reference', referenceId: 2 }],
      ],
    });
  });

  test('P61 beyond a depth of 48 there is text', async () => {
    let inner = await valueOf('deep = 1\nfor level in range(100): deep = [deep]\ndeep');
    let depth = 0;
    for (; inner?.type === 'list'; depth += 1) inner = inner.items[0];
    expect([depth, inner]).toEqual([48, text('[[[...]]]')]);
  });

  test.each([
    [
      'an object whose everything throws',
      'class Bad:\n  def __getattribute__(self, name): raise OSError\n  def __repr__(self): raise OSError\nBad()',
    ],
    ['an object that lies about its class', 'class Liar:\n  __class__ = dict\nLiar()'],
    ['a mock', 'from unittest import mock; mock.MagicMock()'],
    [
      'a mapping that fails',
      'class M(collections.abc.Mapping):\n  def __getitem__(self, k): raise OSError\n  def __iter__(self): return iter([1])\n  def __len__(self): return 1\nM()',
    ],
    ['a class with an odd name', 'type("", (), {"__module__": None, "__qualname__": "q"})()'],
    ['a module', 'os'],
    ['the interpreter', 'import sys; sys'],
    ['a coroutine', 'async def f(): pass\nf()'],
    ['a pattern', 'import re; re.compile("a")'],
    ['an open file', 'open("/dev/null")'],
    ['a thread', 'import threading; threading.current_thread()'],
    ['a weak reference', 'import weakref; weakref.ref(Plain())'],
    ['a proxy', 'import types; types.SimpleNamespace(a=1)'],
    ['pipeline_input', 'pipeline_input'],
  ])('%s is shown somehow, and harms nothing', async (_, script) => {
    expect(await valueOf(script)).toMatchObject({
      type: expect.stringMatching(/object|dictionary/) as unknown,
    });
    expect(await run(engine, '1')).toEqual(['out 1', 'completed']);
  });

  test('a text of 20 MB and as many bytes arrive whole', async () => {
    const value = await valueOf('["é" * 10_000_000, b"\\1" * 20_000_000]');
    const [long, bytes] = value?.type === 'list' ? value.items : [];
    expect(long?.type === 'string' && long.value === 'é'.repeat(10e6)).toBe(true);
    expect(bytes?.type === 'bytes' && bytes.value.length).toBe(20e6);
  });
});

describeWith('python3', 'P10 arguments', () => {
  test.each<[string, Value, string]>([
    ['null', { type: 'null' }, 'None'],
    ['a byte', { type: 'uint8', value: 255 }, '255'],
    ['an int64', { type: 'int64', value: -(2n ** 63n) }, '-2**63'],
    ['an integer of 9000 digits', { type: 'bigInteger', value: -(10n ** 9000n + 1n) }, '-(10**9000 + 1)'],
    ['a double', double(0.1), '0.1'],
    ['a double that is whole', double(2), '2.0'],
    ['infinity', double(-Infinity), 'float("-inf")'],
    ['a decimal', { type: 'decimal', text: '1.10' }, 'decimal.Decimal("1.10")'],
    ['a char', { type: 'char', code: 233 }, '"é"'],
    ['a text', text('\ud800\0é😀'), String.raw`'\ud800\0é😀'`],
    ['bytes', { type: 'bytes', value: new Uint8Array([0, 255]) }, 'b"\\x00\\xff"'],
    [
      'a dateTime',
      { type: 'dateTime', text: '2024-02-03T04:05:06.1234567' },
      'datetime.datetime(2024, 2, 3, 4, 5, 6, 123456)',
    ],
    [
      'one in UTC',
      { type: 'dateTime', text: '0001-02-03T04:05:06Z' },
      'datetime.datetime(1, 2, 3, 4, 5, 6, tzinfo=timezone.utc)',
    ],
    [
      'one with an offset',
      { type: 'dateTime', text: '2024-02-03T04:05:06-03:30' },
      'datetime.datetime(2024, 2, 3, 4, 5, 6, tzinfo=timezone(-timedelta(hours=3, minutes=30)))',
    ],
    ['a duration', { type: 'duration', ticks: -15n }, 'timedelta(microseconds=-2)'],
    ['a guid', { type: 'guid', text: '00000000-0000-0000-0000-000000000001' }, 'uuid.UUID(int=1)'],
    ['a version', { type: 'version', text: '1.2' }, '"1.2"'],
    ['a list', list(int(1), list()), '[1, []]'],
    ['a queue', { type: 'queue', items: [int(1)] }, 'collections.deque([1])'],
    ['a set', { type: 'set', items: [int(1), int(1)] }, '{1}'],
    ['a dictionary', { type: 'dictionary', entries: [[list(int(1)), text('a')]] }, '{(1,): "a"}'],
    [
      'an enum',
      { type: 'enum', typeNames: ['X', 'System.Enum'], text: 'Red', value: { type: 'int32', value: 1 } },
      '"Red"',
    ],
    [
      'an object',
      object(['Thing'], { text: 'thing', properties: { A: int(1) } }),
      'types.SimpleNamespace(A=1)',
    ],
    ['an object with a base', object(['X'], { base: int(3) }), '3'],
  ])('P10 %s', async (_, value, expected) => {
    const script = `expected = ${expected}; (type(args[0]) is type(expected) and args[0] == expected) or repr(args)`;
    expect(await run(engine, script, { arguments: [{ value }] })).toEqual(['out true', 'completed']);
  });

  test('P10 no number is no number, and a ring is a ring', async () => {
    expect(await run(engine, 'args[0] != args[0]', { arguments: [{ value: double(NaN) }] })).toEqual([
      'out true',
      'completed',
    ]);
    const ring: Value = { type: 'list', items: [{ type: 'reference', referenceId: 7 }], referenceId: 7 };
    expect(await run(engine, 'args[0][0] is args[0]', { arguments: [{ value: ring }] })).toEqual([
      'out true',
      'completed',
    ]);
  });

  test('P10 a secure string is refused', async () => {
    expect(
      await run(engine, '1', { arguments: [{ value: { type: 'secureString', sealed: 'AA==' } }] }),
    ).toEqual([expect.stringMatching(/^error a secure string can not/), 'failed SCRIPT_FAILED']);
  });

  test.each([
    'None',
    '-(10**9000)',
    '10**12345',
    '[1.5, -0.0, float("inf")]',
    '{"a": {1, 2}, 3: b"x"}',
    'datetime.datetime(2024, 2, 3, 4, 5, 6, 7, tzinfo=timezone.utc)',
    'datetime.date(2024, 2, 3)',
    'datetime.time(4, 5, 6, 7)',
    'timedelta(days=3, microseconds=7)',
    'decimal.Decimal("1E+40")',
    'fractions.Fraction(1, 3)',
    '1+2j',
    'collections.deque([1, [2]])',
    'uuid.UUID(int=5)',
  ])('P10 %s comes back as what it was', async (script) => {
    const value = await valueOf(`[${script}]`);
    const shown = await run(
      engine,
      `expected = [${script}]; (args == [expected] and type(args[0][0]) is type(expected[0])) or repr(args)`,
      {
        arguments: [{ value: value ?? { type: 'null' } }],
      },
    );
    expect(shown).toEqual(['out true', 'completed']);
  });
});

describeWith('python3', 'P53 an object larger than the limit', () => {
  const limit = 1_000_000;
  let limited: Engine;

  beforeAll(async () => {
    limited = await openEngine({ maximumReceivedObjectSize: limit });
  });

  afterAll(async () => {
    await limited[Symbol.asyncDispose]();
  });

  test.each([
    ['a text', '"x" * 2_000_000'],
    ['bytes', 'bytes(2_000_000)'],
    ['many small things', 'list(range(1_000_000))'],
    ['an integer', '1 << 10**8'],
    [
      'one without end',
      'import collections.abc\nclass Endless(collections.abc.Mapping):\n  def __iter__(self): return iter("ab")\n  def __len__(self): return 2\n  def __getitem__(self, key): return Endless()\nEndless()',
    ],
    ['a line', 'print("x" * 2_000_000)'],
    ['a line without end', 'while True: print("x" * 100_000, end="")'],
    ['a line without end of a native program', 'import subprocess; subprocess.run(["cat", "/dev/zero"])'],
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
