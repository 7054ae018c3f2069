import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tell } from './story.mjs';
import { Terminal } from './terminal.mjs';

/**
 * The main job, shown on real engines: `make demo`. Everything lives in a state folder of its own and is gone afterwards.
 * Exits with 1 if anything is not as promised.
 */
const home = mkdtempSync(path.join(tmpdir(), 'runspaced-demo-'));
const terminal = new Terminal(environment());
const processIds = new Set();

process.once('SIGINT', () => {
  terminal.check('the demo runs to its end', false);
});

try {
  console.log(`The state folder of this demo is ${home}`);
  for (const engine of await findEngines()) processIds.add(await tell(terminal, engine));
} catch (error) {
  terminal.check(`the demo runs to its end (${error.message})`, false);
} finally {
  await endEverything();
  rmSync(home, { recursive: true, force: true });
}
const { held, broken } = terminal.summary;
console.log(`\ndemo: ${held} promises held, ${broken} broken`);
process.exitCode = broken === 0 && held > 0 ? 0 : 1;

function environment() {
  const { RUNSPACED_ADDRESS, RUNSPACED_AUTOSTART, ...inherited } = process.env;
  const programs = path.join(import.meta.dirname, '..', 'dist', 'bin');
  return {
    // The bundled host stands in where no PowerShell is installed.
    ...(isOnPath('pwsh') ? {} : { RUNSPACED_PWSH: 'minimal' }),
    ...inherited,
    PATH: `${programs}${path.delimiter}${inherited.PATH}`,
    RUNSPACED_HOME: home,
  };
}

function isOnPath(program) {
  return (process.env.PATH ?? '').split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The engines of this machine; the first `ls` starts the daemon. */
async function findEngines() {
  terminal.say('nothing runs yet: the first call starts the daemon');
  await terminal.run('runspace', 'ls');
  const { engines } = await rememberProcesses();
  const powershell = engines.find(({ name }) => name === 'powershell');
  if (powershell?.program) return ['powershell', 'javascript'];
  terminal.say(`no PowerShell here, so JavaScript only: ${powershell?.problem ?? 'the daemon knows none'}`);
  return ['javascript'];
}

async function rememberProcesses() {
  const status = JSON.parse(await terminal.ask('runspaced', 'status', '-o', 'json'));
  for (const { pid } of [status, ...(status.keepers ?? [])]) processIds.add(Number(pid));
  return status;
}

async function endEverything() {
  terminal.say('the end of it all');
  await rememberProcesses().catch(() => terminal.check('the daemon still answers', false));
  await terminal.run('runspaced', 'stop', '--sessions');
  for (let tries = 0; tries < 100 && [...processIds].some(isAlive); tries += 1) await delay(100);

  const left = [...processIds].filter(isAlive);
  terminal.check('daemon, keepers and engines are gone', left.length === 0);
  for (const processId of left) process.kill(processId, 'SIGKILL');
}

/** Whether it runs: one that only waits for its parent to notice its end does not. */
function isAlive(processId) {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(processId)], { encoding: 'utf8' });
  return /^[^Z\s]/.test(stdout);
}
