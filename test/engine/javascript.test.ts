import { mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Value } from '../../src/core/value';
import type { Engine } from '../../src/engine/engine';
import { openEngine } from '../support/javascript-engine';
import { items, NoticeList, recordsOf, run } from '../support/script-engine';

let engine: Engine;
const notices = new NoticeList();

beforeAll(async () => {
  engine = await openEngine({ onNotice: notices.add });
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

describe('an open engine', () => {
  test('tells what it is', () => {
    expect(engine.info).toMatchObject({ engine: 'javascript', version: process.version });
    expect(engine.info.runspaceId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(engine.info.processId).toBeGreaterThan(1);
  });

  test('runs one command at a time', async () => {
    const first = recordsOf(engine, 'await new Promise((resolve) => setTimeout(resolve, 50))');
    await expect(recordsOf(engine, '1')).rejects.toMatchObject({ code: 'SESSION_BUSY' });
    await first;
  });
});

describe('P30 what a command leaves behind', () => {
  test('P30 variables, functions and classes are kept, and may be declared again', async () => {
    await run(
      engine,
      'let a = 1; const b = 2; var c = 3; function f() { return a + b + c } class K { x = 4 }',
    );
    await run(engine, 'let a = 10; const b = 20');
    expect(await run(engine, 'f() + new K().x')).toEqual(['out 37', 'completed']);
  });

  test('P30 what await gave at the top is kept', async () => {
    await run(engine, 'const waited = await new Promise((resolve) => setTimeout(() => resolve(5), 5))');
    expect(await run(engine, 'waited')).toEqual(['out 5', 'completed']);
  });

  test('P30 imported modules are kept', async () => {
    await run(
      engine,
      "import { sep, join as glue } from 'node:path'; import * as os from 'os'; import fs from 'fs'",
    );
    expect(await run(engine, 'glue("a", "b") + sep + typeof os.cpus + typeof fs.statSync')).toEqual([
      'out "a/b/functionfunction"',
      'completed',
    ]);
  });

  test('P30 the current directory and the environment are kept', async () => {
    await run(engine, 'process.chdir("/"); process.env.KEPT = "yes"');
    const shown = await run(
      engine,
      'process.cwd() + require("child_process").execSync("echo $KEPT; pwd", { encoding: "utf8" })',
    );
    expect(shown).toEqual([String.raw`out "/yes\n/\n"`, 'completed']);
  });

  test('P30 process.exit ends the command with its code and keeps the session', async () => {
    await run(engine, 'let stays = 7');
    expect(await run(engine, 'try { process.exit(3) } finally { console.log("never") }')).toEqual([
      'completed 3',
    ]);
    expect(await run(engine, 'stays')).toEqual(['out 7', 'completed']);
  });

  test.each([
    ['after an await', 'await null; process.exit(4)', 'completed 4'],
    ['from a timer', 'setTimeout(() => process.exit(5), 1); await new Promise(() => {})', 'completed 5'],
    ['without a code', 'process.exit()', 'completed 0'],
    ['by its short name', 'exit(6)', 'completed 6'],
  ])('P30 process.exit %s', async (_, script, expected) => {
    expect(await run(engine, script)).toEqual([expected]);
  });

  test('process.exitCode alone changes nothing', async () => {
    expect(await run(engine, 'process.exitCode = 9; 1')).toEqual(['out 1', 'completed']);
    expect(await run(engine, 'process.exit()')).toEqual(['completed 0']);
  });

  test('modules are found from the current directory', async () => {
    const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'modules-')));
    writeFileSync(path.join(folder, 'one.cjs'), 'module.exports = __filename');
    writeFileSync(path.join(folder, 'two.mjs'), 'export default import.meta.url');
    await run(engine, `process.chdir(${JSON.stringify(folder)})`);
    expect(await run(engine, '[require("./one.cjs"), (await import("./two.mjs")).default]')).toEqual([
      expect.stringContaining(`"${folder}/one.cjs"}`),
      'completed',
    ]);
  });
});

