import { SessionState, connect } from '../../clients/typescript';
import { spawnSync } from 'node:child_process';
import { eventually, Unfulfilled } from './support/eventually';
import { Fleet } from './support/fleet';
import { Machine } from './support/machine';
import { readAll } from './support/reading';
import { bash } from './support/scripts';

test('P42 P54 a token that counts no longer shuts its session out, which goes on there and is not broken', async () => {
  await using fleet = await Fleet.start();
  await using far = await fleet.daemon('127.0.0.16');
  await fleet.pki('client', 'nobody', '--out', fleet.office.path('trusting'));
  const certificatesFolder = fleet.office.path('trusting');
  spawnSync('rm', ['-r', fleet.office.path('trusting/client')]);
  await using near = new Machine({ more: { RUNSPACED_CERTIFICATES: certificatesFolder } });
  await near.startReadyDaemon();
  const { access } = far.machine.client();
  const { text: token } = await access.createToken('bob');
  const session = await near.client().sessions.create({
    engine: 'bash',
    target: far.target(),
    credential: { token },
  });
  await readAll(session.invoke(bash.set(42)));

  await access.revokeToken('bob');
  for (const { pid } of far.machine.processes('daemon')) process.kill(pid, 'SIGKILL');
  await far.machine.startReadyDaemon();
  const said = await eventually('it is shut out', async () => {
    const problem = await session.start('true').then(
      () => 'it ran',
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
    const isTold =
      typeof problem !== 'string' && 'reason' in problem && problem.reason === 'AUTHENTICATION_FAILED';
    return isTold ? problem.message : new Unfulfilled(String(problem));
  });
  expect(said).toContain('127.0.0.16');
  expect((await session.refresh()).info.state).not.toBe(SessionState.SESSION_STATE_BROKEN);

  const address = `grpcs://127.0.0.16:${String(far.port)}`;
  const again = (await far.machine.client().access.createToken('bob')).text;
  using bob = connect({ environment: near.environment, address, certificatesFolder, token: again });
  const [there] = await bob.sessions.list();
  const direct = await bob.sessions.get(there?.id ?? '');
  await direct.connect({ takeOver: true });
  expect((await readAll(direct.invoke(bash.get))).outputs).toEqual(['42']);
}, 60_000);
