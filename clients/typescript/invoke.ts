import { randomUUID } from 'node:crypto';
import type { Api } from './api';
import { invalidArgument, RunspaceError } from './error';
import type { FeedEvent, FeedPosition } from './feed';
import { HostCallPolicy } from './gen/runspace/v1/session';
import { InputLostPolicy, type InvokeStart, type StartPipelineRequest } from './gen/runspace/v1/pipeline';
import type { Stream } from './gen/runspace/v1/record';
import type { Value } from './gen/runspace/v1/value';
import { InputSender, type InputSource, type InvokeCall } from './input';
import type { Host } from './host';
import { methods } from './methods';
import { toValueFormat, type OutputTextFormat } from './output-format';
import type { PipelineSource } from './pipeline';
import { stopPipeline } from './stop';
import { toDuration } from './duration';
import { toPreferences, type CommandPreferences } from './preferences';
import { toValue } from './value/to-value';

/** Choices for starting a command. */
export interface StartOptions {
  /** Positional arguments, turned into values by `toValue`. */
  readonly arguments?: readonly unknown[];
  /** Arguments by name, without the dash. */
  readonly namedArguments?: Readonly<Record<string, unknown>>;
  /** Values for `$Using:` expressions of a PowerShell script, by expression without `$Using:`. */
  readonly using?: Readonly<Record<string, unknown>>;
  /** What the command does when it writes to a stream, such as `{ verbose: 'Continue', error: 'Stop' }`. */
  readonly preferences?: CommandPreferences;
  /** Error, warning, verbose and debug records say where they were written; only PowerShell. */
  readonly invocationInfo?: boolean;
  /** Run in a scope of its own: variables set by the command are gone afterwards. */
  readonly newScope?: boolean;
  /** Fail with SESSION_BUSY instead of queueing behind another command. */
  readonly noWait?: boolean;
  /** Ends the command, not the session, after this time. */
  readonly runTimeoutMs?: number;
  /** Ends the command when it wrote nothing for this time. */
  readonly outputTimeoutMs?: number;
  /** What becomes of what the command asks while nobody is connected; left out: as the session says. */
  readonly hostCalls?: HostCallPolicy;
  /** The size of the terminal that scripts see as `$Host.UI.RawUI`. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
  /** Output also comes as `display` records, laid out this wide by the engine's own formatters, where it has them. */
  readonly display?: { readonly columns: number };
  /** Makes the start idempotent across programs; made up when left out. */
  readonly requestId?: string;
  /** Leaves; the command goes on. */
  readonly signal?: AbortSignal;
}

/** Choices for invoking a command and reading its records. */
export interface InvokeOptions extends StartOptions {
  /** Pipeline input: each item is one object. Pulled at the command's pace. */
  readonly input?: InputSource;
  /** What happens to the command when this client is lost while it sends input; by default it waits. */
  readonly onInputLost?: InputLostPolicy;
  /** Records after this number, for a command that this `requestId` has started already; by default all. */
  readonly afterSequence?: bigint;
  /** Acknowledge records on reader `owner`, each batch once the consumer asks for the next. */
  readonly acknowledge?: boolean;
  /** The reader on whose behalf this is; `owner` where records are acknowledged. */
  readonly reader?: string;
  /** Only records of these streams; the final record always comes. */
  readonly streams?: readonly Stream[];
  /** Output comes as text of this form, in the records' `text`, instead of as `value`. */
  readonly format?: OutputTextFormat;
  /** Answers what the command asks. */
  readonly host?: Host;
  /** Take the session over if another client is connected. */
  readonly takeOver?: boolean;
}

/** The request that starts a command. Throws INVALID_ARGUMENT for a blank script. */
export function startRequest(
  api: Api,
  { session, script }: { readonly session: string; readonly script: string },
  options: InvokeOptions,
): StartPipelineRequest {
  if (script.trim() === '') throw invalidArgument('the script is empty: give the text of a command');
  const positional = (options.arguments ?? []).map((value) => ({ name: '', value: toValue(value) }));
  const named = Object.entries(options.namedArguments ?? {}).map(([name, value]) => ({
    name,
    value: toValue(value),
  }));
  return {
    requestId: options.requestId ?? randomUUID(),
    clientId: api.clientId,
    session,
    command: {
      script,
      arguments: [...positional, ...named],
      newScope: options.newScope ?? false,
      usingValues: valuesByName(options.using),
      preferences: toPreferences(options.preferences),
      invocationInfo: options.invocationInfo ?? false,
    },
    noWait: options.noWait ?? false,
    hasInput: options.input !== undefined,
    onInputLost: options.onInputLost ?? InputLostPolicy.INPUT_LOST_POLICY_UNSPECIFIED,
    runTimeout: toDuration(options.runTimeoutMs),
    outputTimeout: toDuration(options.outputTimeoutMs),
    hostCalls: options.hostCalls ?? HostCallPolicy.HOST_CALL_POLICY_UNSPECIFIED,
    terminal: options.terminal,
    display: options.display,
  };
}

function valuesByName(values: Readonly<Record<string, unknown>> = {}): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toValue(value)]));
}

/** What is invoked, over however many calls it takes. */
interface Invocation {
  readonly api: Api;
  readonly start: InvokeStart;
  readonly input: InputSender | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The source of a command that is started here: the same start again, by its request id, after each loss. */
export function invokeSource(api: Api, start: StartPipelineRequest, options: InvokeOptions): PipelineSource {
  const input = options.input === undefined ? undefined : new InputSender(options.input);
  const invocation: Invocation = {
    api,
    input,
    signal: options.signal,
    start: {
      start,
      afterSequence: options.afterSequence ?? 0n,
      reader: options.reader ?? (options.acknowledge === true ? 'owner' : ''),
      streams: [...(options.streams ?? [])],
      takeOver: options.takeOver ?? false,
      format: toValueFormat(options.format),
    },
  };
  return {
    open: (position) => invokeEvents(invocation, position),
    endsEarly: false,
    afterSequence: options.afterSequence ?? 0n,
    onInputAccepted: (number) => input?.confirm(number),
    close: () => input?.close(),
  };
}

type EventMessage = { readonly event?: FeedEvent | undefined };

async function* invokeEvents(
  { api, start, input, signal }: Invocation,
  { afterSequence }: FeedPosition,
): AsyncGenerator<EventMessage, void, undefined> {
  using call = await api.duplex(methods.invokePipeline, signal);
  await call.send({ action: { $case: 'start', value: { ...start, afterSequence: afterSequence ?? 0n } } });
  void input?.feed(call).catch(() => stopOver(call)); // The command would wait for the rest for ever.
  let pipeline = '';
  try {
    for await (const message of call.responses()) {
      if (message.event?.$case === 'snapshot') pipeline = message.event.value.pipeline?.id ?? '';
      yield message;
    }
  } catch (error) {
    if (isRefusedInput(error)) await stopPipeline(api, { session: start.start?.session ?? '', pipeline });
    throw error;
  }
  input?.throwIfFailed();
}

/** An item that can't be taken: it will not come in another form, so the command would wait for it for ever. */
function isRefusedInput(error: unknown): boolean {
  if (!(error instanceof RunspaceError) || error.reason !== 'INVALID_ARGUMENT') return false;
  return error.metadata['path']?.startsWith('items[') === true;
}

async function stopOver(call: InvokeCall<EventMessage>): Promise<void> {
  await call.send({ action: { $case: 'stop', value: {} } });
}
