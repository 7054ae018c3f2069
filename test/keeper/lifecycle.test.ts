import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Server, ServerCredentials, type sendUnaryData } from '@grpc/grpc-js';
import type { Value } from '../../src/core/value';
import { Command } from '../../src/gen/runspace/v1/pipeline';
import { KeeperServiceService, type HelloResponse } from '../../src/gen/runspace/keeper/v1/keeper';
import { RunspaceState } from '../../src/gen/runspace/v1/session';
import { connectKeeper } from '../../src/keeper/client';
import { sessionFiles } from '../../src/keeper/session-files';
import { FakeClock } from '../support/fake-clock';
import { receive, short, start, TestKeeper } from '../support/keeper';
import { scriptedEngines } from '../support/scripted-engine';
import { temporaryFolder } from '../support/temporary-folder';
import { eventually, keptSession, refusal, type Kept } from './support/kept-session';
import { plainOpening } from '../support/plain-opening';

const removed = { reason: 'REMOVED', message: 'it was removed', metadata: {} };

test('closing a session stops what runs and what waits, for the reason given', async () => {
  await using it = await keptSession();
  for (const script of ['a', 'b']) await it.client.startPipeline(start(it.session, script));
  await it.engine.nextRun();
  await it.client.closeSession({ sessionId: it.session, problem: removed });
  const finals = await Promise.all(
    ['1', '2'].map(async (pipeline) =>
      (await receive(it.client, it.session, { pipeline })).records.map(short),
    ),
  );
  expect(finals).toEqual([['1 final stopped REMOVED'], ['1 final stopped REMOVED']]);
  expect(it.kept.keeper.session(it.session).kept()).toMatchObject({
    runspaceState: RunspaceState.RUNSPACE_STATE_CLOSED,
    problem: { reason: 'REMOVED' },
    enginePid: 0n,
  });
  expect(await refusal(it.client.startPipeline(start(it.session, 'c')))).toBe('SESSION_CLOSED');
});

test('a forgotten session is unknown, its readers end, and its files are let go of', async () => {
  await using it = await keptSession();
  await it.client.startPipeline(start(it.session, 'a'));
  const { journal } = it.kept.keeper.session(it.session);
  const reading = it.client.receiveSession(
    { sessionId: it.session, afterSequence: 0n },
    AbortSignal.timeout(5_000),
  );
  const next = reading[Symbol.asyncIterator]().next();
  await it.client.appendSessionRecord({
    sessionId: it.session,
    event: { event: 'x', problem: undefined, clientId: '' },
  });
  await next;
  await it.client.forgetSession({ sessionId: it.session });
  expect(await refusal(it.client.listPipelines({ sessionId: it.session }))).toBe('SESSION_NOT_FOUND');
  expect(() => journal.event({ event: 'y', problem: undefined, clientId: '' })).toThrow();
});

test("a session's own records are numbered, kept and handed out like a pipeline's", async () => {
  await using it = await keptSession();
  const append = (event: string) =>
    it.client.appendSessionRecord({
      sessionId: it.session,
      event: { event, problem: undefined, clientId: 'c' },
    });
  await append('opened');
  it.engine.options.onNotice({ stream: 'warning', message: 'noise between commands' });
  expect((await append('connected')).sequence).toBe(3n);
  const bodies: string[] = [];
  for await (const { event } of it.client.receiveSession(
    { sessionId: it.session, afterSequence: 1n },
    AbortSignal.timeout(5_000),
  )) {
    if (event?.$case !== 'batch') continue;
    bodies.push(...event.value.records.map((record) => short(record)));
    if (bodies.length === 2) break;
  }
  expect(bodies).toEqual(['2 warning', '3 sessionEvent']);
});

test('watching: all sessions, the end of the snapshot, then the latest state of what changed', async () => {
  await using it = await keptSession();
  const seen: string[] = [];
  for await (const { event } of it.client.watch(AbortSignal.timeout(5_000))) {
    if (event?.$case === 'session') seen.push(`session ${event.value.running?.command ?? 'idle'}`);
    else seen.push(event?.$case ?? '');
    if (event?.$case === 'snapshotEnd') await it.client.startPipeline(start(it.session, 'a'));
    if (seen.at(-1) === 'session a') await it.client.forgetSession({ sessionId: it.session });
    if (event?.$case === 'forgottenSessionId') break;
  }
  expect(seen.slice(0, 2)).toEqual(['session idle', 'snapshotEnd']);
  expect(seen).toContain('session a');
});

