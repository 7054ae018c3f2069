import type { InformationStreamRecord, ProgressStreamRecord, StreamRecord } from '../core/record';
import { nullValue, stringValue, type Value } from '../core/value';
import {
  boolOf,
  boolValue,
  enumValue,
  int32Value,
  integerOf,
  itemsOf,
  listValue,
  propertyBag,
  propertyOf,
  textOf,
} from './clixml/properties';
import { errorRecordValue, readErrorRecord } from './error-record';
import type { MessageType } from './message';

/** The messages that carry what a pipeline writes. */
export type RecordMessageType = Extract<MessageType, 'PIPELINE_OUTPUT' | `${string}_RECORD`>;

/** What a pipeline writes: every stream record but those that the engine makes itself. */
export type WrittenRecord = Exclude<StreamRecord, { readonly stream: 'hostCall' | 'display' | 'final' }>;

/** Reads a record from its message (MS-PSRP 2.2.2.19 to 2.2.2.26). */
export function readRecord(type: RecordMessageType, value: Value): WrittenRecord {
  switch (type) {
    case 'PIPELINE_OUTPUT':
      return { stream: 'output', value };
    case 'ERROR_RECORD':
      return readErrorRecord(value);
    case 'WARNING_RECORD':
      return readInformational('warning', value);
    case 'VERBOSE_RECORD':
      return readInformational('verbose', value);
    case 'DEBUG_RECORD':
      return readInformational('debug', value);
    case 'INFORMATION_RECORD':
      return readInformation(value);
    case 'PROGRESS_RECORD':
      return readProgress(value);
  }
}

/** The message that carries a record, and its payload; what the server half sends. */
export function recordMessage(record: WrittenRecord): [type: RecordMessageType, payload: Value] {
  switch (record.stream) {
    case 'output':
      return ['PIPELINE_OUTPUT', record.value];
    case 'error':
      return ['ERROR_RECORD', errorRecordValue(record)];
    case 'warning':
      return ['WARNING_RECORD', informationalValue('WarningRecord', record.message)];
    case 'verbose':
      return ['VERBOSE_RECORD', informationalValue('VerboseRecord', record.message)];
    case 'debug':
      return ['DEBUG_RECORD', informationalValue('DebugRecord', record.message)];
    case 'information':
      return ['INFORMATION_RECORD', informationValue(record)];
    case 'progress':
      return ['PROGRESS_RECORD', progressValue(record)];
  }
}

function readInformational(stream: 'warning' | 'verbose' | 'debug', value: Value): WrittenRecord {
  const message = textOf(propertyOf(value, 'InformationalRecord_Message')) ?? displayText(value);
  const hasInvocation = boolOf(propertyOf(value, 'InformationalRecord_SerializeInvocationInfo')) === true;
  return { stream, message, ...(hasInvocation ? { invocation: value } : {}) };
}

function informationalValue(typeName: string, message: string): Value {
  const notes = propertyBag({
    InformationalRecord_Message: stringValue(message),
    InformationalRecord_SerializeInvocationInfo: boolValue(false),
  });
  const typeNames = [typeName, 'InformationalRecord'].map((name) => `System.Management.Automation.${name}`);
  return { ...notes, typeNames: [...typeNames, 'System.Object'], text: message };
}

/** PowerShell's ConsoleColor by number. */
const consoleColors = [
  'Black',
  'DarkBlue',
  'DarkGreen',
  'DarkCyan',
  'DarkRed',
  'DarkMagenta',
  'DarkYellow',
  'Gray',
  'DarkGray',
  'Blue',
  'Green',
  'Cyan',
  'Red',
  'Magenta',
  'Yellow',
  'White',
] as const;

const hostMessageType = 'System.Management.Automation.HostInformationMessage';

function readInformation(value: Value): InformationStreamRecord {
  const data = propertyOf(value, 'MessageData') ?? nullValue;
  const source = textOf(propertyOf(value, 'Source'));
  const tags = (itemsOf(propertyOf(value, 'Tags')) ?? []).map((tag) => displayText(tag));
  const record = {
    stream: 'information' as const,
    value: data,
    tags,
    ...(source === undefined ? {} : { source }),
  };
  if (data.type !== 'object' || !data.typeNames.some((name) => name.endsWith(hostMessageType))) {
    return { ...record, message: displayText(data) };
  }
  const foreground = colorOf(propertyOf(data, 'ForegroundColor'));
  const background = colorOf(propertyOf(data, 'BackgroundColor'));
  const host = {
    noNewLine: boolOf(propertyOf(data, 'NoNewLine')) ?? false,
    ...(foreground === undefined ? {} : { foreground }),
    ...(background === undefined ? {} : { background }),
  };
  return { ...record, message: textOf(propertyOf(data, 'Message')) ?? displayText(data), host };
}