describe('P01 a scope of its own', () => {
  test.each([
    ['let', 'let own = 1; own + 1', 'out 2'],
    ['var and function', 'var own = 1; function owned() { return own } owned() + 2', 'out 3'],
    ['import', 'import own from "fs"; var owned = typeof own; owned', 'out "object"'],
    ['an awaited value', 'const own = await 4; own', 'out 4'],
    ['a block', 'if (true) { 5 }', 'out 5'],
  ])('P01 keeps what %s declares to itself and gives the last value', async (_, script, expected) => {
    expect(await run(engine, script, { newScope: true })).toEqual([expected, 'completed']);
    expect(await run(engine, 'typeof own + typeof owned')).toEqual(['out "undefinedundefined"', 'completed']);
  });
});

describe('P60 streams', () => {
  test('P60 what a command writes arrives typed and in the order of writing', async () => {
    const script = `
      console.log('one'); console.error('two'); console.warn('three'); console.debug('four'); console.info('five');
      process.stderr.write('six\\n'); process.stdout.write('seven'); console.trace('eight'); 'nine'`;
    expect(await run(engine, script)).toEqual([
      'line "one"',
      'err two',
      'warning three',
      'debug four',
      'line "five"',
      'err six',
      'line "seven"',
      expect.stringMatching(/^verbose Trace: eight\n {4}at command-\d+:3:\d+$/),
      'out "nine"',
      'completed',
    ]);
  });

  test('P60 standard output is tagged, standard error is information with its tag', async () => {
    const records = await recordsOf(engine, 'console.log("o"); console.error("e")');
    expect(records.slice(0, 2)).toEqual([
      { stream: 'output', value: { type: 'string', value: 'o' }, tag: 'stdout' },
      { stream: 'information', value: { type: 'string', value: 'e' }, message: 'e', tags: ['stderr'] },
    ]);
  });

  test('P60 a native program writes to the same streams, all of it before the end', async () => {
    const script = `require('child_process').execSync('seq 1 20000; echo oops >&2; printf part', { stdio: 'inherit' }), undefined`;
    const shown = await run(engine, script);
    expect(shown.filter((text) => text.startsWith('line'))).toEqual([
      ...Array.from({ length: 20_000 }, (_, index) => `line "${index + 1}"`),
      'line "part"',
    ]);
    expect(shown).toContain('err oops');
    expect(shown.at(-1)).toBe('completed');
  });

  test('P60 text is cut into lines; what console.warn was given stays one', async () => {
    const script = String.raw`console.log('a\nb'); console.warn('c\nd'); console.group('g'); console.log('in'); console.groupEnd()`;
    expect(await run(engine, script)).toEqual([
      'line "a"',
      'line "b"',
      'warning c\nd',
      'line "g"',
      'line "  in"',
      'completed',
    ]);
  });

  test('a character that is written in two halves is one', async () => {
    const script = 'for (const byte of [0xe2, 0x82, 0xac]) process.stdout.write(Buffer.from([byte])); null';
    expect(await run(engine, script)).toEqual(['line "€"', 'out {"type":"null"}', 'completed']);
  });

  test('a hundred thousand lines arrive once each, in order', async () => {
    const shown = await run(engine, 'for (let line = 0; line < 100_000; line += 1) console.log(line)');
    expect(shown).toEqual([...Array.from({ length: 100_000 }, (_, line) => `line "${line}"`), 'completed']);
  });

  test('code that closed its standard output still ends', async () => {
    await using other = await openEngine();
    await run(other, 'fs.closeSync(1); fs.openSync("/dev/null", "w"); fs.closeSync(2)');
    expect(await run(other, 'console.log(1)')).toEqual(['line "1"', 'completed']);
  });

  test('what background work writes is no part of a later command', async () => {
    await run(
      engine,
      'setTimeout(() => console.log("tick"), 20); setTimeout(() => { throw new Error("late") }, 30)',
    );
    const later = await run(engine, 'await new Promise((resolve) => setTimeout(resolve, 60)); 1');
    expect(later).toEqual(['out 1', 'completed']);
    expect(await notices.take(2)).toEqual(['line "tick"', 'error late']);
  });

  test('an exception in background work between commands is told, and harms nothing', async () => {
    await run(engine, 'setTimeout(() => Promise.reject(new Error("unhandled")), 1)');
    expect(await notices.take(1)).toEqual(['error unhandled']);
    expect(await run(engine, '1')).toEqual(['out 1', 'completed']);
  });
});

