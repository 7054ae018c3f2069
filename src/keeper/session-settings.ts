import { RunspaceError } from '../core/error';
import type { Value } from '../core/value';
import { OutputBufferingMode, type SessionOptions } from '../gen/runspace/v1/session';
import { defaultQuotaLimits } from '../journal/quota';
import type { JournalOptions } from '../journal/options';
import type { Secrets } from './secrets';
import type { QuotaSettings } from './session-quota';
import { millisecondsOf } from './start-command';
import { valueFromProto } from './value-from-proto';

/** What of a session's options concerns its keeper. Times in milliseconds, sizes in bytes. */
export interface SessionSettings {
  readonly quota: QuotaSettings;
  /** Longest run of any command; undefined: no limit. */
  readonly maximumRunMs: number | undefined;
  readonly openTimeoutMs: number;
  readonly maximumReceivedObjectSize: number;
  /** Bytes of records that one command may write; undefined: no limit. */
  readonly dataLimitBytes: number | undefined;
  /** How long an engine may take to answer a stop before callers are told STOP_UNANSWERED. */
  readonly cancelMs: number;
  /** How long an engine may take to answer what is no command. */
  readonly operationMs: number;
  /** undefined: the engine's own. */
  readonly culture: string | undefined;
  readonly uiCulture: string | undefined;
}

const defaultOpenTimeoutMs = 180_000;
const defaultCancelMs = 5_000;
const defaultOperationMs = 180_000;
const defaultObjectSize = 200 * 1024 * 1024;

/** The options as the daemon sent them; what it left out has the API's defaults. */
export function settingsOf(options: SessionOptions | undefined): SessionSettings {
  const isDrop = options?.outputBufferingMode === OutputBufferingMode.OUTPUT_BUFFERING_MODE_DROP;
  return {
    quota: {
      unreadBytes: sizeOf(options?.unreadLimitBytes) ?? defaultQuotaLimits.unreadBytes,
      whenFull: isDrop ? 'drop' : 'block',
    },
    maximumRunMs: millisecondsOf(options?.maximumRunTime),
    openTimeoutMs: millisecondsOf(options?.openTimeout) ?? defaultOpenTimeoutMs,
    maximumReceivedObjectSize: sizeOf(options?.maximumReceivedObjectSize) ?? defaultObjectSize,
    dataLimitBytes: sizeOf(options?.maximumReceivedDataSizePerCommand),
    cancelMs: millisecondsOf(options?.cancelTimeout) ?? defaultCancelMs,
    operationMs: millisecondsOf(options?.operationTimeout) ?? defaultOperationMs,
    culture: presentText(options?.culture),
    uiCulture: presentText(options?.uiCulture),
  };
}

/** Segments are freed whole, so they must be small beside the limit they keep. */
export function journalOptions({ quota }: SessionSettings): JournalOptions {
  const largest = 8 * 1024 * 1024;
  const smallest = 64 * 1024;
  return { segmentBytes: Math.max(smallest, Math.min(largest, Math.floor(quota.unreadBytes / 16))) };
}

/** PowerShell's application arguments. Throws INVALID_ARGUMENT naming the argument. */
export function applicationArguments(
  options: SessionOptions | undefined,
  secrets: Secrets,
): readonly (readonly [name: string, value: Value])[] {
  return Object.entries(options?.applicationArguments ?? {}).map(
    ([name, value]) =>
      [name, valueFromProto(value, `options.application_arguments.${name}`, secrets)] as const,
  );
}

function presentText(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function sizeOf(bytes: bigint | undefined): number | undefined {
  if (bytes === undefined || bytes === 0n) return undefined;
  if (bytes > 0n && bytes <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(bytes);
  throw new RunspaceError('OPTION_OUT_OF_RANGE', `a size of ${bytes.toString()} bytes is out of range`);
}
