import { randomUUID } from 'node:crypto';
import { RunspaceError } from '../core/error';
import type { StreamRecord } from '../core/record';
import type { Value } from '../core/value';
import type { Engine } from '../engine/engine';
import { importScript } from '../engine/import-script';
import { boundsScript, type LanguageMode } from '../engine/powershell/bounds-script';
import type { Preparation as PreparationMessage } from '../gen/runspace/keeper/v1/keeper';
import { LanguageMode as LanguageModeMessage } from '../gen/runspace/v1/configuration';
import type { OpenEngine } from './runspace';
import { withReset } from './with-reset';

/** What is done to an engine before anybody can use it. */
export interface Preparation {
  /** Name of the configuration that asks for it. */
  readonly configuration: string;
  readonly modules: readonly string[];
  readonly startupScript: string;
  /** Empty: all. */
  readonly visibleCommands: readonly string[];
  readonly languageMode: LanguageMode;
  /** Path of a `.pssc`, which does all of this itself; undefined: none. */
  readonly sessionConfigurationFile: string | undefined;
}

/** The preparation as the daemon sent it; undefined where nothing is to be done. */
export function preparationOf(message: PreparationMessage | undefined): Preparation | undefined {
  if (message === undefined) return undefined;
  const { configuration, modules, startupScript, visibleCommands, sessionConfigurationFile } = message;
  return {
    configuration,
    modules,
    startupScript,
    visibleCommands,
    languageMode: languageModes[message.languageMode],
    sessionConfigurationFile: sessionConfigurationFile === '' ? undefined : sessionConfigurationFile,
  };
}

const languageModes: Readonly<Record<LanguageModeMessage, LanguageMode>> = {
  [LanguageModeMessage.LANGUAGE_MODE_UNSPECIFIED]: 'full',
  [LanguageModeMessage.LANGUAGE_MODE_FULL]: 'full',
  [LanguageModeMessage.LANGUAGE_MODE_CONSTRAINED]: 'constrained',
  [LanguageModeMessage.LANGUAGE_MODE_RESTRICTED]: 'restricted',
  [LanguageModeMessage.LANGUAGE_MODE_NONE]: 'none',
};

/**
 * An engine whose reset also runs the start-up script again: what that set are variables, which a reset takes away. Under
 * bounds of the language it can't be run again: there its functions stay, as PowerShell's reset leaves them, and its variables go.
 */
function withStartUp(
  engine: Engine,
  {
    preparation,
    notice,
  }: { readonly preparation: Preparation; readonly notice: (record: StreamRecord) => void },
): Engine {
  const step = startUpStep(preparation);
  if (step === undefined || isBounded(preparation)) return engine;
  const reset = async (timeoutMs: number): Promise<void> => {
    const startedAt = Date.now();
    await engine.reset(timeoutMs);
    const leftMs = Math.max(1, timeoutMs - (Date.now() - startedAt));
    const late = new RunspaceError(
      'ENGINE_TIMEOUT',
      `the start-up script of configuration "${preparation.configuration}" did not end within ${String(timeoutMs)} ms after the reset; open a new session`,
      { facts: { configuration: preparation.configuration, phase: 'reset' } },
    );
    await withDeadline(leftMs, late, () => take(engine, step, { preparation, notice }));
  };
  return withReset(engine, reset);
}

interface Step {
  /** What it is, for messages. */
  readonly name: string;
  readonly script: string;
  readonly arguments: readonly Value[];
}

/**
 * Opens an engine and prepares it, all within its open timeout: imports modules, runs the start-up script, and last sets
 * the bounds of the language. Nobody else can use the engine in between. What is written becomes notices. The opening
 * fails with ENGINE_START_FAILED, which shows the first error, or with ENGINE_TIMEOUT; then nothing is left running.
 */
