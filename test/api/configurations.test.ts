import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationSource } from '../../clients/typescript';
import { valuesOf, serve } from './support/served';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const configurationsFolder = join(folder.path, 'configurations');
mkdirSync(configurationsFolder);
afterAll(() => {
  folder[Symbol.dispose]();
});

function write(name: string, ...lines: readonly string[]): void {
  writeFileSync(join(configurationsFolder, name), `${lines.join('\n')}\n`);
}

describe('session configurations', () => {
  const served = serve({ configurationsFolder });
  const { API, BUILT_IN, FILE } = {
    API: ConfigurationSource.CONFIGURATION_SOURCE_API,
    BUILT_IN: ConfigurationSource.CONFIGURATION_SOURCE_BUILT_IN,
    FILE: ConfigurationSource.CONFIGURATION_SOURCE_FILE,
  };

  async function register(...lines: readonly string[]) {
    return served.client.configurations.register(lines.join('\n'));
  }

  test('P40 every engine that is found has one', async () => {
    const found = await served.client.configurations.get('JavaScript');
    expect(found).toMatchObject({ name: 'javascript', engine: 'javascript', source: BUILT_IN, version: 1n });
    const sessions = await served.client.sessions.create({ configuration: 'javascript' });
    expect(sessions.info).toMatchObject({ engine: 'javascript', configuration: 'javascript' });
  });

  test('P40 one is registered, used, replaced and unregistered; sessions keep what they were opened with', async () => {
    const first = await register(
      'name: Ops',
      'engine: javascript',
      'description: for tests',
      "startup_script: globalThis.started = process.cwd() + ' ' + process.env.COLOUR + ' ' + path.basename('/a/b')",
      'modules: [path]',
      'environment: { COLOUR: green }',
      'working_directory: /usr',
      'defaults: { idle_timeout: 90s }',
    );
    expect(first).toMatchObject({ name: 'Ops', version: 1n, source: API });
    const session = await served.client.sessions.create({ configuration: 'OPS', workingDirectory: '/' });
    expect(session.info).toMatchObject({ configuration: 'Ops', configurationVersion: 1n });
    expect(session.info.options?.idleTimeout?.seconds).toBe(90n);
    expect(await valuesOf(session, 'started')).toEqual(['/usr green b']);

    const second = await register('name: ops', 'engine: javascript', 'startup_script: var x = 2');
    expect(second.version).toBe(2n);
    await served.client.configurations.unregister('ops');
    await expect(served.client.configurations.get('ops')).rejects.toMatchObject({
      reason: 'CONFIGURATION_NOT_FOUND',
    });
    expect((await served.client.sessions.get(session.id)).info).toMatchObject({
      configuration: 'Ops',
      configurationVersion: 1n,
    });
    expect((await register('name: ops', 'engine: javascript')).version).toBe(3n);
  });

  test('P19 a resource URI is the name; what nobody knows is told with the target', async () => {
    const uri = 'http://schemas.microsoft.com/powershell/JavaScript';
    const session = await served.client.sessions.create({ configuration: uri });
    expect(session.info.configuration).toBe('javascript');
    await expect(served.client.sessions.create({ configuration: 'nothing' })).rejects.toMatchObject({
      reason: 'CONFIGURATION_NOT_FOUND',
      grpcCode: 'NOT_FOUND',
      message: expect.stringMatching(/"nothing" on localhost/),
    });
    await expect(
      served.client.sessions.create({ configuration: 'javascript', engine: 'powershell' }),
    ).rejects.toMatchObject({ reason: 'INVALID_ARGUMENT' });
  });

  test('P40 files apply without a restart; a broken one is told of and stops nothing else', async () => {
    write('good.yaml', 'engine: javascript', 'startup_script: var from = "file"');
    write('bad.yaml', 'engine: javascript', 'no_such_field: 1');
    write('worse.yml', ': : :');
    const listed = await served.client.configurations.list();
    const problems = Object.fromEntries(listed.map(({ name, problem }) => [name, problem?.message]));
    expect(problems).toMatchObject({
      good: undefined,
      bad: expect.stringContaining('no_such_field'),
      worse: expect.stringContaining('worse.yml'),
    });
    const session = await served.client.sessions.create({ configuration: 'good' });
    expect(await valuesOf(session, 'from')).toEqual(['file']);
    await expect(served.client.sessions.create({ configuration: 'bad' })).rejects.toMatchObject({
      reason: 'CONFIGURATION_INVALID',
    });
    write('good.yaml', 'engine: javascript', 'startup_script: var from = "edited"');
    const later = await served.client.sessions.create({ configuration: 'good' });
    expect(await valuesOf(later, 'from')).toEqual(['edited']);
    expect((await served.client.configurations.get('good')).source).toBe(FILE);
  });

  test('P40 files and built-in ones are not changed by calls', async () => {
    write('fixed.yaml', 'engine: javascript');
    await expect(register('name: FIXED', 'engine: javascript')).rejects.toMatchObject({
      reason: 'CONFIGURATION_READ_ONLY',
      message: expect.stringContaining('fixed.yaml'),
    });
    for (const name of ['fixed', 'javascript'])
      await expect(served.client.configurations.unregister(name)).rejects.toMatchObject({
        reason: 'CONFIGURATION_READ_ONLY',
      });
  });

  test('P40 Python sessions are prepared likewise', async () => {
    await register(
      'name: py',
      'engine: python',
      'modules: [json, os.path]',
      'startup_script: "x = json.dumps([1])"',
    );
    const session = await served.client.sessions.create({ configuration: 'py' });
    expect(await valuesOf(session, "x + os.path.join('a', 'b')")).toEqual(['[1]a/b']);
    await register('name: py-fails', 'engine: python', 'startup_script: "1 / 0"');
    await expect(served.client.sessions.create({ configuration: 'py-fails' })).rejects.toMatchObject({
      reason: 'ENGINE_START_FAILED',
      message: expect.stringContaining('division by zero'),
    });
  });

  test('P40 bash sessions are prepared likewise', async () => {
    await register('name: sh', 'engine: bash', "startup_script: 'x=4; greet() { echo hello $1; }'");
    const session = await served.client.sessions.create({ configuration: 'sh' });
    expect(await valuesOf(session, 'greet $x')).toEqual(['hello 4']);
    await register('name: sh-fails', 'engine: bash', 'startup_script: "false"');
    await expect(served.client.sessions.create({ configuration: 'sh-fails' })).rejects.toMatchObject({
      reason: 'ENGINE_START_FAILED',
      message: expect.stringContaining('exit code 1'),
    });
  });

  test('P40 an error in the start-up script fails the opening, and shows the error', async () => {
    await register('name: fails', 'engine: javascript', "startup_script: throw new Error('no luck today')");
    await expect(served.client.sessions.create({ configuration: 'fails' })).rejects.toMatchObject({
      reason: 'ENGINE_START_FAILED',
      message: expect.stringMatching(/start-up script of configuration "fails" failed.*no luck today/),
    });
  });

  test('P40 what the start-up script writes are records of the session; commands wait for its end', async () => {
    await register(
      'name: talks',
      'engine: javascript',
      "startup_script: |\n  console.log('good morning');\n  await new Promise((done) => setTimeout(done, 500));\n  globalThis.ready = true;",
    );
    const session = await served.client.sessions.create({ configuration: 'talks', wait: false });
    expect(await valuesOf(session, 'ready')).toEqual([true]);
    const leaving = new AbortController();
    const texts: string[] = [];
    const events = served.client.sessions.attach(session.id, { afterSequence: 0n, signal: leaving.signal });
    for await (const event of events) {
      texts.push(
        JSON.stringify(event, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
      );
      if (texts.some((text) => text.includes('good morning'))) break;
    }
    leaving.abort();
    expect(texts.join('\n')).toContain('good morning');
  });

  test('P58 limits beat what callers ask for; what they leave out is clipped to them', async () => {
    await register(
      'name: limited',
      'engine: javascript',
      'limits:',
      '  maximum_idle_timeout: 1h',
      '  maximum_lifetime: 2h',
      '  maximum_run_time: 30s',
      '  maximum_received_object_size: 1MB',
      '  maximum_received_data_size_per_command: 5MB',
      '  maximum_unread_bytes: 10MB',
      '  output_buffering_modes: [drop]',
    );
    const session = await served.client.sessions.create({ configuration: 'limited' });
    expect(session.info.options).toMatchObject({
      idleTimeout: { seconds: 3600n },
      lifetime: { seconds: 7200n },
      maximumRunTime: { seconds: 30n },
      maximumReceivedObjectSize: 1048576n,
      maximumReceivedDataSizePerCommand: 5242880n,
      unreadLimitBytes: 10485760n,
      outputBufferingMode: 'OUTPUT_BUFFERING_MODE_DROP',
    });
    const beyond = { configuration: 'limited', options: { idleTimeoutMs: 3_600_001 } };
    await expect(served.client.sessions.create(beyond)).rejects.toMatchObject({
      reason: 'OPTION_OUT_OF_RANGE',
      message: expect.stringMatching(/IdleTimeout is 3600001 ms.*"limited" allows at most 3600000 ms/),
      metadata: { option: 'IdleTimeout', configuration: 'limited', most: '3600000' },
    });
    const within = { configuration: 'limited', options: { idleTimeoutMs: 60_000 } };
    expect((await served.client.sessions.create(within)).info.options?.idleTimeout?.seconds).toBe(60n);
  });

  test('P46 P36 options that change at disconnect stay within the limits that the session was opened with', async () => {
    await register(
      'name: leaving',
      'engine: javascript',
      'limits: { maximum_idle_timeout: 10m, output_buffering_modes: [block] }',
    );
    const session = await served.client.sessions.create({ configuration: 'leaving' });
    await served.client.configurations.unregister('leaving');
    await served.daemon.restart();
    const client = served.daemon.client('other');
    const { info } = await client.sessions.get(session.id);
    expect(info).toMatchObject({ configuration: 'leaving', configurationVersion: 1n });
    await expect(client.sessions.disconnect(session.id, { idleTimeoutMs: 600_001 })).rejects.toMatchObject({
      reason: 'OPTION_OUT_OF_RANGE',
    });
    await expect(
      client.sessions.disconnect(session.id, { outputBufferingMode: 'OUTPUT_BUFFERING_MODE_DROP' as never }),
    ).rejects.toMatchObject({ reason: 'OPTION_OUT_OF_RANGE', metadata: { option: 'OutputBufferingMode' } });
    const changed = await client.sessions.disconnect(session.id, { idleTimeoutMs: 600_000 });
    expect(changed.info.options?.idleTimeout?.seconds).toBe(600n);
  });

  test('P40 registered ones are there after a restart', async () => {
    await register('name: lasting', 'engine: javascript', 'startup_script: var y = 5');
    await served.daemon.restart();
    const session = await served.daemon.client('later').sessions.create({ configuration: 'lasting' });
    expect(await valuesOf(session, 'y')).toEqual([5]);
  });

  test('P43 sessions over a quota are refused, which names the quota; one that ends makes room', async () => {
    await register('name: few', 'engine: javascript', 'quotas: { sessions_per_user: 2 }');
    const client = served.daemon.client('few');
    const first = await client.sessions.create({ configuration: 'few' });
    await client.sessions.create({ configuration: 'FEW' });
    await expect(client.sessions.create({ configuration: 'few' })).rejects.toMatchObject({
      reason: 'QUOTA_EXCEEDED',
      grpcCode: 'RESOURCE_EXHAUSTED',
      metadata: { quota: 'sessions_per_user', limit: '2', use: '2', configuration: 'few' },
    });
    await first.remove();
    await client.sessions.create({ configuration: 'few' });
  });

  test('P40 who is not named may not use one', async () => {
    await register('name: theirs', 'engine: javascript', "allowed_principals: ['local:4242']");
    await expect(
      served.daemon.client('x').sessions.create({ configuration: 'theirs' }),
    ).rejects.toMatchObject({
      reason: 'ACCESS_DENIED',
      grpcCode: 'PERMISSION_DENIED',
    });
  });

  test.each([
    ['engine: cobol', 'engine'],
    ['engine: javascript\nlanguage_mode: none', 'language_mode'],
    ['engine: javascript\nvisible_commands: [Get-*]', 'visible_commands'],
    ['engine: javascript\nworking_directory: here', 'working_directory'],
    ['engine: javascript\nrun_as_user: nobody-of-this-name', 'run_as_user'],
    ['engine: javascript\nengine_path: /no/such/node', 'engine_path'],
    ['engine: javascript\nlimits: { minimum_idle_timeout: 2h, maximum_idle_timeout: 1h }', 'limits'],
    ['engine: javascript\ndefaults: { idle_timeout: 1s }', 'defaults'],
    ['engine: javascript\nquotas: { sessions: -1 }', 'quotas.sessions'],
    ['engine: javascript\nlanguage_mode: everything', 'language_mode'],
    ['engine: javascript\nwarm_pool_size: 17', 'warm_pool_size'],
  ])('P40 %j can not be registered: the message names the field', async (text, field) => {
    await expect(
      served.daemon.client('v').configurations.validate(`name: wrong\n${text}`),
    ).rejects.toMatchObject({
      reason: expect.stringMatching(/CONFIGURATION_INVALID|UNSUPPORTED/),
      message: expect.stringContaining(field),
    });
  });

  test('P111 the same request registers once', async () => {
    const { configurations } = served.daemon.client('once');
    const requestId = 'register-once';
    const text = 'name: once\nengine: javascript';
    expect((await configurations.register(text, { requestId })).version).toBe(1n);
    expect((await configurations.register(text, { requestId })).version).toBe(1n);
    await expect(configurations.register(`${text}\ndescription: other`, { requestId })).rejects.toMatchObject(
      { reason: 'REQUEST_ID_REUSED' },
    );
  });

  test('P40 the default of an engine can be kept in bounds too', async () => {
    write('javascript.yaml', 'engine: javascript', 'limits: { maximum_idle_timeout: 5m }');
    const client = served.daemon.client('bounds');
    const session = await client.sessions.create({ engine: 'javascript' });
    expect(session.info.options?.idleTimeout?.seconds).toBe(300n);
    expect(session.info.configuration).toBe('javascript');
    write('javascript.yaml', 'engine: javascript');
  });
});
