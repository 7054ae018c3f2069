import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startKept } from './kept';
import { interleave, Series, timed } from './measure';
import { cleanEnvironment, places } from './places';
import type { Part, Row } from './result';

/** One-off commands from a shell, everything included. */
export const commandLine: Part = {
  name: 'command-line',
  how:
    'spawn to exit of `runspace invoke kept -- 1`; 20 rounds, 2 to warm up (peer: as many). Limit: `node -e 0`. ' +
    'Peer: PowerShell starting for `-Command 1`, without any session',
  run: async ({ powershell, effort }) => {
    await using kept = await startKept(powershell);
    const rows: Row[] = [];
    for (const engine of powershell === undefined ? ['javascript'] : ['javascript', 'powershell']) {
      const { name } = await kept.client.sessions.create({ engine, name: `kept-${engine}` });
      const invoke = [places.commandLine, 'invoke', name, '--', '1'];
      const ours = new Series(() => run(process.execPath, invoke, kept.environment));
      const limit = new Series(() => run(process.execPath, ['-e', '0'], cleanEnvironment()));
      const peer =
        engine === 'powershell' && powershell !== undefined
          ? new Series(() => run(powershell, ['-NoLogo', '-NoProfile', '-Command', '1'], cleanEnvironment()))
          : undefined;
      await interleave([ours, limit, peer], { rounds: Math.ceil(20 * effort), warmUp: 2 });
      rows.push(rowOf(engine, { ours: ours.median, limit: limit.median, peer: peer?.median }));
    }
    return rows;
  },
};

function rowOf(
  engine: string,
  { ours, limit, peer }: { ours: number; limit: number; peer: number | undefined },
): Row {
  const goal = { text: 'under 1.5 x limit', isMet: ours < 1.5 * limit };
  return { what: `runspace invoke, kept ${engine} session`, unit: 'ms', ours, limit, peer, goal };
}

async function run(
  program: string,
  given: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<readonly number[]> {
  const elapsed = await timed(async () => {
    const child = spawn(program, given, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    const [code]: unknown[] = await once(child, 'exit');
    if (code !== 0) throw new Error(`${program} ${given.join(' ')} ended with ${String(code)}`);
  });
  return [elapsed];
}
