import { fromValue, type HostCallRecord, type SessionRecord } from '../../typescript';
import type { Terminal } from '../terminal';

type InformationOf<Record> = Record extends { readonly stream: 'information' } ? Record : never;

/** ANSI colours in the order of .NET's ConsoleColor; 10 more is the colour behind the text. */
const ansi = [30, 34, 32, 36, 31, 35, 33, 37, 90, 94, 92, 96, 91, 95, 93, 97] as const;

/** What Write-Host wrote, in its colours where standard error is a terminal that wants them. */
export function informationText({ message, host }: InformationOf<SessionRecord>, terminal: Terminal): string {
  const foreground = ansi[host?.foreground ?? -1];
  const background = ansi[host?.background ?? -1];
  const codes = [
    ...(foreground === undefined ? [] : [foreground]),
    ...(background === undefined ? [] : [background + 10]),
  ];
  return terminal.painted(codes, message) + (host?.noNewLine === true ? '' : '\n');
}

/** What a script has set of its host's screen, as a terminal is told it; nothing where standard error is none. */
export function screenText({ method, parameters }: HostCallRecord, terminal: Terminal): string {
  if (!terminal.isShown) return '';
  const [value] = parameters.map(fromValue);
  switch (method) {
    case 'SetWindowTitle':
      return typeof value === 'string' ? `\x1b]2;${printable(value)}\x07` : '';
    case 'SetBufferContents1':
      return isWholeScreen(value) ? '\x1b[2J\x1b[H' : ''; // Clear-Host.
    default:
      return '';
  }
}

function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}

function isWholeScreen(rectangle: unknown): boolean {
  if (typeof rectangle !== 'object' || rectangle === null) return false;
  return 'left' in rectangle && rectangle.left === -1 && 'right' in rectangle && rectangle.right === -1;
}
