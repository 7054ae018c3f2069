import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { signalLine, startLine, StartReader, type Start } from '../../src/transport/start-line';
import type { ProcessSpec } from '../../src/transport/transport';
import { randomChunks } from '../support/chunks';

const nonce = '2f6f5a0e-5d55-4a43-9d35-8a1d2f7b6c11';
const folder = mkdtempSync(path.join(tmpdir(), 'runspaced-start-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The shells of this machine that read start lines, by name. */
const shells = (
  [
    ['dash', ['dash']],
    ['bash', ['bash']],
    ['busybox', ['busybox', 'sh']],
  ] as const
).filter(([, [program, ...rest]]) => spawnSync(program, [...rest, '-c', 'true']).status === 0);

/** The name that it is started by: it is to be `sh`; busybox is told by its first word. */
function nameOf(program: string): { readonly argv0: string } {
  return { argv0: program === 'busybox' ? program : 'sh' };
}

function specOf(changes: Partial<ProcessSpec>): ProcessSpec {
  return { program: 'cat', arguments: [], environment: {}, workingDirectory: '', ...changes };
}

/** A program that shows its arguments, environment and folder, and then its input. */
const shows = `const read = [];
process.stdin.on('data', (bytes) => read.push(bytes)).on('end', () => process.stdout.write(JSON.stringify({
  words: process.argv.slice(1), environment: process.env, folder: process.cwd(), pid: process.pid,
  input: Buffer.concat(read).toString('base64') })));`;

interface Shown {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly pid: number;
  readonly input: string;
}

interface Outcome {
  readonly start: Start | undefined;
  readonly rest: string;
  readonly code: number | null;
  readonly errors: string;
}

/** Runs a start line in a shell, as an ssh channel would, with more input right behind it. */
async function run(
  shell: readonly [string, ...string[]],
  spec: ProcessSpec,
  { input = Buffer.alloc(0), detached = true, environment = { PATH: process.env['PATH'] ?? '' } } = {},
): Promise<Outcome> {
  const { words, preface } = startLine(spec, nonce);
  const [program, ...options] = shell;
  const child = spawn(program, [...options, ...words.slice(1)], {
    detached,
    cwd: folder,
    env: environment,
    ...nameOf(program),
  });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => err.push(bytes));
  child.stdin.on('error', () => undefined); // It may leave without reading all.
  child.stdin.end(Buffer.concat([preface, input]));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const read = new StartReader(nonce).receive(Buffer.concat(out));
  const errors = new StartReader(nonce).receive(Buffer.concat(err));
  return {
    start: read?.start,
    rest: Buffer.from(read?.rest ?? []).toString(),
    errors: Buffer.from(errors?.rest ?? []).toString(),
    code,
  };
}

test('dash, bash and busybox are there', () => {
  const wanted = process.env['CI'] === 'true' ? ['dash', 'bash', 'busybox'] : shells.map(([name]) => name);
  expect(shells.map(([name]) => name)).toEqual(wanted);
});

describe.each(shells)('a start line in %s', (_, shell) => {
  /** Every character that a shell could take for something else, and those whose UTF-8 holds bytes that dash uses itself. */
  const nasty = `${Array.from({ length: 255 }, (__, index) => String.fromCharCode(index + 1)).join('')}€😀\r\n'"$(x)\`y\`\\\n`;

  test('passes words, variables and a folder on as they are, and leaves all further input to the program', async () => {
    const there = path.join(folder, `it's "a" $folder\n${nasty.replaceAll('/', '')}`.slice(0, 100));
    mkdirSync(there, { recursive: true });
    const input = Buffer.from(Uint8Array.from({ length: 300_000 }, (__, index) => (index * 7) & 255));
    const spec = specOf({
      program: process.execPath,
      arguments: ['-e', shows, '--', nasty, '', '-x', '*'],
      environment: { NASTY: nasty, EMPTY: '', PATH: process.env['PATH'] ?? '', IFS: '0123456789' },
      workingDirectory: there,
    });
    const { start, rest } = await run(shell, spec, { input });
    const shown = JSON.parse(rest) as Shown;
    expect(shown.words).toEqual([nasty, '', '-x', '*']);
    expect(shown.environment).toMatchObject({ NASTY: nasty, EMPTY: '', LANG: 'C.UTF-8' });
    expect(Object.keys(shown.environment).filter((name) => name.startsWith('__rs'))).toEqual([]);
    expect(shown.folder).toBe(there);
    expect(Buffer.from(shown.input, 'base64').equals(input)).toBe(true);
    expect(start).toEqual({ is: 'started', processId: shown.pid, isLeader: true });
  });

  test('takes what the place gives where the caller says nothing', async () => {
    const environment = { PATH: process.env['PATH'] ?? '', LC_CTYPE: 'C', OWN: '1', CHANGED: '1' };
    const spec = specOf({
      program: process.execPath,
      arguments: ['-e', shows],
      environment: { CHANGED: '2' },
    });
    const shown = JSON.parse((await run(shell, spec, { environment })).rest) as Shown;
    expect(shown.environment).toMatchObject({ OWN: '1', CHANGED: '2', LC_CTYPE: 'C' });
    expect(shown.environment).not.toHaveProperty('LANG');
    expect(shown.folder).toBe(folder);
  });

  test('makes a shell that leads no group a leader', async () => {
    const spec = specOf({ program: 'sh', arguments: ['-c', 'cut -d" " -f1,5 /proc/$$/stat'] });
    const { start, rest } = await run(shell, spec, { detached: false });
    const id = start?.is === 'started' ? start.processId : 0;
    expect(start).toEqual({ is: 'started', processId: id, isLeader: true });
    expect(rest).toBe(`${id} ${id}\n`);
  });

  test('a signal reaches all that was started', async () => {
    const { words, preface } = startLine(
      specOf({ program: 'sh', arguments: ['-c', 'sleep 1000 & sleep 1000'] }),
      nonce,
    );
    const child = spawn(shell[0], [...shell.slice(1), ...words.slice(1)], {
      detached: true,
      ...nameOf(shell[0]),
    });
    const reader = new StartReader(nonce);
    const ended = new Promise<void>((resolve) => child.once('close', resolve));
    child.stdout.on('data', (bytes: Buffer) => {
      const start = reader.receive(bytes)?.start;
      if (start?.is !== 'started') return;
      const kill = [...shell.slice(1), '-c', signalLine(start, 'SIGKILL')];
      const { status } = spawnSync(shell[0], kill, nameOf(shell[0]));
      expect(status).toBe(0);
    });
    child.stdin.write(preface);
    // Its output stays open as long as one of them lives.
    await ended;
  });

  test.each([
    ['noProgram', specOf({ program: 'there-is-no-such-program' }), 127],
    ['noProgram', specOf({ program: '/there/is/none' }), 127],
    ['closedProgram', specOf({ program: folder }), 126],
    ['closedProgram', specOf({ program: path.join(folder, 'plain') }), 126],
    ['noFolder', specOf({ workingDirectory: '/there/is/none' }), 126],
    ['noFolder', specOf({ workingDirectory: '/etc/passwd' }), 126],
  ])('says %s', async (why, spec, code) => {
    writeFileSync(path.join(folder, 'plain'), 'no program', { mode: 0o600 });
    expect(await run(shell, spec)).toMatchObject({ start: { is: 'refused', why }, code });
  });

  test('a program whose interpreter is missing ends as shells have it, and says why', async () => {
    const broken = path.join(folder, 'broken');
    writeFileSync(broken, '#!/there/is/none\n', { mode: 0o755 });
    const { code, errors } = await run(shell, specOf({ program: broken }));
    expect([126, 127]).toContain(code);
    expect(errors).toContain('broken');
  });
});

test('values of variables are in no command line', () => {
  const line = startLine(specOf({ environment: { TOKEN: 'hunter2' } }), nonce);
  expect(JSON.stringify([line.words, line.command])).not.toContain('hunter2');
});

test.each(['a.b', 'BASH_FUNC_x%%', 'UID', '', '1A', '__rs_n'])(
  'the variable name %j is refused by name',
  (name) => {
    expect(() => startLine(specOf({ environment: { [name]: '' } }), nonce)).toThrow(
      `the environment variable ${JSON.stringify(name)} can't be set`,
    );
  },
);

describe('what comes before the program', () => {
  test('noise of any kind in any pieces is dropped, and what follows the mark is untouched', () => {
    const bytes = fc.uint8Array({ maxLength: 3000 });
    fc.assert(
      fc.property(bytes, bytes, fc.integer(), (before, after, seed) => {
        const noise = Buffer.concat([before, Buffer.from(`${nonce} started x\n${nonce} `), before]);
        const mark = Buffer.from(`\n${nonce} started 4711 leader\n`);
        const reader = new StartReader(nonce);
        const passed: Uint8Array[] = [];
        let start: Start | undefined;
        for (const chunk of randomChunks(Buffer.concat([noise, mark, after]), seed, 90)) {
          if (start !== undefined) passed.push(chunk);
          else {
            const read = reader.receive(chunk);
            start = read?.start;
            if (read !== undefined) passed.push(read.rest);
          }
        }
        expect(start).toEqual({ is: 'started', processId: 4711, isLeader: true });
        expect(Buffer.concat(passed).equals(Buffer.from(after))).toBe(true);
      }),
    );
  });

  test('where the mark never comes the noise is told, its end at most', () => {
    const reader = new StartReader(nonce);
    for (let index = 0; index < 10_000; index += 1)
      expect(reader.receive(Buffer.from(`line ${index} of the noise\n`))).toBeUndefined();
    expect(reader.noise()).toMatch(/line 9998 of the noise\nline 9999 of the noise$/);
    expect(reader.noise().length).toBeLessThanOrEqual(4096);
  });
});