test('a watcher that does not look misses states in between, never the last one', async () => {
  await using it = await keptSession();
  const watching = it.client.watch(AbortSignal.timeout(10_000))[Symbol.asyncIterator]();
  await watching.next();
  await watching.next();
  for (let index = 0; index < 500; index += 1)
    it.kept.keeper.configure({ sessionId: it.session, sessionName: '', options: undefined });
  await it.client.startPipeline(start(it.session, 'last'));
  const last = await eventually(async () => {
    const { value } = (await watching.next()) as {
      value: { event?: { $case: string; value: { running?: { command: string } } } };
    };
    return value.event?.value.running?.command;
  });
  expect(last).toBe('last');
});

test('a keeper with open sessions does not shut down unless they are to be ended', async () => {
  await using it = await keptSession();
  expect(await refusal(it.client.shutdown({ endSessions: false }))).toBe('SESSION_BUSY');
  await it.client.shutdown({ endSessions: true });
  expect(it.kept.keeper.session(it.session).state).toBe('closed');
  expect(await refusal(it.kept.open())).toBe('SHUTTING_DOWN');
});

test('a keeper without sessions leaves after a minute, and not before', async () => {
  const clock = new FakeClock();
  await using kept = await TestKeeper.start({ engines: { javascript: scriptedEngines().open }, clock });
  clock.advance(59_000);
  expect(kept.leftBecause).toBeUndefined();
  clock.advance(1_000);
  expect(kept.leftBecause).toBe('no sessions');
});

test('a keeper whose last session is forgotten leaves a minute later', async () => {
  await using it = await keptSession();
  it.clock.advance(3_600_000);
  expect(it.kept.leftBecause).toBeUndefined();
  await it.client.forgetSession({ sessionId: it.session });
  it.clock.advance(60_000);
  expect(it.kept.leftBecause).toBe('no sessions');
});

test('a keeper that no daemon watched for 24 h closes its idle engines, and lets a running one run', async () => {
  await using it = await keptSession();
  const idle = await it.kept.open();
  await it.client.startPipeline(start(it.session, 'long'));
  for (let hour = 0; hour < 25; hour += 1) {
    it.clock.advance(3_600_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { keeper } = it.kept;
  await eventually(() => (keeper.session(idle).state === 'closed' ? true : undefined));
  expect(keeper.session(it.session).state).toBe('opened');
});

test('opening a session twice opens one engine', async () => {
  const engines = scriptedEngines();
  await using kept = await TestKeeper.start({ engines: { javascript: engines.open } });
  const session = await kept.open();
  await kept.client.openSession({
    sessionId: session,
    sessionName: 'work',
    target: 'localhost',
    engine: 'javascript',
    program: '',
    environment: {},
    workingDirectory: '/',
    options: undefined,
    ...plainOpening,
  });
  expect(engines.opened).toHaveLength(1);
});

test('a caller with another nonce is denied', async () => {
  await using it = await keptSession();
  const { socketPath, keeperId } = it.kept;
  const stranger = connectKeeper({ socketPath, keeperId, nonce: 'guess' }, AbortSignal.timeout(5_000));
  expect(await refusal(stranger)).toBe('ACCESS_DENIED');
});

test('another keeper than the expected one is not taken for it', async () => {
  await using it = await keptSession();
  const { socketPath, nonce } = it.kept;
  const keeperId = it.session as unknown as typeof it.kept.keeperId;
  expect(await refusal(connectKeeper({ socketPath, nonce, keeperId }, AbortSignal.timeout(5_000)))).toBe(
    'ACCESS_DENIED',
  );
});

test('a keeper of another protocol is refused, and says which version can serve it', async () => {
  using folder = temporaryFolder();
  const socketPath = join(folder.path, 'k.sock');
  const server = new Server();
  server.addService(
    { hello: KeeperServiceService.hello },
    {
      hello: (_call: unknown, answer: sendUnaryData<HelloResponse>) =>
        answer(null, { protocol: 99, version: '9.0.0', pid: 1n, keeperId: 'k' }),
    },
  );
  await new Promise((resolve) =>
    server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), resolve),
  );
  const address = { socketPath, nonce: 'x', keeperId: 'k' as TestKeeper['keeperId'] };
  await expect(connectKeeper(address, AbortSignal.timeout(5_000))).rejects.toMatchObject({
    code: 'KEEPER_INCOMPATIBLE',
    facts: { protocol: '99', version: '9.0.0' },
  });
  server.forceShutdown();
});

test('where nothing listens the keeper is lost', async () => {
  const address = { socketPath: '/nowhere/k.sock', nonce: 'x', keeperId: 'x' as TestKeeper['keeperId'] };
  expect(await refusal(connectKeeper(address, AbortSignal.timeout(5_000)))).toBe('KEEPER_LOST');
});

