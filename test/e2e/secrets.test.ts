import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  credential,
  credentialOf,
  Secret,
  secretOf,
  secureString,
  type RunspaceClient,
  type Session,
  type Value,
} from '../../clients/typescript';
import { Shell } from '../cli/support/shell';
import { describeWith } from '../support/requirements';
import { filesHolding, formsOf, holds } from '../support/traces';
import { kill, Machine } from './support/machine';

// Nothing else may look like them.
const secret = 'Zx9-hunter2-correct-horse-battery-staple';
const password = 'Qw7-another-secret-altogether-0815';
const typed = 'Jk3-given-on-the-command-line-4711';

jest.setTimeout(120_000);

async function valuesOf(pipeline: ReturnType<Session['invoke']>): Promise<Value[]> {
  const values: Value[] = [];
  for await (const record of pipeline.records())
    if (record.stream === 'output' && record.value !== undefined) values.push(record.value);
  return values;
}

async function* inputOf(...items: readonly unknown[]): AsyncGenerator {
  yield* items;
}

describeWith('powershell', 'secrets', () => {
  let machine: Machine;
  let client: RunspaceClient;
  let session: Session;
  const log: string[] = [];

  beforeAll(async () => {
    machine = new Machine();
    client = machine.client('secrets');
    await startDaemon();
    session = await client.sessions.create({ name: 'ps', engine: 'powershell' });
  }, 60_000);
  afterAll(() => machine[Symbol.asyncDispose](), 60_000);

  /** A daemon that says all that it can say. */
  async function startDaemon(): Promise<number> {
    const daemon = machine.start('runspaced', ['--log-level', 'debug']);
    for (const stream of [daemon.stdout, daemon.stderr])
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => log.push(line));
    await client.daemon.status();
    return daemon.pid ?? 0;
  }

  /** Where one of the secrets can be found. */
  function traces(): string[] {
    const forms = [secret, password, typed].flatMap(formsOf);
    const processes = machine
      .processes()
      .flatMap(({ pid }) => ['cmdline', 'environ'].map((name) => `/proc/${String(pid)}/${name}`));
    return [
      ...filesHolding(machine.home, forms),
      ...filesHolding(machine.runtimeFolder, forms),
      ...processes.filter((path) => holds(readFileSync(path), forms)),
      ...log.filter((line) => holds(Buffer.from(line), forms)),
    ];
  }

  test('P66 go in as arguments, input, using values and credentials, come out opaque, are revealed, and leave no trace', async () => {
    const script = `param($s, [pscredential] $c)
      $piped = @($input)[0]
      $used = $using:u
      $s; $c; @{ nested = @($piped, $used) }
      [System.Net.NetworkCredential]::new('', $s).Password.Length
      $PSCmdlet.WriteWarning('warned')
      $PSCmdlet.WriteError([System.Management.Automation.ErrorRecord]::new([Exception]::new('no'), 'Id', 'NotSpecified', $s))`;
    const pipeline = session.invoke(`[CmdletBinding()] ${script}`, {
      namedArguments: { s: secureString(secret), c: credential('ann', password) },
      using: { u: secureString(secret) },
      input: inputOf(secureString(secret)),
      acknowledge: true,
    });
    const [first, second, third, length] = await valuesOf(pipeline);

    expect(length?.kind).toEqual({ $case: 'int32', value: secret.length });
    const revealed = (found: Secret | undefined) => session.revealSecret(found ?? '');
    expect(await revealed(secretOf(first))).toBe(secret);
    const found = credentialOf(second);
    expect(found?.userName).toBe('ann');
    expect(await revealed(found?.password)).toBe(password);
    expect(third?.kind?.$case).toBe('dictionary');

    // Whatever else a command writes is there to be found.
    expect(filesHolding(machine.home, formsOf('warned'))).not.toEqual([]);
    // What came out goes in again: by its id, which only this session can read.
    const again = session.invoke(
      'param($s) [System.Net.NetworkCredential]::new("", $s).Password -ceq "no"; $s',
      {
        arguments: [secretOf(first)],
      },
    );
    const [isOther, back] = await valuesOf(again);
    expect(isOther?.kind).toEqual({ $case: 'bool', value: false });
    expect(await revealed(secretOf(back))).toBe(secret);
    expect(traces()).toEqual([]);
  });

  test('P66 are in no error: of a refused argument, of a reused request id, of a command that fails', async () => {
    const script = await client.sessions.create({ name: 'js', engine: 'javascript' });
    const failures = [
      () => script.start('1', { arguments: [{ deep: [secureString(secret)] }] }),
      () =>
        session.start('param($s) throw "failed"', { requestId: 'twice', arguments: [secureString(secret)] }),
      () => session.start('something else', { requestId: 'twice', arguments: [secureString(secret)] }),
      () => session.start('1', { arguments: [secureString(secret.repeat(10_000))] }),
      () => session.revealSecret(Buffer.from(secret).toString('base64url')),
    ];
    const reasons: string[] = [];
    for (const fail of failures)
      reasons.push(
        await fail().then(
          () => 'none',
          (error: unknown) => `${String(error)} ${JSON.stringify(error)}`,
        ),
      );
    expect(reasons).toEqual([
      expect.stringContaining('UNSUPPORTED') as string,
      'none',
      expect.stringContaining('REQUEST_ID_REUSED') as string,
      expect.stringContaining('INVALID_ARGUMENT') as string,
      expect.stringContaining('INVALID_ARGUMENT') as string,
    ]);
    expect(reasons.filter((text) => holds(Buffer.from(text), formsOf(secret)))).toEqual([]);
    expect(traces()).toEqual([]);
  });

  test('P66 the same request with another secret is the same request: a digest of it is kept nowhere', async () => {
    const start = (text: string) =>
      session.start('param($s) 1', { requestId: 'same', arguments: [secureString(text)] });
    expect((await start(secret)).id).toBe((await start(password)).id);
  });

  test('P66 come from a file on the command line, and are revealed by it', async () => {
    const shell = new Shell(machine, {});
    const file = machine.path('secret.txt');
    writeFileSync(file, `${typed}\n`);
    const words = ['--secret-file', `s=${file}`, '--credential', 'c=bob', '--secret-file', `c=${file}`];
    const script = 'param($s, $c) $s; $c.UserName; $c.GetNetworkCredential().Password.Length';
    const shown = await shell.run('invoke', 'ps', ...words, '--', script);
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toBe(`System.Security.SecureString\nbob\n${String(typed.length)}\n`);

    const json = await shell.run('invoke', 'ps', ...words, '-o', 'ndjson', '--', script);
    const [first = ''] = json.stdout.split('\n');
    const secretId = /"secretId":"([^"]+)"/.exec(first)?.[1] ?? '';
    expect(await shell.run('reveal', 'ps', secretId)).toMatchObject({ code: 0, stdout: `${typed}\n` });
    expect(traces()).toEqual([]);
  });

  test('P66 survive the daemon, and are lost with their keeper, which is said', async () => {
    const [value] = await valuesOf(session.invoke('param($s) $s', { arguments: [secureString(secret)] }));
    const kept = secretOf(value) ?? new Secret('');
    const [daemon] = machine.processes('daemon');
    await kill(daemon?.pid ?? 0);
    await startDaemon();
    expect(await session.revealSecret(kept)).toBe(secret);

    const { keepers } = await client.daemon.status();
    const keeper = keepers.find(({ sessionIds }) => sessionIds.includes(session.id));
    await kill(Number(keeper?.pid));
    await expect(session.revealSecret(kept)).rejects.toMatchObject({ reason: 'SECRET_LOST' });
    expect(traces()).toEqual([]);
  });
});
