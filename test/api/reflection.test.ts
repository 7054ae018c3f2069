import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serve } from './support/served';

const served = serve();
const run = promisify(execFile);
const buf = join(__dirname, '..', '..', 'node_modules', '.bin', 'buf');

/** `buf curl` as the README shows it: it knows nothing of our proto files. */
async function curl(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(buf, [
    'curl',
    '--protocol',
    'grpc',
    '--http2-prior-knowledge',
    '--unix-socket',
    served.daemon.socketPath,
    ...args,
  ]);
  return stdout;
}

/** The messages of a call, as JSON. */
async function call(method: string, request: object): Promise<readonly Record<string, unknown>[]> {
  const text = await curl('-d', JSON.stringify(request), `http://localhost/${method}`);
  return text
    .split(/\n(?=\{)/)
    .filter((part) => part.trim() !== '')
    .map((part) => JSON.parse(part) as Record<string, unknown>);
}

const patienceMs = 120_000;

describe('P112 buf curl, with reflection alone', () => {
  test(
    'lists the services',
    async () => {
      expect((await curl('--list-services', 'http://localhost')).trim().split('\n').sort()).toEqual([
        'grpc.health.v1.Health',
        'grpc.reflection.v1.ServerReflection',
        'grpc.reflection.v1alpha.ServerReflection',
        'runspace.v1.AccessService',
        'runspace.v1.ConfigurationService',
        'runspace.v1.DaemonService',
        'runspace.v1.JobService',
        'runspace.v1.PipelineService',
        'runspace.v1.SessionService',
      ]);
    },
    patienceMs,
  );

  test(
    'lists the methods',
    async () => {
      const methods = (await curl('--list-methods', 'http://localhost')).split('\n');
      expect(methods).toEqual(
        expect.arrayContaining([
          'runspace.v1.SessionService/AttachSession',
          'runspace.v1.PipelineService/InvokePipeline',
          'runspace.v1.DaemonService/GetStatus',
        ]),
      );
    },
    patienceMs,
  );

  test(
    'health is SERVING',
    async () => {
      expect(await call('grpc.health.v1.Health/Check', {})).toEqual([{ status: 'SERVING' }]);
    },
    patienceMs,
  );

  test(
    'opens a session, sets a variable, starts a command, and shows its records',
    async () => {
      const ids = { clientId: 'buf' };
      await call('runspace.v1.SessionService/CreateSession', {
        ...ids,
        requestId: 'c1',
        name: 'js',
        engine: 'javascript',
        wait: true,
      });
      const start = (requestId: string, script: string) =>
        call('runspace.v1.PipelineService/StartPipeline', {
          ...ids,
          requestId,
          session: 'js',
          command: { script },
        });
      await start('s1', 'let p = 21');
      await start('s2', 'console.log("hello"); p * 2');
      const messages = await call('runspace.v1.PipelineService/ReceivePipeline', {
        session: 'js',
        afterSequence: '0',
      });
      const [snapshot, ...batches] = messages;
      expect(snapshot).toMatchObject({ snapshot: { sessionName: 'js', pipeline: { number: '2' } } });
      expect(
        batches.flatMap(({ batch }) => (batch as { records: object[] } | undefined)?.records ?? []),
      ).toMatchObject([
        { sequence: '1', output: { value: { string: 'hello' }, tag: 'stdout' } },
        { sequence: '2', output: { value: { int32: 42 } } },
        { sequence: '3', final: { state: 'FINAL_STATE_COMPLETED' } },
      ]);
    },
    patienceMs,
  );

  test(
    'invokes, sends input, and gets the records over one stream',
    async () => {
      const start = {
        requestId: 'i1',
        clientId: 'buf',
        session: 'witness',
        command: { script: 'let sum = 0; for await (const item of input) sum += item; sum' },
        hasInput: true,
      };
      const requests = [
        { start: { start } },
        { input: { number: '1', value: { int32: 20 } } },
        { input: { number: '2', value: { int32: 22 } } },
        { endOfInput: {} },
      ];
      const text = await curl(
        '-d',
        requests.map((request) => JSON.stringify(request)).join('\n'),
        'http://localhost/runspace.v1.PipelineService/InvokePipeline',
      );
      expect(text).toMatch(/"int32": ?42/);
    },
    patienceMs,
  );

  test(
    'shows an error with its reason',
    async () => {
      const failure = await call('runspace.v1.SessionService/GetSession', { session: 'nowhere' }).catch(
        (error: unknown) => error,
      );
      expect(String((failure as { stderr?: string }).stderr)).toMatch(/not_found[^]*google\.rpc\.ErrorInfo/);
    },
    patienceMs,
  );
});
