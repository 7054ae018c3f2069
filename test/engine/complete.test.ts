import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Engine } from '../../src/engine/engine';
import { openBashEngine } from '../support/bash-engine';
import { openEngine as openJavaScriptEngine } from '../support/javascript-engine';
import { openEngine as openPythonEngine } from '../support/python-engine';
import { describeWith } from '../support/requirements';
import { run } from '../support/script-engine';

const folder = mkdtempSync(path.join(tmpdir(), 'complete-'));

beforeAll(() => {
  mkdirSync(path.join(folder, 'my folder'));
  mkdirSync(path.join(folder, 'node_modules/@scope/thing'), { recursive: true });
  writeFileSync(path.join(folder, 'my file.txt'), '');
  writeFileSync(path.join(folder, 'local_module.py'), '');
  writeFileSync(path.join(folder, 'near.cjs'), '');
});

/** The completions of a line; `|` stands for the cursor where that is not at the end. */
async function complete(engine: Engine, line: string): Promise<readonly string[]> {
  const cursor = line.includes('|') ? line.indexOf('|') : line.length;
  const found = await engine.complete?.({ text: line.replace('|', ''), cursor }, 20_000);
  const { completions = [], replaceFrom = 0, replaceTo = 0 } = found ?? {};
  expect(replaceTo).toBe(cursor);
  return completions.map((completion) => line.slice(0, replaceFrom) + completion);
}

describe('P37 completion in JavaScript', () => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await openJavaScriptEngine({ workingDirectory: folder });
    await run(
      engine,
      `let shoeBox = { size: 4, inner: { lace: 1 }, get trap() { globalThis.sprung = true; return 1; } };
      const list = [shoeBox]; function getShoes() { return shoeBox; } var effects = 0; function act() { effects++; return {}; }
      const proxy = new Proxy({}, { ownKeys() { effects++; return ['seen']; } });`,
    );
  });

  afterAll(() => engine[Symbol.asyncDispose]());

  test.each([
    ['names of let, of functions and of globals', '1 + sho', ['1 + shoeBox']],
    ['functions', 'getSh', ['getShoes']],
    ['globals of node', 'structuredCl', ['structuredClone']],
    ['keywords', 'debugg', ['debugger']],
    ['members', 'shoeBox.si', ['shoeBox.size']],
    ['members of members', 'shoeBox.inner?.la', ['shoeBox.inner?.lace']],
    ['members behind an index', 'list[0].inn', ['list[0].inner']],
    ['members behind a call without effects', 'getShoes().si', ['getShoes().size']],
    ['members of texts', '"abc".toUpperC', ['"abc".toUpperCase']],
    ['members of arrays', '[1, 2].flatM', ['[1, 2].flatMap']],
    ['inherited members', 'list.reduceR', ['list.reduceRight']],
    ['in the middle of a line', 'foo(shoeB| + 1)', ['foo(shoeBox']],
    ['modules', "require('node:read", ["require('node:readline", "require('node:readline/promises"]],
    ['installed packages', 'require("@sc', ['require("@scope/thing']],
    ['modules of an import', "import x from 'string_d", ["import x from 'string_decoder"]],
    ['files', "require('./ne", ["require('./near.cjs"]],
    ['nothing in a text', "'sho", []],
    ['nothing in a comment', '// sho', []],
    ['nothing of null', 'null.t', []],
    ['nothing of what has effects', 'act().t', []],
    ['nothing of a proxy', 'proxy.s', []],
    ['nothing of ours', '$imp', []],
  ])('P37 offers %s', async (_, line, expected) => {
    expect(await complete(engine, line)).toEqual(expected);
  });

  test('P37 leaves no trace, and runs no getter', async () => {
    expect(await complete(engine, 'shoeBox.trap.to')).toEqual([]);
    expect(await complete(engine, 'shoeBox.tr')).toEqual(['shoeBox.trap']);
    expect(await run(engine, '`${effects} ${globalThis.sprung}`')).toEqual([
      'out "0 undefined"',
      'completed',
    ]);
  });

  test('P37 gives up on what never ends, and the session goes on', async () => {
    expect(await complete(engine, '(() => { for (;;); })().x')).toEqual([]);
    expect(await run(engine, '`${shoeBox.size}`')).toEqual(['out "4"', 'completed']);
  });

  test('P37 completes nothing while a command runs', async () => {
    const running = run(
      engine,
      'await new Promise((resolve) => { globalThis.go = resolve; setTimeout(resolve, 200); })',
    );
    await expect(engine.complete?.({ text: 'x', cursor: 1 }, 1_000)).rejects.toMatchObject({
      code: 'SESSION_BUSY',
    });
    await running;
  });
});

