import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net';
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import type { CreateOptions, RunspaceClient, Session } from '../../clients/typescript';
import { SessionServiceService } from '../../src/gen/runspace/v1/session';
import { Fleet, freePort, type FarDaemon } from './support/fleet';
import { Machine } from './support/machine';
import { readAll, wholeness } from './support/reading';
import { bash } from './support/scripts';
import { describeWith, fullPowershell } from '../support/requirements';
import { temporaryFolder } from '../support/temporary-folder';

let fleet: Fleet;
/** A machine without a daemon: its folder holds the authority of the fleet. */
let office: Machine;
let near: Machine;
let far: FarDaemon;
let client: RunspaceClient;

function pki(...args: readonly string[]): Promise<void> {
  return fleet.pki(...args);
}

async function valuesOf(session: Session, script: string): Promise<string> {
  const { outputs, end } = await readAll(session.invoke(script));
  return [...outputs, ...(end === 'completed' ? [] : [end])].join(' ');
}

/** The reason and message that a session is not opened for; `opened` if it is, with its warnings. */
async function outcomeOf(options: CreateOptions): Promise<string> {
  try {
    const session = await client.sessions.create({ engine: 'bash', ...options });
    await session.remove();
    return 'opened';
  } catch (error) {
    if (error instanceof Error && 'reason' in error) return `${String(error.reason)}: ${error.message}`;
    throw error;
  }
}