describe('P68 null and empty', () => {
  test.each([
    ['null is one null record', 'null', ['out {"type":"null"}', 'completed']],
    ['undefined is no record', 'undefined', ['completed']],
    ['a declaration is no record', 'let declared = 5', ['completed']],
    ['an empty script is no record', '', ['completed']],
    ['a comment is no record', '// nothing', ['completed']],
    ['an empty string is a record', '""', ['out ""', 'completed']],
    ['an empty line is a record', 'console.log()', ['line ""', 'completed']],
  ])('P68 %s', async (_, script, expected) => {
    expect(await run(engine, script)).toEqual(expected);
  });
});

describe('errors', () => {
  test('an exception is an error record with its class and place, then the command has failed', async () => {
    const records = await recordsOf(
      engine,
      'class Odd extends TypeError {}\nfunction f() { throw new Odd("no") }\nf()',
    );
    expect(records).toEqual([
      expect.objectContaining({
        stream: 'error',
        message: 'no',
        exceptionType: 'Odd',
        fullyQualifiedErrorId: 'Odd',
        category: 'OperationStopped',
        scriptStackTrace: expect.stringMatching(/^at f \(command-\d+:2:22\)\nat command-\d+:3:1$/) as string,
      }),
      expect.objectContaining({
        stream: 'final',
        state: 'failed',
        reason: expect.objectContaining({ code: 'SCRIPT_FAILED', message: 'no' }) as Error,
      }),
    ]);
  });

  test.each([
    ['in a line of its own', 'let fine = 1\nlet 2', '2:5'],
    ['at the end, where something is missing', 'let fine = 1\nfine +', '2:7'],
    ['at the end, in the middle of a call', 'String(', '1:8'],
  ])('a script that can not be read says where: %s', async (_, script, place) => {
    const [error] = await recordsOf(engine, script);
    expect(error).toMatchObject({
      stream: 'error',
      exceptionType: 'SyntaxError',
      category: 'ParserError',
      scriptStackTrace: expect.stringMatching(new RegExp(`^at command-\\d+:${place}$`)) as string,
    });
  });

  test.each([
    ['a text', 'throw "t"', 'error t'],
    ['null', 'throw null', 'error null'],
    ['an object', 'throw { a: 1 }', 'error { a: 1 }'],
    ['a rejected await', 'await Promise.reject(new Error("r"))', 'error r'],
    ['a rejected promise as the result', '(async () => { throw new Error("p") })()', 'error p'],
    ['a rejection nobody handles', 'Promise.reject(new Error("u")); undefined', 'error u'],
    [
      'an exception in a timer',
      'setTimeout(() => { throw new Error("t") }, 1); await new Promise(() => {})',
      'error t',
    ],
    [
      'a module that is not there',
      'await import("no-such-module")',
      expect.stringContaining("Cannot find package 'no-such-module'"),
    ],
  ])('%s fails the command', async (_, script, error) => {
    expect(await run(engine, script)).toEqual([error, 'failed SCRIPT_FAILED']);
  });

  test('a handler of the command itself is called for what nobody caught', async () => {
    const script = `
      process.once('uncaughtException', (error) => console.log('handled', error.message));
      setTimeout(() => { throw new Error('x') }, 1);
      await new Promise((resolve) => setTimeout(resolve, 20))`;
    expect(await run(engine, script)).toEqual(['line "handled x"', 'completed']);
  });

  test('what the interpreter can not describe fails the command, not the engine', async () => {
    expect(
      await run(engine, 'throw new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } })'),
    ).toEqual([expect.stringMatching(/^error /), 'failed SCRIPT_FAILED']);
    expect(await run(engine, '1')).toEqual(['out 1', 'completed']);
  });
});

