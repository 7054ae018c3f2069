import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { spawnStdio } from '../../src/transport/stdio';
import type { ProcessSpec, Transport } from '../../src/transport/transport';

const fixtures = path.join(__dirname, '..', 'fixtures');

function fixture(name: string, ...args: string[]): ProcessSpec {
  return {
    program: process.execPath,
    arguments: [path.join(fixtures, `${name}.cjs`), ...args],
    environment: { PATH: process.env['PATH'] ?? '' },
    workingDirectory: fixtures,
  };
}

async function readAll(transport: Transport): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of transport.output) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function firstText(transport: Transport): Promise<string> {
  const first = await transport.output[Symbol.asyncIterator]().next();
  return first.done === true ? '' : Buffer.from(first.value).toString();
}

/** Whether it still runs: a zombie that process 1 has not reaped does not. */
function isAlive(processId: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(processId)], { encoding: 'utf8' });
  return /^[^Z\s]/.test(stdout);
}

describe('a program on this machine', () => {
  test('all its output arrives, then how it ended', async () => {
    await using transport = await spawnStdio(fixture('chatty', '50000', '7'));
    const lines = (await readAll(transport)).split('\n');
    expect(lines).toHaveLength(50_001);
    expect(lines[49_999]).toBe('50000');
    expect(await transport.ended).toEqual({ is: 'exited', code: 7, signal: undefined });
  });

  test('one that dies midway leaves what it wrote, its complaint and its signal', async () => {
    await using transport = await spawnStdio(fixture('dies-midway'));
    expect(await readAll(transport)).toBe('half a li');
    expect(await transport.ended).toEqual({ is: 'exited', code: undefined, signal: 'SIGKILL' });
    expect(transport.diagnostics()).toBe('about to die\n');
  });

  test('what is written arrives, and ending the input lets it leave', async () => {
    await using transport = await spawnStdio(fixture('echo'));
    const sent = Buffer.alloc(3_000_000, 'abc');
    const received = readAll(transport);
    await transport.write(sent);
    transport.end();
    expect((await received) === sent.toString()).toBe(true);
  });

  test('it sees the environment that was given and nothing else', async () => {
    await using transport = await spawnStdio({
      ...fixture('echo'),
      program: '/usr/bin/env',
      arguments: [],
      environment: { ONLY: 'this' },
    });
    expect(await readAll(transport)).toBe('ONLY=this\n');
  });

  test('it runs in the folder that was given', async () => {
    await using transport = await spawnStdio({
      ...fixture('echo'),
      arguments: ['-p', 'process.cwd()'],
      workingDirectory: '/',
    });
    expect(await readAll(transport)).toBe('/\n');
  });

  test('nothing is read while the consumer is busy', async () => {
    await using transport = await spawnStdio(fixture('floods-stdout'));
    const before = process.memoryUsage();
    await firstText(transport);
    await delay(300);
    const after = process.memoryUsage();
    expect(after.external + after.heapUsed - before.external - before.heapUsed).toBeLessThan(8 * 1024 * 1024);
  });

  test('a write to one that has left is refused', async () => {
    await using transport = await spawnStdio(fixture('chatty', '1'));
    await readAll(transport);
    await transport.ended;
    await expect(transport.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'ENGINE_LOST' });
  });
});

describe('ending it', () => {
  test('disposing ends it and returns when it is gone, however often it is asked', async () => {
    const transport = await spawnStdio(fixture('forever'));
    await firstText(transport);
    await Promise.all([transport[Symbol.asyncDispose](), transport[Symbol.asyncDispose]()]);
    await transport[Symbol.asyncDispose]();
    expect(isAlive(transport.processId ?? 0)).toBe(false);
    expect(await transport.ended).toMatchObject({ is: 'exited', signal: 'SIGTERM' });
  });

  test('disposing kills one that ignores SIGTERM, with its child', async () => {
    const transport = await spawnStdio(fixture('ignores-sigterm'));
    const child = Number(await firstText(transport));
    await transport[Symbol.asyncDispose]();
    expect([isAlive(transport.processId ?? 0), isAlive(child)]).toEqual([false, false]);
  });

  test('disposing ends one whose output nobody reads', async () => {
    const transport = await spawnStdio(fixture('floods-stdout'));
    await transport[Symbol.asyncDispose]();
    expect(await transport.ended).toMatchObject({ is: 'exited' });
  });

  test('a signal reaches the whole group', async () => {
    await using transport = await spawnStdio(fixture('ignores-sigterm'));
    const child = Number(await firstText(transport));
    transport.signal('SIGKILL');
    await readAll(transport);
    await transport.ended;
    expect(isAlive(child)).toBe(false);
  });

  test('signalling one that is gone is no error', async () => {
    await using transport = await spawnStdio(fixture('chatty', '1'));
    await readAll(transport);
    await transport.ended;
    expect(() => {
      transport.signal('SIGKILL');
    }).not.toThrow();
  });

  test('orphans that it leaves in its group are killed', async () => {
    await using transport = await spawnStdio(fixture('leaves-orphan'));
    const orphan = Number.parseInt(await readAll(transport), 10);
    await transport[Symbol.asyncDispose]();
    expect(isAlive(orphan)).toBe(false);
  });

  test('a stranger that holds its output open does not hold up the end', async () => {
    await using transport = await spawnStdio(fixture('leaves-orphan', 'detached'));
    const stranger = Number.parseInt(await readAll(transport), 10);
    const end = await transport.ended;
    process.kill(stranger, 'SIGKILL');
    expect(end).toEqual({ is: 'exited', code: 0, signal: undefined });
  });
});

describe('what cannot be started', () => {
  const missing = path.join(fixtures, 'no-such-thing');

  test('a missing program is named', async () => {
    await expect(spawnStdio({ ...fixture('echo'), program: missing })).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
      facts: { program: missing },
    });
  });

  test('a missing working directory is named', async () => {
    await expect(spawnStdio({ ...fixture('echo'), workingDirectory: missing })).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
      facts: { folder: missing },
    });
  });

  test('a file is no working directory', async () => {
    await expect(spawnStdio({ ...fixture('echo'), workingDirectory: __filename })).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
      facts: { folder: __filename },
    });
  });

  test('a file that is not executable is named', async () => {
    const program = path.join(mkdtempSync(path.join(tmpdir(), 'stdio-')), 'plain');
    writeFileSync(program, 'text', { mode: 0o644 });
    await expect(spawnStdio({ ...fixture('echo'), program })).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
      facts: { program },
    });
  });

  test('an argument that no process can get is refused', async () => {
    await expect(spawnStdio({ ...fixture('echo'), arguments: ['a\0b'] })).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
    });
  });
});