async function audited(machine: Machine, event: string): Promise<readonly Record<string, unknown>[]> {
  const { stdout } = await machine.run('runspaced', ['audit', '-o', 'ndjson', '--event', event]);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Stands between two machines: what goes through it can be cut, and can stand still. */
class Cable implements AsyncDisposable {
  readonly #server = createServer((socket) => this.#join(socket));
  readonly #sockets = new Set<Socket>();
  readonly #to: { readonly host: string; readonly port: number };
  port = 0;

  private constructor(to: { readonly host: string; readonly port: number }) {
    this.#to = to;
  }

  static async to(to: { readonly host: string; readonly port: number }): Promise<Cable> {
    const cable = new Cable(to);
    cable.#server.listen(0, to.host);
    await once(cable.#server, 'listening');
    cable.port = (cable.#server.address() as AddressInfo).port;
    return cable;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** What is connected now says nothing any more; new connections do. */
  stall(): void {
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(here: Socket): void {
    const there = connectTcp(this.#to.port, this.#to.host);
    for (const [one, other] of [
      [here, there],
      [there, here],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => one.destroy());
      one.once('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}

beforeAll(async () => {
  fleet = await Fleet.start();
  office = fleet.office;
  await pki('client', 'anna', '--out', office.path('anna'));
  far = await fleet.daemon('127.0.0.2');
  near = new Machine({ more: { RUNSPACED_CERTIFICATES: office.path('anna') } });
  await near.startReadyDaemon();
  client = near.client();
}, 60_000);

afterAll(async () => {
  for (const machine of [near, far, fleet]) await machine[Symbol.asyncDispose]();
}, 60_000);

test('P03 P33: a session lives at another daemon, for the one whose certificate was shown', async () => {
  const session = await client.sessions.create({ name: 'work', engine: 'bash', target: far.target() });
  await valuesOf(session, bash.set(40));
  const { info } = await session.refresh();
  const logins = await audited(far.machine, 'login');
  expect({
    kept: await valuesOf(session, bash.get),
    here: [info.name, info.target, info.transport],
    // Its administrator sees no session of another.
    there: await far.machine.client().sessions.list(),
    who: new Set(logins.map(({ principal }) => principal)),
  }).toEqual({ kept: '40', here: ['work', '127.0.0.2', 'daemon'], there: [], who: new Set(['cert:anna']) });
  await session.remove();
});

test('P42: links are cut again and again while records come, and each comes once', async () => {
  await using cable = await Cable.to(far);
  const target = far.target({ port: cable.port });
  const session = await client.sessions.create({ engine: 'bash', target });
  const count = 3_000;
  const pipeline = await session.start(bash.numbers(count, 100, 100));
  let cuts = 0;
  let seen = 0;
  const read = await readAll(session.receive({ pipeline: pipeline.id, afterSequence: 0n }), () => {
    seen += 1;
    if (seen % 250 !== 0) return;
    cuts += 1;
    cable.cut();
  });
  expect([wholeness(read, count), cuts > 8]).toEqual(['whole', true]);
  await session.remove();
});

test('P42: a link that stands still is given up, and another heals it', async () => {
  await using cable = await Cable.to(far);
  const session = await client.sessions.create({ engine: 'bash', target: far.target({ port: cable.port }) });
  const pipeline = await session.start(bash.numbers(400, 10, 20));
  let seen = 0;
  const read = await readAll(session.receive({ pipeline: pipeline.id, afterSequence: 0n }), () => {
    seen += 1;
    if (seen === 50) cable.stall();
  });
  expect(wholeness(read, 400)).toBe('whole');
  await session.remove();
}, 60_000);

test('P42 P73: the daemons of both sides are killed, and the session goes on', async () => {
  const session = await client.sessions.create({ name: 'stays', engine: 'bash', target: far.target() });
  await valuesOf(session, bash.set(41));
  const pipeline = await session.start(bash.numbers(300, 10, 20));
  for (const machine of [near, far.machine]) {
    for (const { pid } of machine.processes('daemon')) process.kill(pid, 'SIGKILL');
    await machine.untilProcesses('daemon', 0);
  }
  await near.startReadyDaemon();
  await far.machine.startReadyDaemon();
  const again = await near.client().sessions.get('stays');
  const read = await readAll(again.receive({ pipeline: pipeline.id, afterSequence: 0n }));
  expect([wholeness(read, 300), await valuesOf(again, bash.get)]).toEqual(['whole', '41']);
  await again.remove();
}, 60_000);

describe('P54 P94: of three bad certificates and three switches, each switch lets in its own', () => {
  const switches = ['skipCaCheck', 'skipCnCheck', 'skipRevocationCheck'] as const;
  const reasons = ['CERTIFICATE_UNTRUSTED', 'CERTIFICATE_NAME_MISMATCH', 'CERTIFICATE_REVOKED'];
  const daemons: FarDaemon[] = [];
  let visitor: Machine;

  beforeAll(async () => {
    const strangers = office.path('strangers');
    await pki('init', '--folder', strangers);
    await pki('server', '127.0.0.3', '--folder', strangers, '--out', office.path('strange'));
    await pki('server', 'other.example', '--out', office.path('misnamed'));
    await pki('server', '127.0.0.3', 'revoked.example', '--out', office.path('revoked'));
    const { serialNumber } = new X509Certificate(readFileSync(office.path('revoked/server.crt')));
    await pki('revoke', serialNumber);
    const folder = office.path('visitor');
    mkdirSync(folder);
    cpSync(office.path('anna'), folder, { recursive: true });
    cpSync(join(office.environment['HOME'] ?? '', '.config/runspaced/pki/crl.pem'), join(folder, 'crl.pem'));
    for (const name of ['strange', 'misnamed', 'revoked']) {
      // They all know the callers of this fleet; only what they show of themselves is bad.
      cpSync(office.path('anna/ca.crt'), office.path(`${name}/ca.crt`));
      cpSync(join(folder, 'crl.pem'), office.path(`${name}/crl.pem`));
      daemons.push(await fleet.daemon('127.0.0.3', { folder: office.path(name) }));
    }
    visitor = new Machine({ more: { RUNSPACED_CERTIFICATES: folder } });
    await visitor.startReadyDaemon();
  }, 60_000);

  afterAll(async () => {
    for (const daemon of daemons) await daemon[Symbol.asyncDispose]();
    await visitor[Symbol.asyncDispose]();
  }, 60_000);

  test.each([0, 1, 2])('certificate %i', async (index) => {
    const daemon = daemons[index];
    if (daemon === undefined) throw new Error('no daemon');
    const own = client;
    client = visitor.client();
    const outcomes = [await outcomeOf({ target: daemon.target() })];
    for (const name of switches)
      outcomes.push(await outcomeOf({ target: daemon.target(), options: { [name]: true } }));
    client = own;
    const reason = reasons[index] ?? '';
    const expected = [reason, ...switches.map((_, at) => (at === index ? 'opened' : reason))];
    expect(outcomes.map((outcome) => outcome.split(':')[0])).toEqual(expected);
    expect(outcomes[0]).toMatch(/Skip(CA|CN|Revocation)Check/);
  });
});

test('P54: a warning names each check that is switched off, and each option that does nothing', async () => {
  const warningsOf = async (options: CreateOptions): Promise<readonly string[]> => {
    const session = await client.sessions.create({ engine: 'bash', ...options });
    await session.remove();
    return session.info.optionWarnings.map(
      ({ reason, message }) => `${reason} ${message.split(/[: ]/)[0] ?? ''}`,
    );
  };
  const options = { skipCaCheck: true, skipCnCheck: true, skipRevocationCheck: true };
  const atHome = await warningsOf({ options: { skipCaCheck: true } });
  expect([await warningsOf({ target: far.target(), options }), atHome]).toEqual([
    ['CHECK_SKIPPED SkipCACheck', 'CHECK_SKIPPED SkipCNCheck', 'CHECK_SKIPPED SkipRevocationCheck'],
    ['OPTION_HAS_NO_EFFECT the'],
  ]);
});

test('P03 P19: where nobody names an engine it is the other daemon’s default, and shown', async () => {
  await using daemon = await fleet.daemon('127.0.0.9', { more: { RUNSPACED_PWSH: '/nonexistent' } });
  const session = await client.sessions.create({ target: daemon.target() });
  expect([session.info.engine, await valuesOf(session, '6 * 7')]).toEqual(['javascript', '42']);
  await session.remove();
});

test('P03: this machine by its name is this machine', async () => {
  const session = await client.sessions.create({
    engine: 'bash',
    target: { is: 'daemon', host: 'localhost' },
  });
  expect([session.info.transport, session.info.target]).toEqual(['local', 'localhost']);
  await session.remove();
});

test('P22: a certificate is named by its thumbprint, however that is written', async () => {
  const { fingerprint, fingerprint256 } = new X509Certificate(
    readFileSync(office.path('anna/client/anna.crt')),
  );
  const written = [fingerprint.replaceAll(':', ' ').toLowerCase(), fingerprint256];
  const outcomes: string[] = [];
  for (const certificateThumbprint of [...written, '00ff'])
    outcomes.push(await outcomeOf({ target: far.target({ certificateThumbprint }) }));
  expect(outcomes).toEqual(['opened', 'opened', expect.stringMatching(/^CERTIFICATE_NOT_FOUND: .*00ff/)]);
});

test('P81 P93: a token lets its user in, as a password too; a wrong or revoked one does not, and the host is named', async () => {
  const run = (...args: string[]) => far.machine.run('runspaced', ['token', ...args]);
  const token = (await run('new', '--user', 'user01')).stdout.trim();
  const target = far.target();
  const before = [
    await outcomeOf({ target, credential: { token } }),
    await outcomeOf({ target, credential: { userName: 'user01', password: token } }),
    await outcomeOf({ target, credential: { userName: 'user02', password: token } }),
    await outcomeOf({ target, credential: { userName: 'user01', password: 'guess' } }),
  ];
  await run('revoke', 'user01');
  const after = await outcomeOf({ target, credential: { token } });
  const failed = expect.stringMatching(/^AUTHENTICATION_FAILED: 127\.0\.0\.2/) as string;
  expect([...before, after]).toEqual(['opened', 'opened', failed, failed, failed]);
  const state = readFileSync(join(far.machine.home, 'tokens.ndjson'), 'utf8');
  expect(state).not.toContain(token.split('_').at(-1));
  expect((await audited(far.machine, 'denied')).map(({ reason }) => reason)).toContain(
    'AUTHENTICATION_FAILED',
  );
});

test('P19 P23: a wrong configuration, application name or port is told with the host that has it not', async () => {
  const nobody = await freePort('127.0.0.2');
  expect([
    await outcomeOf({ target: far.target({ applicationName: 'PowerShell' }) }),
    await outcomeOf({ target: far.target({ applicationName: 'Nope' }) }),
    await outcomeOf({ target: far.target(), engine: '', configuration: 'Microsoft.Exchange' }),
    await outcomeOf({ target: far.target({ port: nobody }) }),
    await outcomeOf({ target: { is: 'daemon', host: 'no-such-host.invalid' } }),
  ]).toEqual([
    'opened',
    expect.stringMatching(/^APPLICATION_NOT_FOUND: 127\.0\.0\.2.*\/PowerShell/),
    expect.stringMatching(/^CONFIGURATION_NOT_FOUND: 127\.0\.0\.2.*Microsoft\.Exchange/),
    expect.stringMatching(/^CONNECTION_REFUSED: 127\.0\.0\.2/),
    expect.stringMatching(/^HOST_NOT_FOUND: no-such-host\.invalid/),
  ]);
});

test('P24 P55 P95: a redirection is followed as far as the caller lets it, and every hop is named', async () => {
  await using last = await fleet.daemon('127.0.0.4');
  const to = (daemon: FarDaemon) => ({
    more: { RUNSPACED_LISTEN_REDIRECT: `grpcs://${daemon.host}:${String(daemon.port)}/PowerShell` },
  });
  await using second = await fleet.daemon('127.0.0.5', to(last));
  await using first = await fleet.daemon('127.0.0.6', to(second));
  const places = [first, second, last].map(({ host, port }) => `${host}:${String(port)}`);
  const allowed = first.target({ allowRedirection: true });
  const outcomes = [
    await outcomeOf({ target: first.target() }),
    await outcomeOf({ target: allowed, options: { maximumRedirection: 1 } }),
  ];
  const asked = await audited(last.machine, 'sessionCreated');
  outcomes.push(await outcomeOf({ target: allowed }));
  const token = (await last.machine.run('runspaced', ['token', 'new', '--user', 'u'])).stdout.trim();
  outcomes.push(
    await outcomeOf({ target: allowed, credential: { token } }),
    await outcomeOf({ target: { ...allowed, forwardCredential: true }, credential: { token } }),
    await outcomeOf({ target: { ...allowed, delegateCredential: true }, credential: { token } }),
  );
  expect(asked).toEqual([]);
  expect(outcomes).toEqual([
    expect.stringContaining(`grpcs://${places[1] ?? ''}`),
    expect.stringContaining(places.join(' -> ')),
    'opened',
    expect.stringMatching(/^AUTHENTICATION_FAILED: 127\.0\.0\.4/),
    'opened',
    expect.stringMatching(/^REDIRECTED: .*delegated/),
  ]);
}, 60_000);

test('P04 P93 P94 on the command line: by address, with a token as the password; Basic is refused, a wrong name names the right one', async () => {
  const at = `grpcs://${far.host}:${String(far.port)}`;
  const { stdout: token } = await far.machine.run('runspaced', ['token', 'new', '--user', 'dan']);
  const file = office.path('token');
  writeFileSync(file, token);
  const invoke = (uri: string, ...args: string[]) =>
    near.run('runspace', [
      'invoke',
      '--connection-uri',
      uri,
      '--engine',
      'javascript',
      ...args,
      '--',
      '"Dan Park"',
    ]);
  const proof = ['--credential', 'dan', '--password-file', file];
  const checks = ['--session-option', 'SkipCACheck,SkipCNCheck,SkipRevocationCheck'];
  const taken = await invoke(`${at}/PowerShell`, ...proof, ...checks);
  const refused = [
    await invoke(`${at}/Nope`, ...proof),
    await invoke(`${at}/PowerShell`, ...proof, '--authentication', 'Basic'),
    await invoke(at.replace('grpcs', 'grpc'), ...proof),
  ];
  expect([taken.code, taken.stdout, taken.stderr.match(/Skip\w+Check/g)]).toEqual([
    0,
    'Dan Park\n',
    ['SkipCACheck', 'SkipCNCheck', 'SkipRevocationCheck'],
  ]);
  expect(refused.map(({ code }) => code)).toEqual([1, 2, 2]);
  expect(refused.map(({ stderr }) => stderr)).toEqual([
    expect.stringContaining('/PowerShell'),
    expect.stringMatching(/Basic.*grpcs/),
    expect.stringContaining('grpcs://'),
  ]);
});

describe('nobody knows the caller', () => {
  const list = SessionServiceService.listSessions;
  const watch = SessionServiceService.watchSessions;
  const noFilters = { clientId: '', sessions: [], states: [], engine: '', pageSize: 0, pageToken: '' };
  let stranger: Client;

  beforeAll(() => {
    const trusted = credentials.createSsl(readFileSync(office.path('anna/ca.crt')));
    stranger = new Client(`${far.host}:${String(far.port)}`, trusted);
  });

  afterAll(() => stranger.close());

  /** What a call ends with, its own principal claimed. */
  function answerTo(path: string, request: Buffer): Promise<status | 'answered'> {
    const metadata = new Metadata();
    metadata.set('runspaced-principal', 'cert:anna');
    return new Promise((resolve) => {
      const asIs = (bytes: Buffer): Buffer => bytes;
      const call = stranger.makeServerStreamRequest(path, asIs, asIs, request, metadata);
      call.on('data', () => undefined);
      call.on('error', (error: Partial<ServiceError>) => resolve(error.code ?? status.UNKNOWN));
      call.on('end', () => resolve('answered'));
    });
  }

  test('P03 no call is served, nor is a claim believed; only health is told', async () => {
    const asked = [
      answerTo(list.path, list.requestSerialize(noFilters)),
      answerTo(watch.path, watch.requestSerialize({ clientId: '', sessions: [] })),
      answerTo('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', Buffer.from([0x3a, 0])),
      answerTo('/grpc.health.v1.Health/Check', Buffer.alloc(0)),
    ];
    const denied = status.PERMISSION_DENIED;
    expect(await Promise.all(asked)).toEqual([denied, denied, denied, 'answered']);
  });
});

describeWith('full-powershell', 'a full PowerShell at another daemon', () => {
  test('P68 its formatters lay out what is shown here', async () => {
    await using daemon = await fleet.daemon('127.0.0.10', { more: { RUNSPACED_PWSH: fullPowershell } });
    const session = await client.sessions.create({ engine: 'powershell', target: daemon.target() });
    const shown: string[] = [];
    for await (const record of session.invoke("[version]'1.2'", { display: { columns: 40 } }).records())
      if (record.stream === 'display') shown.push(...record.text.split('\n').map((line) => line.trimEnd()));
    expect(shown.slice(0, 4)).toEqual([
      '',
      'Major  Minor  Build  Revision',
      '-----  -----  -----  --------',
      '1      2      -1     -1',
    ]);
    await session.remove();
  }, 60_000);
});

test('P54 a caller whose certificate is revoked is let in no more, from its next connection on', async () => {
  const folder = office.path('carl');
  await pki('client', 'carl', '--out', folder);
  await using daemon = await fleet.daemon('127.0.0.8');
  await using visitor = new Machine({ more: { RUNSPACED_CERTIFICATES: folder } });
  await visitor.startReadyDaemon();
  const own = client;
  client = visitor.client();
  const before = await outcomeOf({ target: daemon.target() });
  await pki('revoke', 'carl');
  const list = join(office.environment['HOME'] ?? '', '.config/runspaced/pki/crl.pem');
  cpSync(list, join(daemon.machine.environment['RUNSPACED_CERTIFICATES'] ?? '', 'crl.pem'));
  const after = await outcomeOf({ target: daemon.target() });
  client = own;
  expect([before, after.split(':')[0]]).toEqual(['opened', 'AUTHENTICATION_FAILED']);
}, 30_000);

test('without certificates, without TLS and as root unasked the daemon does not listen for others', async () => {
  using empty = temporaryFolder();
  const port = await freePort('127.0.0.7');
  const RUNSPACED_LISTEN = `127.0.0.7:${String(port)}`;
  await using bare = new Machine({
    more: { RUNSPACED_LISTEN, RUNSPACED_CERTIFICATES: empty.path, RUNSPACED_LISTEN_AS_ROOT: 'yes' },
  });
  const { code, stderr } = await bare.run('runspaced', ['run']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('ca.crt')]);
  const plain = createServer((socket) => socket.end('SSH-2.0-nobody\r\n')).listen(port, '127.0.0.7');
  await once(plain, 'listening');
  expect(await outcomeOf({ target: { is: 'daemon', host: '127.0.0.7', port } })).toMatch(/^NOT_TLS: /);
  plain.close();
});
