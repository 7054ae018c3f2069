import { isAbsolute } from 'node:path';
import { RunspaceError } from '../core/error';
import { checkEnvironment } from '../session/environment';
import { completeOptions } from '../session/options';
import type { Configuration } from './configuration';
import type { OsUser } from './environment';
import { checkLimits, mostPrepared, optionsFor } from './limits';
import { defaultNameOf, isConfigurationName, keyOf, lookedUp } from './names';

/** What a configuration is checked against: this machine. */
export interface Machine {
  /** Names of the engines that there can be. */
  readonly engines: readonly string[];
  /** Whether engines can run as another user than the daemon's. */
  readonly isRoot: boolean;
  /** The name of the daemon's own user. */
  readonly ownUser: string;
  /** Whether memory and processes can be counted. */
  readonly canCountProcesses: boolean;
  isExecutable(path: string): boolean;
  isFile(path: string): boolean;
  /** The user of this name; undefined: there is none. */
  user(name: string): OsUser | undefined;
}

const longestScript = 1024 * 1024;
const mostEntries = 1_000;

/**
 * Refuses a configuration that no session could be opened with. Errors: CONFIGURATION_INVALID, naming the field and
 * what it may be; UNSUPPORTED for what comes with a later release.
 */
export function checkConfiguration(configuration: Configuration, machine: Machine): void {
  const fail: Fail = (field, why) => {
    throw invalid(configuration.name, field, why);
  };
  if (!isConfigurationName(configuration.name))
    fail('name', 'must have 1 to 64 letters, digits, ".", "-" or "_", and no dot first');
  if (lookedUp(configuration.name) !== configuration.name && keyOf(configuration.name) === 'powershell')
    fail('name', `stands for ${lookedUp(configuration.name)}; name it so`);
  checkEngine(configuration, machine, fail);
  checkOpening(configuration, fail);
  checkPowerShellOnly(configuration, machine, fail);
  checkUser(configuration, machine, fail);
  checkOptions(configuration, fail);
  checkQuotas(configuration, machine, fail);
  if (configuration.allowedPrincipals.some((principal) => principal.trim() === ''))
    fail('allowed_principals', 'has an empty entry; write principals such as local:1000');
  const { warmPoolSize = 0 } = configuration;
  if (!Number.isInteger(warmPoolSize) || warmPoolSize < 0 || warmPoolSize > mostPrepared)
    fail('warm_pool_size', `must be from 0 to ${String(mostPrepared)}`);
}

/** The error for a configuration that can't be used as it is. */
export function invalid(name: string, field: string, why: string): RunspaceError {
  return new RunspaceError('CONFIGURATION_INVALID', `configuration "${name}": ${field} ${why}`, {
    facts: { configuration: name, field },
  });
}

type Fail = (field: string, why: string) => void;

function checkEngine(configuration: Configuration, machine: Machine, fail: Fail): void {
  const { name, engine, enginePath, targetEnginePath } = configuration;
  if (!machine.engines.includes(engine))
    fail('engine', `is "${engine}"; choose one of ${machine.engines.join(', ')}`);
  const own = machine.engines.find((each) => keyOf(defaultNameOf(each)) === keyOf(name));
  if (own !== undefined && own !== engine)
    fail('engine', `is ${engine}, and the name belongs to the sessions of ${own}; choose another name`);
  const isName = !targetEnginePath.includes('/');
  if (!isName && !isAbsolute(targetEnginePath))
    fail(
      'target_engine_path',
      `is ${targetEnginePath}; it must be an absolute path, or a name to look for on the PATH there`,
    );
  if (enginePath === '') return;
  if (!isAbsolute(enginePath)) fail('engine_path', `is ${enginePath}; it must be an absolute path`);
  if (!machine.isExecutable(enginePath)) fail('engine_path', `is ${enginePath}, which is no program`);
}

