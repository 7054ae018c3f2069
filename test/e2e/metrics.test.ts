import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { readdirSync } from 'node:fs';
import { Machine } from './support/machine';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function ask(port: number, options: object, path = '/metrics'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, path, ...options }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    asking.on('error', reject).end();
  });
}

/** The figure of a line such as `name{label="x"} 3`. */
function figure(metrics: string, name: string): number {
  const line = metrics.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
}

test('P116: metrics count sessions, jobs and calls, at a socket that only the owner may open', async () => {
  await using machine = new Machine();
  await machine.startReadyDaemon();
  const client = machine.client();
  const session = await client.sessions.create({ name: 'work', engine: 'javascript' });
  const job = await client.jobs.start({ command: '1', targets: [session.id, 'nowhere'] });
  await client.jobs.wait([job.id]);
  await expect(client.sessions.get('nowhere')).rejects.toMatchObject({ reason: 'SESSION_NOT_FOUND' });
  const { stdout, code } = await machine.run('runspaced', ['metrics']);
  const figures = [
    'runspaced_sessions{engine="javascript",state="disconnected",transport="local"}',
    'runspaced_jobs{state="failed"}',
    'runspaced_job_targets{outcome="succeeded"}',
    'runspaced_job_targets{outcome="unreachable"}',
    'runspaced_calls_total{method="/runspace.v1.SessionService/CreateSession",result="OK"}',
    'runspaced_calls_total{method="/runspace.v1.SessionService/GetSession",result="SESSION_NOT_FOUND"}',
    'runspaced_keepers',
  ].map((name) => figure(stdout, name));
  expect([code, figures]).toEqual([0, [1, 1, 1, 1, 1, 1, 1]]);
  const folder = machine.environment['XDG_RUNTIME_DIR'] ?? '';
  const sockets = readdirSync(folder).filter((name) => name.startsWith('runspaced-m-'));
  expect(sockets.map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([0o600]);
});

test('P116: collectors of other machines come by TLS, with a token or a certificate, or not at all', async () => {
  await using office = new Machine();
  const pki = (...words: readonly string[]) => office.run('runspaced', ['pki', ...words]);
  await pki('init');
  await pki('server', '127.0.0.1', '--out', office.path('server'));
  await pki('client', 'prometheus', '--out', office.path('prometheus'));
  const port = await freePort();
  await using machine = new Machine({
    more: {
      RUNSPACED_METRICS_LISTEN: `127.0.0.1:${String(port)}`,
      RUNSPACED_CERTIFICATES: office.path('server'),
    },
  });
  await machine.startReadyDaemon();
  const token = (await machine.run('runspaced', ['token', 'new', '--user', 'prometheus'])).stdout.trim();
  const file = (name: string) => readFileSync(office.path(join('prometheus', name)));
  const ca = file('ca.crt');
  const answers = {
    nobody: await ask(port, { ca }),
    wrong: await ask(port, { ca, headers: { authorization: 'Bearer nonsense' } }),
    token: await ask(port, { ca, headers: { authorization: `Bearer ${token}` } }),
    certificate: await ask(port, {
      ca,
      cert: file('client/prometheus.crt'),
      key: file('client/prometheus.key'),
    }),
    elsewhere: await ask(port, { ca, headers: { authorization: `Bearer ${token}` } }, '/other'),
  };
  expect(Object.values(answers).map(({ status }) => status)).toEqual([401, 401, 200, 200, 404]);
  expect(answers.token.body).toContain('runspaced_info{version=');
  expect(answers.nobody.body).not.toContain('runspaced_info');
});
