import { userInfo } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../core/clock';
import { RunspaceError, toError } from '../core/error';
import { addressLine } from './address-command';
import { readConfig } from './config';
import { startDaemon } from './daemon';
import { createLog } from './log';
import { metricsText } from './metrics-command';
import { auditLines } from './print-audit';
import { printStatus, stopDaemon } from './remote-control';
import { usage } from './usage';
import { productVersion } from './version';

const flags = {
  home: { type: 'string' },
  'log-level': { type: 'string' },
  output: { type: 'string', short: 'o' },
  sessions: { type: 'boolean' },
  since: { type: 'string' },
  until: { type: 'string' },
  principal: { type: 'string' },
  event: { type: 'string' },
  session: { type: 'string' },
  target: { type: 'string' },
  version: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Flags = ReturnType<typeof parseFlags>['values'];

/** Exit codes: 0 well, 1 the daemon could not start or be asked, 2 wrong usage, 3 another daemon has the state folder. */
async function main(): Promise<number> {
  const [first, ...rest] = process.argv.slice(2);
  if (first === 'pki') return printPki(rest);
  if (first === 'token') return printToken(rest);
  let parsed: ReturnType<typeof parseFlags>;
  try {
    parsed = parseFlags();
  } catch (error) {
    return wrongUsage(toError(error).message);
  }
  const { values, positionals } = parsed;
  const [command = 'run', ...surplus] = positionals;
  if (values.help === true) return print(usage);
  if (values.version === true) return print(`runspaced ${productVersion}\n`);
  if (surplus.length > 0) return wrongUsage(`"${surplus.join(' ')}" is not expected after ${command}`);
  switch (command) {
    case 'run':
      return run(values);
    case 'status':
      return printStatus(readConfig(values, process.env), process.env, values.output ?? 'table');
    case 'stop':
      return stopDaemon(
        readConfig(values, process.env),
        process.env,
        values.sessions === true ? 'sessions' : 'daemon',
      );
    case 'address':
      return print(await addressLine(readConfig(values, process.env), process.env));
    case 'metrics':
      return print(await metricsText(readConfig(values, process.env), process.env));
    case 'audit':
      return printAudit(values);
    case 'help':
      return print(usage);
    default:
      return wrongUsage(`there is no command "${command}"`);
  }
}

function parseFlags() {
  return parseArgs({ options: flags, allowPositionals: true });
}

async function run(values: Flags): Promise<number> {
  const config = readConfig(values, process.env);
  const log = createLog(config.logLevel);
  const setup = {
    config,
    environment: process.env,
    uid: userInfo().uid,
    clock: systemClock,
    log,
    distFolder: join(__dirname, '..'),
  };
  const asked = signalled(['SIGTERM', 'SIGINT']);
  process.on('SIGHUP', () => undefined); // The terminal that started the daemon may close.
  await using daemon = await startDaemon(setup);
  log.info('daemon ends', {
    because: await Promise.race([asked, daemon.stopAsked.then(() => 'it was asked to')]),
  });
  return 0;
}

async function printPki(args: readonly string[]): Promise<number> {
  // Loaded only here: it costs every other start a tenth of a second.
  const { runPki } = await import('./pki-command');
  try {
    return print(await runPki(args, process.env, () => new Date(systemClock.now())));
  } catch (error) {
    if (!(error instanceof RunspaceError)) throw error;
    process.stderr.write(`runspaced: ${error.message}\n`);
    return 2;
  }
}

async function printToken(args: readonly string[]): Promise<number> {
  const { runToken } = await import('./token-command');
  const homeOf = (home: string | undefined): string => readConfig({ home }, process.env).home;
  try {
    return print(runToken(args, homeOf, systemClock.now()));
  } catch (error) {
    if (!(error instanceof RunspaceError)) throw error;
    process.stderr.write(`runspaced: ${error.message}\n`);
    return 2;
  }
}

function printAudit(values: Flags): number {
  const { home } = readConfig(values, process.env);
  const format = values.output ?? 'table';
  for (const line of auditLines(home, values, { format, now: systemClock.now() }))
    process.stdout.write(`${line}\n`);
  return 0;
}

function signalled(signals: readonly NodeJS.Signals[]): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of signals) process.once(signal, resolve);
  });
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function wrongUsage(problem: string): number {
  process.stderr.write(`runspaced: ${problem}; see runspaced --help\n`);
  return 2;
}

/** Whoever starts daemons tells by the exit code that another one was faster. */
function isLocked(error: unknown): boolean {
  return error instanceof RunspaceError && error.code === 'STATE_FOLDER_LOCKED';
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const shown = error instanceof RunspaceError ? error.message : (toError(error).stack ?? String(error));
    process.stderr.write(`runspaced: ${shown}\n`);
    process.exitCode = isLocked(error) ? 3 : 1;
  },
);
