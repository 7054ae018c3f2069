import { GapReason, type GapRecord, type SessionRecord } from '../../typescript';
import type { Terminal } from '../terminal';
import { informationText, screenText } from './host-text';

/** The text on standard error for a record that is no output; empty for what is not shown. */
export function messageText(record: SessionRecord, terminal: Terminal): string {
  switch (record.stream) {
    case 'error':
      return errorText(record, terminal);
    case 'warning':
      return `${terminal.coloured('warning', `WARNING: ${record.message}`)}\n`;
    case 'verbose':
      return `${terminal.coloured('detail', `VERBOSE: ${record.message}`)}\n`;
    case 'debug':
      return `${terminal.coloured('detail', `DEBUG: ${record.message}`)}\n`;
    case 'information':
      return informationText(record, terminal);
    case 'hostCall':
      return screenText(record, terminal);
    case 'gap':
      return `runspace: ${gapText(record)}\n`;
    case 'progress':
    case 'output':
    case 'display':
    case 'final':
    case 'sessionEvent':
    case 'unknown':
      return '';
  }
}

type ErrorOf<Record> = Record extends { readonly stream: 'error' } ? Record : never;

function errorText(record: ErrorOf<SessionRecord>, terminal: Terminal): string {
  if (isStandardError(record)) return `${record.message}\n`;
  const stack = record.scriptStackTrace.split('\n').filter((line) => line.trim() !== '');
  const lines = [
    terminal.coloured('error', titledMessage(record)),
    ...stack.map((line) => terminal.coloured('dim', `    ${line.trim()}`)),
    ...(record.recommendedAction === '' ? [] : [`    ${record.recommendedAction}`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** What a program wrote to its standard error, which PowerShell has as error records: that line and nothing else. */
function isStandardError({ fullyQualifiedErrorId }: ErrorOf<SessionRecord>): boolean {
  return /^NativeCommandError(Message)?$/.test(fullyQualifiedErrorId);
}

/** `TypeError: x is not a function`; PowerShell's own class names say less than its messages. */
function titledMessage({ message, exceptionType }: ErrorOf<SessionRecord>): string {
  const type = exceptionType.slice(exceptionType.lastIndexOf('.') + 1);
  if (type === '' || message.startsWith(type)) return message;
  return type === 'WriteErrorException' ? `Write-Error: ${message}` : `${type}: ${message}`;
}

/** What a gap says to a person. */
function gapText({ from, to, reason }: Pick<GapRecord, 'from' | 'to' | 'reason'>): string {
  const count = to - from + 1n;
  const which =
    count === 1n
      ? `record ${from.toString()} is`
      : `records ${from.toString()} to ${to.toString()} (${count.toString()}) are`;
  return `${which} gone: ${gapReason(reason)}`;
}

function gapReason(reason: GapReason): string {
  switch (reason) {
    case GapReason.REASON_DROPPED:
      return 'nobody read in time, and the session drops what is unread (OutputBufferingMode Drop)';
    case GapReason.REASON_STOPPED:
      return 'written after the command was asked to stop';
    case GapReason.REASON_EXPIRED:
      return 'freed under the limits of what is kept';
    case GapReason.REASON_DAMAGED:
      return 'the journal was damaged on disk';
    case GapReason.REASON_FILTERED:
      return 'of other streams than asked for';
    case GapReason.REASON_UNSPECIFIED:
    case GapReason.UNRECOGNIZED:
      return 'the daemon did not say why';
  }
}
