import { setTimeout as delay } from 'node:timers/promises';
import type { Value } from '../../src/core/value';
import type { Engine } from '../../src/engine/engine';
import { openBashEngine } from '../support/bash-engine';
import { invocation, recordsOf, run, shortForm } from '../support/script-engine';

let engine: Engine;

beforeAll(async () => {
  engine = await openBashEngine();
  await run(engine, 'kept=here');
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

async function* never(): AsyncGenerator<Value> {
  await new Promise(() => undefined);
  yield { type: 'null' };
}

/** Starts a command, waits until it says `go`, stops it, and reads on to its end. */
async function stopOnGo(script: string, input?: AsyncIterable<Value>): Promise<string> {
  let hasGone = false;
  const choices = input === undefined ? {} : { input };
  for await (const records of engine.invoke(invocation(`echo go\n${script}`, choices))) {
    if (!hasGone) {
      hasGone = true;
      // The command is to be where it is stopped.
      await delay(50);
      engine.stop();
    }
    const last = records.at(-1);
    if (last?.stream === 'final') return shortForm(last);
  }
  throw new Error('a command without an end');
}

describe('P67 stop', () => {
  test.each([
    ['an endless loop', 'while :; do :; done'],
    [
      'a loop in nested functions',
      'f() { local kept=local; while :; do :; done; }; g() { f; }; while :; do g; done',
    ],
    ['a loop in a sourced text', 'source <(echo "while :; do :; done")'],
    ['a loop that the script evaluates', `eval 'while :; do :; done'; echo not`],
    ['a sleep', 'sleep 1000'],
    ['a loop of sleeps', 'while :; do sleep 1000; done'],
    ['a native program that ignores interrupts', `bash -c "trap '' INT; while :; do sleep 60; done"`],
    ['a wait for background jobs', 'sleep 1000 & wait'],
    ['a script that traps interrupts', "trap 'echo trapped' INT; while :; do :; done"],
    ['a script that ignores interrupts', "trap '' INT; while :; do sleep 0.1; done"],
    ['a trap on EXIT that sleeps', "trap 'sleep 1000' EXIT; exit 3"],
    ['a native program that floods', 'yes'],
    ['a loop that writes', 'while :; do echo x; done'],
    ['a subshell', '(while :; do :; done)'],
  ])('P67 ends %s, and keeps the variables', async (_, script) => {
    expect(await stopOnGo(script)).toBe('stopped STOPPED');
    expect(await run(engine, 'trap - INT; echo $kept')).toEqual(['line "here"', 'completed 0']);
  });

  test('P67 ends a read of input that never comes', async () => {
    expect(await stopOnGo('read -r line', never())).toBe('stopped STOPPED');
    expect(await run(engine, 'echo $kept')).toEqual(['line "here"', 'completed 0']);
  });

  test('P67 a stop right after the start is heard', async () => {
    const records = recordsOf(engine, 'while :; do :; done');
    engine.stop();
    expect((await records).map(shortForm)).toEqual(['stopped STOPPED']);
    expect(await run(engine, 'echo $kept')).toEqual(['line "here"', 'completed 0']);
  });

  test('P67 a stop that comes too late stops nothing', async () => {
    await run(engine, ':');
    engine.stop();
    expect(await run(engine, 'read -t 0.05 < <(sleep 1); echo 2')).toEqual(['line "2"', 'completed 0']);
  });

  test('P67 a stop keeps a session with very many variables: what hands them on is not ended with the command', async () => {
    await using big = await openBashEngine();
    await run(big, 'for ((i = 0; i < 5000; i += 1)); do declare -g "v$i=$i"; done; shopt -s nocaseglob');
    for (let turn = 0; turn < 2; turn += 1) {
      const records = big.invoke(invocation('echo go; while :; do :; done'));
      for await (const batch of records) if (batch.some(({ stream }) => stream === 'output')) big.stop();
      expect(await run(big, 'echo $v4999; shopt -p nocaseglob')).toEqual([
        'line "4999"',
        'line "shopt -s nocaseglob"',
        'completed 0',
      ]);
    }
  });

  test('P67 ten stops in a row leave an engine that answers', async () => {
    for (let turn = 0; turn < 10; turn += 1) {
      const stopping = delay(turn * 3).then(() => {
        engine.stop();
      });
      expect((await run(engine, 'while :; do :; done')).at(-1)).toBe('stopped STOPPED');
      await stopping;
    }
    expect(await run(engine, 'echo $kept')).toEqual(['line "here"', 'completed 0']);
  });
});