export function prepared(open: OpenEngine, preparation: Preparation): OpenEngine {
  return async (options) => {
    const startedAt = Date.now();
    const engine = await open(options);
    try {
      const steps = stepsOf(engine, preparation);
      const leftMs = Math.max(1, options.openTimeoutMs - (Date.now() - startedAt));
      await withDeadline(leftMs, tooLate(preparation, options.openTimeoutMs), async () => {
        for (const step of steps) await take(engine, step, { preparation, notice: options.onNotice });
      });
      return withStartUp(engine, { preparation, notice: options.onNotice });
    } catch (thrown) {
      await engine[Symbol.asyncDispose]();
      throw thrown;
    }
  };
}

function isBounded({ visibleCommands, languageMode }: Preparation): boolean {
  return visibleCommands.length > 0 || languageMode !== 'full';
}

function startUpStep({ startupScript: script }: Preparation): Step | undefined {
  return script.trim() === '' ? undefined : { name: 'start-up script', script, arguments: [] };
}

function stepsOf({ info }: Engine, preparation: Preparation): readonly Step[] {
  const { modules, visibleCommands, languageMode, sessionConfigurationFile } = preparation;
  const steps: Step[] = [];
  if (modules.length > 0)
    steps.push({ name: 'import of its modules', ...importScript(info.engine, modules) });
  const startUp = startUpStep(preparation);
  if (startUp !== undefined) steps.push(startUp);
  if (isBounded(preparation) && sessionConfigurationFile === undefined)
    steps.push({ name: 'language mode', ...boundsScript({ visibleCommands, languageMode }) });
  return steps;
}

async function take(
  engine: Engine,
  step: Step,
  {
    preparation,
    notice,
  }: { readonly preparation: Preparation; readonly notice: (record: StreamRecord) => void },
): Promise<void> {
  let failure: string | undefined;
  const records = engine.invoke({
    pipelineId: randomUUID(),
    script: step.script,
    arguments: step.arguments.map((value) => ({ value })),
    newScope: false,
    input: undefined,
  });
  for await (const batch of records) {
    for (const record of batch) {
      failure ??= failureIn(record);
      // Nobody is there to answer yet.
      if (record.stream === 'hostCall' && record.needsResponse)
        engine.respond?.(record.callId, { is: 'unanswered' });
      if (record.stream !== 'final') notice(record);
    }
  }
  if (failure === undefined) return;
  const { configuration } = preparation;
  throw new RunspaceError(
    'ENGINE_START_FAILED',
    `the ${step.name} of configuration "${configuration}" failed: ${failure}`,
    { facts: { configuration } },
  );
}

/** What of a record is an error: also one that did not end the script. */
function failureIn(record: StreamRecord): string | undefined {
  switch (record.stream) {
    case 'error':
      // What a native program wrote to its standard error; whether it failed its exit code says.
      return record.fullyQualifiedErrorId?.startsWith('NativeCommandError') === true
        ? undefined
        : record.message;
    case 'final':
      if (record.state !== 'completed') return record.reason?.message ?? `it ended as ${record.state}`;
      return (record.exitCode ?? 0) === 0 ? undefined : `it ended with exit code ${String(record.exitCode)}`;
    case 'output':
    case 'warning':
    case 'verbose':
    case 'debug':
    case 'information':
    case 'progress':
    case 'display':
    case 'hostCall':
      return undefined;
  }
}

function tooLate({ configuration }: Preparation, openTimeoutMs: number): RunspaceError {
  return new RunspaceError(
    'ENGINE_TIMEOUT',
    `the start-up of configuration "${configuration}" did not end within ${String(openTimeoutMs)} ms (OpenTimeout)`,
    { facts: { option: 'OpenTimeout', configuration } },
  );
}

async function withDeadline(ms: number, error: RunspaceError, work: () => Promise<void>): Promise<void> {
  const working = work();
  // Where the time is over the engine is ended, and with it what was begun here: that is no news then.
  working.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(error);
    }, ms);
  });
  try {
    await Promise.race([working, late]);
  } finally {
    clearTimeout(timer);
  }
}
