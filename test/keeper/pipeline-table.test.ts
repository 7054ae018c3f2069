import { HostCallPolicy } from '../../src/gen/runspace/v1/session';
import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock';
import { asPipelineId } from '../../src/core/ids';
import { silentLog } from '../../src/core/log';
import { makeFolder } from '../../src/store/folder';
import { endPipeline } from '../../src/keeper/end-pipeline';
import type { Pipeline } from '../../src/keeper/pipeline';
import { PipelineTable } from '../../src/keeper/pipeline-table';
import { SealingKey } from '../../src/keeper/sealing-key';
import { Secrets } from '../../src/keeper/secrets';
import { temporaryFolder } from '../support/temporary-folder';
import { eventually } from './support/kept-session';

function tableIn(folder: string): PipelineTable {
  const pipelines = join(folder, 'pipelines');
  makeFolder(pipelines);
  const logFile = join(folder, 'pipelines.log');
  return PipelineTable.open({
    folder: pipelines,
    logFile,
    journals: {},
    log: silentLog,
    changed: () => undefined,
  });
}

async function runOne(table: PipelineTable, requestId: string, id: string = randomUUID()): Promise<Pipeline> {
  const { pipeline, recorded } = table.make({
    id: asPipelineId(id),
    requestId,
    fingerprint: 'f',
    command: 'x',
    hasInput: false,
    onInputLost: 'wait',
    hostCalls: HostCallPolicy.HOST_CALL_POLICY_UNSPECIFIED,
    createdAt: 0,
  });
  await recorded;
  const parts = {
    secrets: new Secrets({ key: new SealingKey(), sessionId: 'a session', engine: 'powershell' }),
    clock: systemClock,
    log: silentLog,
  };
  await endPipeline(pipeline, { stream: 'final', state: 'failed' }, parts);
  await pipeline.journal.use((journal) => journal.acknowledge(1n));
  table.ended(pipeline);
  return pipeline;
}

test('of many read pipelines the oldest are removed; they are expired, not unknown, and never run again', async () => {
  using folder = temporaryFolder();
  using table = tableIn(folder.path);
  const first = await runOne(table, 'request 1');
  for (let number = 2; number <= 250; number += 1) await runOne(table, `request ${number}`);
  expect(table.all).toHaveLength(200);
  for (const reference of ['1', first.started.id]) {
    expect(() => table.find(reference)).toThrow(expect.objectContaining({ code: 'EXPIRED' }) as Error);
  }
  expect(() => table.madeBy('request 1', 'f')).toThrow(expect.objectContaining({ code: 'EXPIRED' }) as Error);
  expect(() => table.madeBy('request 1', 'g')).toThrow(
    expect.objectContaining({ code: 'REQUEST_ID_REUSED' }) as Error,
  );
  await eventually(() => (readdirSync(join(folder.path, 'pipelines')).length === 200 ? true : undefined));

  using reopened = tableIn(folder.path);
  expect(reopened.all.map(({ started, state }) => [started.number, state])).toEqual(
    table.all.map(({ started }) => [started.number, 'failed']),
  );
  expect(() => reopened.madeBy('request 50', 'f')).toThrow(
    expect.objectContaining({ code: 'EXPIRED' }) as Error,
  );
});

test('pipelines are found by id, by its beginning and by number; an ambiguous beginning is refused', async () => {
  using folder = temporaryFolder();
  using table = tableIn(folder.path);
  const ids = ['abc00000-0000-4000-8000-000000000001', 'abd00000-0000-4000-8000-000000000002'] as const;
  const first = await runOne(table, 'a', ids[0]);
  await runOne(table, 'b', ids[1]);
  expect([ids[0], 'ABC', '1'].map((reference) => table.find(reference))).toEqual([first, first, first]);
  expect(() => table.find('ab')).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error);
  expect(() => table.find('zz')).toThrow(expect.objectContaining({ code: 'PIPELINE_NOT_FOUND' }) as Error);
});

test('many finished pipelines keep few journals open', async () => {
  using folder = temporaryFolder();
  using table = tableIn(folder.path);
  for (let number = 1; number <= 40; number += 1) await runOne(table, `request ${number}`);
  expect(table.all.filter(({ journal }) => journal.isOpen)).toHaveLength(16);
});
