import { openJavaScript } from '../../src/engine/javascript/open';
import type { Engines } from '../../src/keeper/runspace';
import { spawnStdio } from '../../src/transport/stdio';
import { runnerSource } from '../support/javascript-engine';
import { receive, short, start, TestKeeper } from '../support/keeper';

const engines: Engines = {
  javascript: (options) =>
    openJavaScript(options, { spawn: spawnStdio, runnerSource: runnerSource(), nodePath: process.execPath }),
};

test('P01 a variable that one command sets is read by the next', async () => {
  await using kept = await TestKeeper.start({ engines });
  const session = await kept.open();
  await kept.client.startPipeline(start(session, 'x = 40; undefined'));
  const { pipeline } = await kept.client.startPipeline(start(session, 'x + 2'));
  const { records } = await receive(kept.client, session, { pipeline: pipeline?.id ?? '' });
  expect(records.map(short)).toEqual(['1 output 42', '2 final completed']);
});
