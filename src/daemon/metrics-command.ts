import { request } from 'node:http';
import { tmpdir, userInfo } from 'node:os';
import { text } from 'node:stream/consumers';
import { RunspaceError } from '../core/error';
import { metricsSocketPath, openRuntimeFolder } from '../store/runtime-folder';
import type { DaemonConfig, Environment } from './config';

/** The figures of the daemon that runs, as it shows them at its socket. Error: RECOVERING where none runs. */
export async function metricsText({ home }: DaemonConfig, environment: Environment): Promise<string> {
  const { uid } = userInfo();
  const folder = openRuntimeFolder({ environment, uid, temporaryFolder: tmpdir() });
  const socketPath = metricsSocketPath(folder, home);
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, path: '/metrics' }, (response) => {
      text(response).then(resolve, reject);
    });
    asking.on('error', (cause) => {
      const message = `no daemon of the state folder ${home} shows figures at ${socketPath}; start it with runspaced`;
      reject(new RunspaceError('RECOVERING', message, { facts: { folder: home }, cause }));
    });
    asking.end();
  });
}