describeWith('python', 'P37 completion in Python', () => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await openPythonEngine({ workingDirectory: folder });
    await run(
      engine,
      `import os, os.path, collections
effects = []
class Shoe:
    sole = "rubber"
    def lace(self): pass
    @property
    def trap(self):
        effects.append(1)
        return "x"
    def __dir__(self):
        effects.append(2)
        return []
    def __getattr__(self, name):
        effects.append(3)
        raise AttributeError(name)
class Slotted:
    __slots__ = ("inner",)
shoe_box = Shoe(); shoe_box.size = 4; shoe_box._hidden = 1
slotted = Slotted(); slotted.inner = shoe_box
rows = {"a": [shoe_box]}`,
    );
  });

  afterAll(() => engine[Symbol.asyncDispose]());

  test.each([
    ['names', '1 + shoe_', ['1 + shoe_box']],
    ['builtins', 'enumer', ['enumerate']],
    ['keywords', 'contin', ['continue']],
    ['attributes of an object and of its class', 'shoe_box.s', ['shoe_box.size', 'shoe_box.sole']],
    ['attributes that begin with _ when asked for', 'shoe_box._hi', ['shoe_box._hidden']],
    ['what is in a module', 'os.path.isab', ['os.path.isabs']],
    ['what is in a class', 'Shoe.la', ['Shoe.lace']],
    ['what is in a slot', 'slotted.inner.siz', ['slotted.inner.size']],
    ['what is behind indexes', 'rows["a"][0].siz', ['rows["a"][0].size']],
    ['attributes of texts', '"x".casef', ['"x".casefold']],
    ['modules', 'import local_m', ['import local_module']],
    ['modules of packages', 'import collections.ab', ['import collections.abc']],
    ['names of a module', 'from collections import OrderedD', ['from collections import OrderedDict']],
    ['in the middle of a line', 'print(shoe_b|, 1)', ['print(shoe_box']],
    ['nothing in a text', '"shoe_', []],
    ['nothing in a comment', '# shoe_', []],
    ['nothing behind a property', 'shoe_box.trap.cas', []],
    ['nothing of what is not there', 'nowhere.x', []],
  ])('P37 offers %s', async (_, line, expected) => {
    expect(await complete(engine, line)).toEqual(expected);
  });

  test('P37 leaves no trace, and runs no property', async () => {
    expect(await complete(engine, 'shoe_box.tr')).toEqual(['shoe_box.trap']);
    expect(await run(engine, "f\"{effects} {'local_module' in __import__('sys').modules}\"")).toEqual([
      'out "[] False"',
      'completed',
    ]);
  });
});

describe('P37 completion in bash', () => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await openBashEngine({ workingDirectory: folder });
    await run(engine, 'shoe_box=4; get_shoes() { echo shoes; }; set -e; (exit 3) || :');
  });

  afterAll(() => engine[Symbol.asyncDispose]());

  test.each([
    ['functions', 'get_sh', ['get_shoes']],
    ['commands', 'true && pushd', ['true && pushd']],
    ['commands within a command', 'echo $(get_sh', ['echo $(get_shoes']],
    ['commands after a variable', 'a=1 get_sh', ['a=1 get_shoes']],
    ['variables', 'echo $shoe_b', ['echo $shoe_box']],
    ['variables in braces and quotes', 'echo "${shoe_b', ['echo "${shoe_box']],
    ['files', 'cat my', ['cat my\\ file.txt', 'cat my\\ folder/']],
    ['files in quotes', 'cat "my f', ['cat "my file.txt', 'cat "my folder/']],
    ['files after a redirection', 'echo >ne', ['echo >near.cjs']],
    ['folders', 'cd my', ['cd my\\ folder/']],
    ['in the middle of a line', 'echo $shoe_b| x', ['echo $shoe_box']],
    ['nothing of ours', '__runsp', []],
    ['nothing in a comment', '# get_s', []],
    ['what holds quotes', "cat 'my fi", ["cat 'my file.txt"]],
  ])('P37 offers %s', async (_, line, expected) => {
    expect(await complete(engine, line)).toEqual(expected);
  });

  test('P37 leaves no trace', async () => {
    await run(engine, 'set +e; (exit 3)');
    await complete(engine, 'get_sh');
    await complete(engine, 'cat my');
    expect(await run(engine, 'echo $?; declare -F | grep -v __runspace')).toEqual([
      'line "3"',
      'line "declare -f get_shoes"',
      'line "declare -f trap"',
      'completed 0',
    ]);
  });
});
