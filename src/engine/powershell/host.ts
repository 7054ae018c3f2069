import type { InformationStreamRecord } from '../../core/record';
import { nullValue, stringValue, type Value } from '../../core/value';
import { boolValue, integerOf, textOf } from '../../psrp/clixml/properties';
import type { HostAnswer, HostCall, HostMethod } from '../../psrp/host-call';
import { hostInformation, readRecord, type WrittenRecord } from '../../psrp/records';

/** What a host call that waits for nobody comes to: a record, an exit code, or nothing. */
export type HostEffect =
  | { readonly is: 'record'; readonly record: WrittenRecord }
  | { readonly is: 'exit'; readonly code: number }
  | { readonly is: 'nothing' };

/**
 * The host of our sessions: it has a user interface and no screen. What PowerShell writes to it becomes records.
 * One per pipeline, since it remembers what was just written: Write-Host, and verbose, debug, warning, progress and
 * information that the preferences show, arrive twice, first as a record and then as a host call.
 */
export class Host {
  /** What the last record says, until its echo has come. */
  #echo: string | undefined;

  /** For every record that a pipeline writes, in order. */
  noteRecord(record: WrittenRecord): void {
    this.#echo = saidBy(record);
  }

  /** What a call that takes no answer comes to. */
  take(call: HostCall): HostEffect {
    const echo = this.#echo;
    this.#echo = undefined;
    if (call.method === 'SetShouldExit') return { is: 'exit', code: integerOf(call.parameters[0]) ?? 0 };
    const record = writers[call.method]?.(call.parameters);
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

/** The methods that write something, and the record that it is. */
const writers: Readonly<Partial<Record<HostMethod, (parameters: Parameters) => WrittenRecord>>> = {
  Write1: ([text]) => hostInformation(toText(text), { noNewLine: true }),
  Write2: (parameters) => colored(parameters, { noNewLine: true }),
  WriteLine1: () => hostInformation('', { noNewLine: false }),
  WriteLine2: ([text]) => hostInformation(toText(text), { noNewLine: false }),
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

/** The answer to a call that waits for one: facts about the host, and an error to everything that needs a person. */
export function answerOf(call: HostCall): HostAnswer {
  const value = facts[call.method];
  if (value !== undefined) return { is: 'value', value };
  const error = {
    stream: 'error',
    message: `nobody is connected to answer ${call.method}`,
    exceptionType: 'System.Management.Automation.Host.HostException',
    fullyQualifiedErrorId: 'HOST_CALL_UNANSWERED',
    category: 'ResourceUnavailable',
  } as const;
  return { is: 'error', error };
}

const facts: Readonly<Partial<Record<HostMethod, Value>>> = {
  GetName: stringValue('runspaced'),
  GetVersion: { type: 'version', text: '1.0' },
  GetCurrentCulture: stringValue('en-US'),
  GetCurrentUICulture: stringValue('en-US'),
  GetIsRunspacePushed: boolValue(false),
};
