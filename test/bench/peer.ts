import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { cleanEnvironment, places } from './places';

/** PowerShell as its own client, in a process of its own with one session to another PowerShell (peer.ps1). */
export interface Peer extends AsyncDisposable {
  /** Opens one more session; its time in milliseconds. */
  open(): Promise<readonly number[]>;
  /** So many round trips by the bare API or by Invoke-Command; their times. */
  roundTrips(way: 'api' | 'cmdlet', count: number): Promise<readonly number[]>;
  /** Runs a script by the bare API and takes all its output; the time. */
  receive(script: string): Promise<number>;
}

/** Starts the peer, where there is a PowerShell. */
export async function startPeer(powershell: string | undefined): Promise<Peer | undefined> {
  if (powershell === undefined) return undefined;
  const client = spawn(powershell, ['-NoLogo', '-NoProfile', '-File', places.peerScript, powershell], {
    env: cleanEnvironment(),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(client, 'exit');
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const { done, value } = await lines.next();
    if (done === true) throw new Error('the peer has gone');
    return value;
  };
  const ask = async (request: string): Promise<readonly number[]> => {
    client.stdin.write(`${request}\n`);
    return (await nextLine()).split(' ').map(Number);
  };
  await nextLine();
  return {
    open: () => ask('open'),
    roundTrips: (way, count) => ask(`${way} ${count}`),
    receive: async (script) => (await ask(`receive ${script}`))[0] ?? Number.NaN,
    [Symbol.asyncDispose]: async () => {
      client.stdin.end();
      await exited;
    },
  };
}