function checkOpening(configuration: Configuration, fail: Fail): void {
  const { engine, startupScript, modules, environment, workingDirectory } = configuration;
  if (startupScript.length > longestScript)
    fail('startup_script', `is longer than ${String(longestScript)} characters; load a file in it`);
  if (engine === 'bash' && modules.length > 0)
    fail('modules', 'can not be given for bash; source files in the start-up script');
  if (modules.some((name) => name.trim() === '' || name.includes('\0')))
    fail('modules', 'has an empty entry; write names or absolute paths');
  if (modules.length > mostEntries) fail('modules', `has more than ${String(mostEntries)} entries`);
  if (workingDirectory !== '' && !isAbsolute(workingDirectory))
    fail('working_directory', `is ${workingDirectory}; it must be an absolute path`);
  within('environment', fail, () => {
    checkEnvironment(environment);
  });
}

function checkPowerShellOnly(configuration: Configuration, machine: Machine, fail: Fail): void {
  const { engine, languageMode, visibleCommands, sessionConfigurationFile: file } = configuration;
  const only = `is for PowerShell only, and engine is ${engine}`;
  if (engine !== 'powershell') {
    if (languageMode !== 'full') fail('language_mode', only);
    if (visibleCommands.length > 0) fail('visible_commands', only);
    if (file !== '') fail('session_configuration_file', only);
  }
  if (visibleCommands.some((pattern) => pattern.trim() === ''))
    fail('visible_commands', 'has an empty entry; write names or patterns such as Get-*');
  if (visibleCommands.length > mostEntries)
    fail('visible_commands', `has more than ${String(mostEntries)} entries`);
  if (file === '') return;
  if (!isAbsolute(file) || !machine.isFile(file))
    fail('session_configuration_file', `is ${file}; it must be the absolute path of a .pssc file`);
  const { startupScript, modules } = configuration;
  const others = { startup_script: startupScript, modules, visible_commands: visibleCommands };
  for (const [field, value] of Object.entries(others))
    if (value.length > 0)
      fail(field, 'can not be given beside session_configuration_file; say it in that file');
}

function checkUser({ runAsUser }: Configuration, machine: Machine, fail: Fail): void {
  if (runAsUser === '' || runAsUser === machine.ownUser) return;
  if (!machine.isRoot)
    fail(
      'run_as_user',
      `is ${runAsUser}; only a daemon that runs as root can do that, and this one runs as ${machine.ownUser}`,
    );
  if (machine.user(runAsUser) === undefined)
    fail('run_as_user', `is ${runAsUser}, and there is no such user`);
}

function checkOptions(configuration: Configuration, fail: Fail): void {
  const { defaults, limits } = configuration;
  within('defaults', fail, () => {
    completeOptions(defaults);
  });
  const { minimumIdleTimeoutMs: least, maximumIdleTimeoutMs: most } = limits;
  if (least !== undefined && most !== undefined && least > most)
    fail('limits.minimum_idle_timeout', 'is more than maximum_idle_timeout');
  within('limits', fail, () => {
    optionsFor({}, { ...configuration, defaults: {} });
  });
  within('defaults', fail, () => {
    checkLimits(defaults, configuration);
  });
}

function checkQuotas({ quotas }: Configuration, machine: Machine, fail: Fail): void {
  for (const [name, value] of Object.entries(quotas))
    if (!Number.isSafeInteger(value) || value < 0)
      fail(`quotas.${snakeCase(name)}`, `is ${String(value)}; it must be 0 (none) or more`);
  const isCounted = quotas.memoryBytesPerSession > 0 || quotas.processesPerSession > 0;
  if (isCounted && !machine.canCountProcesses)
    fail('quotas', 'of memory and processes need a system that counts them in /proc (Linux)');
}

/** What fails inside is a fault of this field. */
function within(field: string, fail: Fail, check: () => void): void {
  try {
    check();
  } catch (thrown) {
    if (!(thrown instanceof RunspaceError)) throw thrown;
    fail(field, `can't be so: ${thrown.message}`);
  }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
