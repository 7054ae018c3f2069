import { randomUUID } from 'node:crypto';
import { Waiting, type PipelineInfo, type Session } from '../../clients/typescript';
import { describeWith } from '../support/requirements';
import { eventually, Unfulfilled } from './support/eventually';
import { kill, Machine } from './support/machine';
import { readAll } from './support/reading';

/** The command, once it waits for an answer. */
function waitingCommand(session: Session): Promise<PipelineInfo> {
  return eventually('the command waits for an answer', async () => {
    const pipeline = (await session.pipelines()).at(-1);
    if (pipeline?.waiting !== Waiting.WAITING_FOR_ANSWER) return new Unfulfilled('it does not wait');
    return pipeline;
  });
}

describeWith('powershell', 'P65 a question outlives the daemon', () => {
  test('a daemon killed while a command asks: it still waits, is answered once, and its reader misses nothing', async () => {
    await using machine = new Machine();
    const first = await machine.startReadyDaemon();
    const client = machine.client();
    const session = await client.sessions.create({ engine: 'powershell' });
    const reading = readAll(session.invoke('\'before\'; "got $($Host.UI.ReadLine())"; $Host.UI.ReadLine()'));
    const { id } = await waitingCommand(session);
    await first.end('SIGKILL');
    const second = await machine.startReadyDaemon();

    const waiting = await waitingCommand(session);
    expect([waiting.id, waiting.pendingHostCalls.map(({ callId }) => callId)]).toEqual([id, [1n]]);
    const answer = { pipeline: id, callId: 1n, requestId: randomUUID(), value: 'it' };
    await session.respond(answer);
    await second.end('SIGKILL');
    await machine.startReadyDaemon();
    await session.respond(answer);
    await expect(session.respond({ ...answer, requestId: randomUUID() })).rejects.toMatchObject({
      reason: 'HOST_CALL_UNKNOWN',
    });
    await eventually('it asks again', async () => {
      const { pendingHostCalls } = await client.pipelines.get(session.id, id);
      return pendingHostCalls[0]?.callId === 2n || new Unfulfilled('not yet');
    });
    await session.respond({ pipeline: id, callId: 2n, value: 'end' });
    const { outputs, end } = await reading;
    expect([outputs, end]).toEqual([['before', 'got it', 'end'], 'completed']);
  }, 120_000);

  test('a keeper killed while a command asks: it ends as Failed(KEEPER_LOST), and nothing waits any more', async () => {
    await using machine = new Machine();
    await machine.startReadyDaemon();
    const client = machine.client();
    const session = await client.sessions.create({ engine: 'powershell' });
    const reading = readAll(session.invoke('$Host.UI.ReadLine()'));
    const { id } = await waitingCommand(session);
    const { keepers } = await client.daemon.status();
    const keeper = keepers.find(({ sessionIds }) => sessionIds.includes(session.id));
    await kill(Number(keeper?.pid));
    expect((await reading).end).toBe('failed KEEPER_LOST');
    expect(await client.pipelines.get(session.id, id)).toMatchObject({
      waiting: Waiting.WAITING_UNSPECIFIED,
      pendingHostCalls: [],
    });
    await expect(session.respond({ pipeline: id, callId: 1n, value: 'late' })).rejects.toMatchObject({
      reason: expect.stringMatching(/HOST_CALL_UNKNOWN|SESSION_BROKEN/),
    });
  }, 120_000);
});
