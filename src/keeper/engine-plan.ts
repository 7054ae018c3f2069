import type { EngineOptions } from '../engine/engine';
import type { OpenSessionRequest, WarmPool } from '../gen/runspace/keeper/v1/keeper';
import { LanguageMode } from '../gen/runspace/v1/configuration';
import type { OpenEngine } from './runspace';

/** How an engine is opened, whoever is to have it. */
export interface EnginePlan {
  /** Engines of equal keys can stand for each other. */
  readonly key: string;
  readonly engine: string;
  /** Name and version of the configuration that asks for it. */
  readonly configuration: string;
  readonly version: string;
  /** How many are to be kept ready. */
  readonly size: number;
  /** Nobody asked for it to be kept ready: that is the default. */
  readonly isDefault: boolean;
  readonly open: OpenEngine;
  readonly options: EngineOptions;
}

/**
 * How the engine of this session is opened, so that another can be opened the same way before it is wanted; undefined: none is to
 * be. Everything that a session could notice is in the key, but for the current directory, which can be changed afterwards;
 * where something of the configuration's has run in it, it is in the key too.
 */
export function enginePlan(
  request: OpenSessionRequest,
  { open, options }: { readonly open: OpenEngine; readonly options: EngineOptions },
): EnginePlan | undefined {
  const { warmPool, preparation, engine } = request;
  if (warmPool === undefined || warmPool.size <= 0 || request.place !== undefined) return undefined;
  // They may hold secrets, which are no one's but their session's.
  if (options.applicationArguments.length > 0) return undefined;
  return {
    key: keyOf(request, warmPool, options),
    engine,
    configuration: preparation?.configuration ?? '',
    version: warmPool.configurationVersion,
    size: warmPool.size,
    isDefault: warmPool.isDefault,
    open,
    options,
  };
}

function keyOf(request: OpenSessionRequest, warmPool: WarmPool, options: EngineOptions): string {
  const { preparation, engine } = request;
  const hasRun =
    preparation !== undefined &&
    (preparation.modules.length > 0 ||
      preparation.startupScript.trim() !== '' ||
      preparation.visibleCommands.length > 0 ||
      preparation.sessionConfigurationFile !== '' ||
      preparation.languageMode !== LanguageMode.LANGUAGE_MODE_FULL);
  return JSON.stringify([
    engine,
    options.program ?? '',
    Object.entries(options.environment).sort(([one], [other]) => (one < other ? -1 : 1)),
    hasRun ? options.workingDirectory : '',
    options.maximumReceivedObjectSize,
    options.culture ?? '',
    options.uiCulture ?? '',
    options.user === undefined ? [] : [options.user.uid, options.user.gid],
    warmPool.configurationVersion,
    preparation ?? {},
  ]);
}