describe('P12 arguments and P14 input', () => {
  test('P12 arguments arrive typed', async () => {
    const script = `[
      args.length, args[0] === 5, args[1] === 2n ** 62n, args[2].getTime(), Buffer.isBuffer(args[3]), named.list[0].deep, args[4].size,
    ]`;
    const text = (value: string): Value => ({ type: 'string', value });
    const given: Value[] = [
      { type: 'int64', value: 5n },
      { type: 'int64', value: 2n ** 62n },
      { type: 'dateTime', text: '2024-01-02T03:04:05.1234567Z' },
      { type: 'bytes', value: new Uint8Array([1]) },
      { type: 'dictionary', entries: [[{ type: 'int32', value: 1 }, text('one')]] },
    ];
    const list: Value = {
      type: 'list',
      items: [
        { type: 'object', typeNames: [], adapted: [], extended: [{ name: 'deep', value: text('down') }] },
      ],
    };
    const [record] = await recordsOf(engine, script, {
      arguments: [...given.map((value) => ({ value })), { name: 'list', value: list }],
    });
    expect(record).toMatchObject({
      value: {
        items: [
          { value: 5 },
          { value: true },
          { value: true },
          { type: 'int64', value: 1_704_164_645_123n },
          { value: true },
          { value: 'down' },
          { value: 1 },
        ],
      },
    });
  });

  test('P12 an object that holds itself does so in the command', async () => {
    const self: Value = {
      type: 'object',
      typeNames: [],
      adapted: [],
      extended: [{ name: 'self', value: { type: 'reference', referenceId: 3 } }],
      referenceId: 3,
    };
    expect(await run(engine, 'args[0].self === args[0]', { arguments: [{ value: self }] })).toEqual([
      'out true',
      'completed',
    ]);
  });

  test('P14 input is gone through as it comes', async () => {
    const script = 'let sum = 0; for await (const item of input) sum += item; sum';
    const input = items(...Array.from({ length: 1000 }, (_, value): Value => ({ type: 'int32', value })));
    expect(await run(engine, script, { input })).toEqual(['out 499500', 'completed']);
  });

  test('P14 input is not read ahead of the command by more than a little', async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Value> {
      for (;;) yield { type: 'int32', value: (given += 1) };
    }
    const script =
      'const first = await input.next(); await new Promise((resolve) => setTimeout(resolve, 50)); first.value';
    expect(await run(engine, script, { input: endless() })).toEqual(['out 1', 'completed']);
    expect(given).toBeLessThan(50);
  });

  test('P14 the input is left when the command ends', async () => {
    let isLeft = false;
    async function* watched(): AsyncGenerator<Value> {
      try {
        for (;;) yield { type: 'null' };
      } finally {
        isLeft = true;
      }
    }
    await run(engine, 'await input.next(); 1', { input: watched() });
    expect(isLeft).toBe(true);
  });

  test('P14 input that breaks is an error in the command', async () => {
    async function* broken(): AsyncGenerator<Value> {
      yield { type: 'int32', value: 1 };
      throw new Error('lost');
    }
    expect(
      await run(engine, 'for await (const item of input) console.log(item)', { input: broken() }),
    ).toEqual(['line "1"', 'error the input broke: lost', 'failed SCRIPT_FAILED']);
  });

  test('P14 a command without input has an empty one', async () => {
    expect(
      await run(engine, 'const all = []; for await (const item of input) all.push(item); all.length'),
    ).toEqual(['out 0', 'completed']);
  });
});
