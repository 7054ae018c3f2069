import type { SessionId } from '../../../src/core/ids';
import type { StreamRecord } from '../../../src/core/record';
import type { EngineName } from '../../../src/engine/engine';
import { FakeClock } from '../../support/fake-clock';
import { reading, TestKeeper } from '../../support/keeper';
import { scriptedEngines, type ScriptedEngine } from '../../support/scripted-engine';

/** An open session over an engine that the test plays, with a clock that stands still. */
export interface Kept extends AsyncDisposable {
  readonly kept: TestKeeper;
  readonly client: TestKeeper['client'];
  readonly session: SessionId;
  readonly engine: ScriptedEngine;
  readonly clock: FakeClock;
}

/** Opens one. */
export async function keptSession(
  options: Parameters<TestKeeper['open']>[1] = {},
  engineName: EngineName = 'javascript',
): Promise<Kept> {
  const engines = scriptedEngines();
  const clock = new FakeClock();
  const kept = await TestKeeper.start({ engines: { [engineName]: engines.open }, clock });
  const session = await kept.open(engineName, options);
  return {
    kept,
    client: kept.client,
    session,
    engine: engines.last(),
    clock,
    [Symbol.asyncDispose]: async () => {
      // With a clock that stands still nobody waits for an engine that does not answer.
      await Promise.all(engines.opened.map((engine) => engine.die()));
      await kept[Symbol.asyncDispose]();
    },
  };
}

/** An output record of this many characters. */
export const text = (length: number): StreamRecord => ({
  stream: 'output',
  value: { type: 'string', value: 'x'.repeat(length) },
});

/** The reason with which a call is refused. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  );
}

/** Looks again, turn by turn, until there is something. */
export async function eventually<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Reads pipeline 1 to its end, acknowledging all of it on the way. */
export async function receiveAndAcknowledge(it: Kept): Promise<{ readonly records: bigint[] }> {
  const request = reading(it.session, { pipeline: '1', reader: 'owner' });
  const records: bigint[] = [];
  for await (const { event } of it.client.receivePipeline(request, AbortSignal.timeout(20_000))) {
    if (event?.$case !== 'batch') continue;
    records.push(...event.value.records.map(({ sequence }) => sequence));
    await it.client.acknowledgeRecords({
      sessionId: it.session,
      pipeline: '1',
      sequence: records.at(-1) ?? 0n,
    });
  }
  return { records };
}