/** A colour travels by name or by number, as deep as the serialiser still writes enums. */
function colorOf(value: Value | undefined): number | undefined {
  const byNumber = integerOf(value);
  if (byNumber !== undefined) return byNumber;
  const byName = (consoleColors as readonly string[]).indexOf(textOf(value) ?? '');
  return byName < 0 ? undefined : byName;
}

/** A record made by Write-Host or by a host that has no record of it; the text as HostInformationMessage has it. */
export function hostInformation(
  message: string,
  host: NonNullable<InformationStreamRecord['host']>,
): InformationStreamRecord {
  const color = (number: number | undefined): Value =>
    number === undefined ? nullValue : stringValue(consoleColors[number] ?? String(number));
  const adapted = [
    { name: 'Message', value: stringValue(message) },
    { name: 'NoNewLine', value: boolValue(host.noNewLine) },
    { name: 'ForegroundColor', value: color(host.foreground) },
    { name: 'BackgroundColor', value: color(host.background) },
  ];
  const typeNames = [hostMessageType, 'System.Object'];
  const value: Value = { type: 'object', typeNames, text: message, adapted, extended: [] };
  return { stream: 'information', value, message, tags: ['PSHOST'], host };
}

function informationValue(record: InformationStreamRecord): Value {
  return propertyBag({
    MessageData: record.value,
    Source: record.source === undefined ? nullValue : stringValue(record.source),
    Tags: listValue(record.tags.map(stringValue)),
  });
}

function readProgress(value: Value): ProgressStreamRecord {
  const text = (name: string): string => textOf(propertyOf(value, name)) ?? '';
  const number = (name: string, absent: number): number => integerOf(propertyOf(value, name)) ?? absent;
  const type = propertyOf(value, 'Type');
  return {
    stream: 'progress',
    activity: text('Activity'),
    activityId: number('ActivityId', 0),
    parentActivityId: number('ParentActivityId', -1),
    statusDescription: text('StatusDescription'),
    currentOperation: text('CurrentOperation'),
    percentComplete: number('PercentComplete', -1),
    secondsRemaining: number('SecondsRemaining', -1),
    completed: integerOf(type) === 1 || textOf(type) === 'Completed',
  };
}

function progressValue(record: ProgressStreamRecord): Value {
  const typeName = 'System.Management.Automation.ProgressRecordType';
  return propertyBag({
    Activity: stringValue(record.activity),
    ActivityId: int32Value(record.activityId),
    StatusDescription: stringValue(record.statusDescription),
    CurrentOperation: stringValue(record.currentOperation),
    ParentActivityId: int32Value(record.parentActivityId),
    PercentComplete: int32Value(record.percentComplete),
    Type: enumValue(typeName, record.completed ? 'Completed' : 'Processing', record.completed ? 1 : 0),
    SecondsRemaining: int32Value(record.secondsRemaining),
  });
}

/** The one line of text that PowerShell's string conversion would show; approximate for containers and dates. */
export function displayText(value: Value): string {
  switch (value.type) {
    case 'null':
      return '';
    case 'bool':
      return value.value ? 'True' : 'False';
    case 'object':
      return value.text ?? (value.base === undefined ? bagText(value) : displayText(value.base));
    case 'list':
    case 'enumerable':
    case 'set':
    case 'stack':
    case 'queue':
      return value.items.map(displayText).join(' ');
    case 'dictionary':
      return 'System.Collections.Hashtable';
    case 'char':
      return String.fromCharCode(value.code);
    case 'bytes':
      return [...value.value].join(' ');
    case 'duration':
      return String(value.ticks);
    case 'secureString':
      return 'System.Security.SecureString';
    case 'reference':
      return '';
    case 'enum':
    case 'decimal':
    case 'dateTime':
    case 'guid':
    case 'uri':
    case 'version':
    case 'xml':
    case 'scriptBlock':
      return value.text;
    case 'string':
      return value.value;
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32':
    case 'int64':
    case 'uint64':
    case 'bigInteger':
    case 'single':
    case 'double':
      return String(value.value);
  }
}

function bagText(value: Extract<Value, { type: 'object' }>): string {
  const members = [...value.adapted, ...value.extended];
  return `@{${members.map((member) => `${member.name}=${displayText(member.value)}`).join('; ')}}`;
}
