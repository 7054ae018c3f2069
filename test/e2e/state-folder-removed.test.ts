import { existsSync, readdirSync, rmSync } from 'node:fs';
import { Machine } from './support/machine';
import { javascript } from './support/scripts';

test('a daemon whose state folder is removed ends with its sessions, leaves nothing of it, and the next one begins anew', async () => {
  await using machine = new Machine({ warmPool: 1 });
  await machine.startReadyDaemon();
  const client = machine.client();
  const session = await client.sessions.create({ engine: 'javascript' });
  await session.start(javascript.endless);
  rmSync(machine.home, { recursive: true, force: true });
  // Nothing of the folder is made again.
  await expect(client.sessions.create({ engine: 'javascript', name: 'late' })).rejects.toThrow(
    /state folder|removed|ending|unreachable|no daemon/i,
  );
  await machine.untilProcesses('daemon', 0, 30_000);
  await machine.untilProcesses('keeper', 0, 30_000);
  await machine.untilProcesses('engine', 0, 30_000);
  expect(existsSync(machine.home) ? readdirSync(machine.home, { recursive: true }) : []).toEqual([]);
  await machine.startReadyDaemon();
  const again = await machine.client().sessions.create({ engine: 'javascript' });
  expect((await machine.client().sessions.list()).map(({ id }) => id)).toEqual([again.id]);
}, 120_000);
