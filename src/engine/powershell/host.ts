import type { HostCallRecord, InformationStreamRecord } from '../../core/record';
import { nullValue, stringValue, type Value } from '../../core/value';
import { boolValue, integerOf, textOf } from '../../psrp/clixml/properties';
import type { HostAnswer, HostCall, HostMethod } from '../../psrp/host-call';
import { hostInformation, readRecord, type WrittenRecord } from '../../psrp/records';
import { hostCallRecord } from './host-question';
import type { Screen } from './screen';

/** What a host call that waits for nobody comes to: a record, an exit code, or nothing. */
export type HostEffect =
  | { readonly is: 'record'; readonly record: WrittenRecord | HostCallRecord }
  | { readonly is: 'exit'; readonly code: number }
  | { readonly is: 'nothing' };

/**
 * The host of our sessions. What PowerShell writes to it becomes records; what it sets, such as the window's title,
 * is told as a host call that takes no answer.
 * One per pipeline, since it remembers what was just written: Write-Host, and verbose, debug, warning, progress and
 * information that the preferences show, arrive twice, first as a record and then as a host call.
 */
export class Host {
  /** What the last record says, until its echo has come. */
  #echo: string | undefined;
  readonly #screen: Screen;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** For every record that a pipeline writes, in order. */
  noteRecord(record: WrittenRecord): void {
    this.#echo = saidBy(record);
  }

  /** What a call that takes no answer comes to. */
  take(call: HostCall): HostEffect {
    const echo = this.#echo;
    this.#echo = undefined;
    if (call.method === 'SetShouldExit') return { is: 'exit', code: integerOf(call.parameters[0]) ?? 0 };
    this.#screen.note(call);
    if (told.has(call.method)) return { is: 'record', record: hostCallRecord({ ...call, callId: 0n }) };
    const record = writers[call.method]?.(call.parameters, this.#screen);
    if (record === undefined || (echo !== undefined && saidBy(record) === echo)) return { is: 'nothing' };
    return { is: 'record', record };
  }
}

/** What a record says, to tell an echo by; undefined for records that have none. */
function saidBy(record: WrittenRecord): string | undefined {
  switch (record.stream) {
    case 'warning':
    case 'verbose':
    case 'debug':
    case 'information':
      return `${record.stream} ${record.message}`;
    case 'progress':
      return JSON.stringify(record);
    case 'output':
    case 'error':
      return undefined;
  }
}

type Parameters = readonly Value[];

/** What a host with a screen would do, told to whoever has one. */
const told: ReadonlySet<HostMethod> = new Set<HostMethod>([
  'SetForegroundColor',
  'SetBackgroundColor',
  'SetCursorPosition',
  'SetWindowPosition',
  'SetCursorSize',
  'SetBufferSize',
  'SetWindowSize',
  'SetWindowTitle',
  'SetBufferContents1',
  'SetBufferContents2',
  'ScrollBufferContents',
]);

/** The methods that write something, and the record that it is. */
const writers: Readonly<
  Partial<Record<HostMethod, (parameters: Parameters, screen: Screen) => WrittenRecord>>
> = {
  Write1: ([text], { colors }) => hostInformation(toText(text), { noNewLine: true, ...colors }),
  Write2: (parameters) => colored(parameters, { noNewLine: true }),
  WriteLine1: () => hostInformation('', { noNewLine: false }),
  WriteLine2: ([text], { colors }) => hostInformation(toText(text), { noNewLine: false, ...colors }),
  WriteLine3: (parameters) => colored(parameters, { noNewLine: false }),
  WriteErrorLine: ([text]) => ({ stream: 'error', message: toText(text) }),
  WriteDebugLine: ([text]) => ({ stream: 'debug', message: toText(text) }),
  WriteVerboseLine: ([text]) => ({ stream: 'verbose', message: toText(text) }),
  WriteWarningLine: ([text]) => ({ stream: 'warning', message: toText(text) }),
  WriteProgress: ([, progress]) => readRecord('PROGRESS_RECORD', progress ?? nullValue),
};

function toText(value: Value | undefined): string {
  return textOf(value) ?? '';
}

function colored(
  [foreground, background, text]: Parameters,
  line: { readonly noNewLine: boolean },
): InformationStreamRecord {
  const foregroundNumber = integerOf(foreground);
  const backgroundNumber = integerOf(background);
  return hostInformation(toText(text), {
    ...line,
    ...(foregroundNumber === undefined ? {} : { foreground: foregroundNumber }),
    ...(backgroundNumber === undefined ? {} : { background: backgroundNumber }),
  });
}

/** The answer to a call that asks for a fact about the host, or for what no host of ours can do. */
export function factOf(call: HostCall): HostAnswer {
  const value = facts[call.method];
  if (value !== undefined) return { is: 'value', value };
  const error = {
    stream: 'error',
    message: `the host of this session has no ${call.method}`,
    exceptionType: 'System.Management.Automation.Host.HostException',
    fullyQualifiedErrorId: 'UNSUPPORTED',
    category: 'NotImplemented',
  } as const;
  return { is: 'error', error };
}

const facts: Readonly<Partial<Record<HostMethod, Value>>> = {
  GetName: stringValue('runspaced'),
  GetVersion: { type: 'version', text: '1.0' },
  GetCurrentCulture: stringValue('en-US'),
  GetCurrentUICulture: stringValue('en-US'),
  GetIsRunspacePushed: boolValue(false),
  GetKeyAvailable: boolValue(false),
};
