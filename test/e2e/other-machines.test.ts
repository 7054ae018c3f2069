import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type RunspaceClient } from '../../clients/typescript';
import { Shell } from '../cli/support/shell';
import { describeWith, pythonForTests } from '../support/requirements';
import { Fleet, freePort, type FarDaemon } from './support/fleet';
import { Machine } from './support/machine';
import { readAll } from './support/reading';
import { bash } from './support/scripts';

let fleet: Fleet;
let far: FarDaemon;
/** Where people sit: no daemon runs here. */
let desk: Machine;
let address: string;

beforeAll(async () => {
  fleet = await Fleet.start();
  far = await fleet.daemon('127.0.0.14');
  await fleet.pki('client', 'anna', '--out', fleet.office.path('anna'));
  desk = new Machine({ more: { RUNSPACED_CERTIFICATES: fleet.office.path('anna') } });
  address = `grpcs://${far.host}:${String(far.port)}`;
}, 60_000);

afterAll(async () => {
  for (const machine of [desk, far, fleet]) await machine[Symbol.asyncDispose]();
}, 60_000);

function clientWith(environment: Readonly<Record<string, string>>, at = address): RunspaceClient {
  return connect({ environment: { ...desk.environment, ...environment }, address: at, connectTimeoutMs: 0 });
}

/** What a Python program says that has a client there. */
function python(script: string, environment: Readonly<Record<string, string>> = {}): string {
  const clients = join(__dirname, '..', '..', 'clients', 'python');
  const ran = spawnSync(pythonForTests, ['-c', `from runspaced import Client, RunspaceError\n${script}`], {
    env: { ...desk.environment, PYTHONPATH: clients, RUNSPACED_ADDRESS: address, ...environment },
    encoding: 'utf8',
  });
  return ran.stdout + ran.stderr;
}

describeWith('python', 'clients of other machines, over TLS', () => {
  test('P33 P112 what the command line opened Python reads and Node takes over, which is told', async () => {
    const shell = new Shell(desk, { RUNSPACED_ADDRESS: address });
    expect(await shell.run('new', 'p33', '--engine', 'bash')).toMatchObject({ code: 0, stdout: 'p33\n' });
    await shell.run('invoke', 'p33', '--', 'p=42');
    expect(python(`print(list(Client().pipelines.invoke('p33', 'echo $p').values()))`)).toBe("['42']\n");
    const waiting = shell.start('invoke', 'p33', '--', 'echo begun; sleep 600');
    await waiting.sees('begun');
    using node = clientWith({});
    const session = await node.sessions.get('p33');
    await session.connect({ takeOver: true });
    expect(await waiting.ended).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('took over session "p33"') as never,
    });
    await session.stop();
    const { outputs } = await readAll(session.invoke('echo $p'));
    expect(outputs).toEqual(['42']);
    expect((await shell.run('show', 'p33')).stdout).toMatch(/target +: localhost/);
    expect((await far.machine.client().sessions.list()).map(({ name }) => name)).toEqual([]);
    await session.remove();
  }, 60_000);

  test('P93 a token lets in; without proof, and with a wrong one, nobody is', async () => {
    const made = await far.machine.run('runspaced', ['token', 'new', '--user', 'bob']);
    const file = desk.path('token');
    writeFileSync(file, made.stdout);
    const empty = { RUNSPACED_CERTIFICATES: desk.path('trusting') };
    await fleet.pki('client', 'nobody', '--out', desk.path('trusting'));
    spawnSync('rm', ['-r', desk.path('trusting/client')]);
    const withToken = { ...empty, RUNSPACED_TOKEN_FILE: file };
    using bob = clientWith(withToken);
    const { info } = await bob.sessions.create({ name: 'of-bob', engine: 'bash' });
    expect(info.owner).toBe('user:bob');
    expect(python(`print([s.name for s in Client().sessions.list()])`, withToken)).toBe("['of-bob']\n");
    using nobody = clientWith(empty);
    await expect(nobody.sessions.list()).rejects.toMatchObject({ reason: 'AUTHENTICATION_FAILED' });
    writeFileSync(file, `${made.stdout.trim()}x`);
    using wrong = clientWith(withToken);
    await expect(wrong.sessions.list()).rejects.toMatchObject({ reason: 'AUTHENTICATION_FAILED' });
    const refusal = `try: Client().sessions.list()\nexcept RunspaceError as error: print(error.reason)`;
    expect(python(refusal, withToken)).toBe('AUTHENTICATION_FAILED\n');
    writeFileSync(file, 'two\nlines');
    using broken = clientWith(withToken);
    await expect(broken.sessions.list()).rejects.toMatchObject({ reason: 'INVALID_ARGUMENT' });
    expect(python(refusal, withToken)).toBe('INVALID_ARGUMENT\n');
  }, 60_000);
});

test('P03 a token of the API lets its user in until it is revoked; who came in by one makes none', async () => {
  const { access } = far.machine.client();
  const { text } = await access.createToken('dora');
  using dora = connect({
    environment: desk.environment,
    address,
    certificatesFolder: fleet.office.path('anna'),
    token: text,
  });
  const { info } = await dora.sessions.create({ engine: 'bash' });
  expect(info.owner).toBe('user:dora');
  for (const refused of [
    dora.access.createToken('dora'),
    dora.access.listTokens(),
    dora.access.revokeToken('dora'),
  ])
    await expect(refused).rejects.toMatchObject({ reason: 'ACCESS_DENIED' });
  await access.revokeToken('dora');
  await expect(dora.sessions.list()).rejects.toMatchObject({ reason: 'AUTHENTICATION_FAILED' });
});

test('P23 P54 who is not reached, not trusted or not the one that was called says so', async () => {
  const port = await freePort('127.0.0.14');
  using nowhere = clientWith({}, `grpcs://127.0.0.14:${String(port)}`);
  await expect(nowhere.sessions.list()).rejects.toMatchObject({ reason: 'DAEMON_UNREACHABLE' });
  using stranger = clientWith({ RUNSPACED_CERTIFICATES: desk.path('nothing') });
  await expect(stranger.sessions.list()).rejects.toMatchObject({ reason: 'CERTIFICATE_UNTRUSTED' });
  using misnamed = clientWith({}, address.replace('127.0.0.14', '127.0.0.15'));
  await expect(misnamed.sessions.list()).rejects.toMatchObject({ reason: 'DAEMON_UNREACHABLE' });
  using other = clientWith({}, `${address}/Nope`);
  await expect(other.sessions.list()).rejects.toMatchObject({ reason: 'APPLICATION_NOT_FOUND' });
  expect(() => clientWith({}, 'grpc://127.0.0.14')).toThrow(/grpcs:\/\/host:port/);
});

test('P42 a stream over TLS goes on after the daemon there was killed', async () => {
  using client = connect({ environment: desk.environment, address });
  const session = await client.sessions.create({ name: 'long', engine: 'bash' });
  const reading = readAll(session.invoke(bash.numbers(300, 10, 10)));
  for (const { pid } of far.machine.processes('daemon')) process.kill(pid, 'SIGKILL');
  await far.machine.startReadyDaemon();
  const { outputs, end } = await reading;
  expect([outputs.length, end]).toEqual([300, 'completed']);
  await session.remove();
}, 60_000);