test('the end of a keeper is noticed at once, and every later call says so', async () => {
  const kept = await TestKeeper.start({ engines: { javascript: scriptedEngines().open } });
  const client = await kept.connect();
  await kept[Symbol.asyncDispose]();
  expect((await client.lost).code).toBe('KEEPER_LOST');
  expect(await refusal(client.shutdown({ endSessions: true }))).toBe('KEEPER_LOST');
});

test('the text of secure strings is nowhere on disk', async () => {
  await using it = await keptSession();
  await it.client.startPipeline(start(it.session, 'x'));
  const run = await it.engine.nextRun();
  const sealed = Buffer.from('correct horse battery staple', 'utf16le').toString('base64');
  await run.write({ stream: 'output', value: { type: 'secureString', sealed } });
  await run.end();
  const { records } = await receive(it.client, it.session);
  const { pipelines } = sessionFiles(it.kept.layout, it.session);
  const files = readdirSync(pipelines, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const bytes = files.map((file) => readFileSync(join(file.parentPath, file.name)));
  expect(bytes.some((content) => content.includes(sealed))).toBe(false);
  expect(records[0]?.body).toMatchObject({ value: { value: { kind: { $case: 'secureString' } } } });
});

test('P66 a secret that a command wrote can be given to another command of the session, and to no other session', async () => {
  await using it = await keptSession({}, 'powershell');
  const other = await it.kept.open('powershell');
  const secret = { type: 'secureString', sealed: 'cAA0AHMAcwA=' } as const;
  const value = await secretOf(it, secret);
  const command = Command.fromPartial({ script: 'y', arguments: [{ name: '', value }] });
  await it.client.startPipeline(start(it.session, 'y', { command }));
  const { invocation } = await it.engine.nextRun();
  expect(invocation.arguments).toEqual([{ value: secret }]);
  expect(await refusal(it.client.startPipeline(start(other, 'y', { command })))).toBe('INVALID_ARGUMENT');
});

test('P66 the keeper reveals a secret of the session that it is named for, and of no other', async () => {
  await using it = await keptSession();
  const other = await it.kept.open();
  const value = await secretOf(it, { type: 'secureString', sealed: 'cAA0AHMAcwA=' });
  const secretId = value?.kind?.$case === 'secureString' ? value.kind.value.secretId : '';
  const { textUtf16 } = await it.client.revealSecret({ sessionId: it.session, secretId });
  expect(Buffer.from(textUtf16).toString('utf16le')).toBe('p4ss');
  for (const [sessionId, id] of [
    [other, secretId],
    [it.session, `${secretId}x`],
  ] as const)
    expect(await refusal(it.client.revealSecret({ sessionId, secretId: id }))).toBe('INVALID_ARGUMENT');
});

test('P66 an engine without secure strings gets none: the refusal names the argument, and nothing runs', async () => {
  await using it = await keptSession();
  const secret = {
    kind: { $case: 'secureString', value: { textUtf16: Buffer.from('p\0', 'latin1') } },
  } as const;
  const command = Command.fromPartial({
    script: 'y',
    arguments: [{ value: { kind: undefined } }, { value: secret }],
  });
  const refused = it.client.startPipeline(start(it.session, 'y', { command }));
  await expect(refused).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    facts: { path: 'command.arguments[1].value', engine: 'javascript' },
  });
  expect((await it.client.listPipelines({ sessionId: it.session })).pipelines).toEqual([]);
});

/** A secret as it comes out of a session whose command wrote it. */
async function secretOf(it: Kept, value: Extract<Value, { type: 'secureString' }>) {
  await it.client.startPipeline(start(it.session, 'x'));
  const run = await it.engine.nextRun();
  await run.write({ stream: 'output', value });
  await run.end();
  const { records } = await receive(it.client, it.session);
  const body = records[0]?.body;
  return body?.$case === 'output' ? body.value.value : undefined;
}

test('an engine leaves its record on disk while it may be running, and takes it away', async () => {
  await using it = await keptSession();
  const { engineRecord } = sessionFiles(it.kept.layout, it.session);
  const record = JSON.parse(readFileSync(engineRecord, 'utf8')) as Record<string, unknown>;
  expect(record).toMatchObject({ keeperId: it.kept.keeperId, engine: 'javascript' });
  expect(it.engine.options.environment['RUNSPACED_ENGINE_NONCE']).toBe(record['nonce']);
  await it.client.closeSession({ sessionId: it.session, problem: removed });
  expect(existsSync(engineRecord)).toBe(false);
});
