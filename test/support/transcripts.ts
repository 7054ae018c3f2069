import { readFileSync } from 'node:fs';
import path from 'node:path';

const folder = path.join(__dirname, '../transcripts');

/** Lines of one recorded conversation, in order. */
export interface Transcript {
  readonly name: string;
  readonly lines: readonly { readonly from: 'client' | 'server'; readonly text: string }[];
  readonly facts: TranscriptFacts;
}

/** What index.json says of it. */
export interface TranscriptFacts {
  readonly version: { readonly client: string; readonly server: string };
  readonly scripts: readonly string[];
  readonly pipelineStates: readonly number[];
  readonly messages: Readonly<Record<'client' | 'server', Readonly<Record<string, number>>>>;
}

/** Every recorded conversation. */
export function transcripts(): readonly Transcript[] {
  const index = JSON.parse(readFileSync(path.join(folder, 'index.json'), 'utf8')) as Record<
    string,
    TranscriptFacts
  >;
  return Object.entries(index).map(([name, facts]) => {
    const text = readFileSync(path.join(folder, `${name}.log`), 'utf8');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => ({
        from: line.startsWith('> ') ? ('client' as const) : ('server' as const),
        text: line.slice(2),
      }));
    return { name, facts, lines };
  });
}

/** What one side sent, as its bytes. */
export function bytesFrom(transcript: Transcript, side: 'client' | 'server'): Uint8Array {
  const lines = transcript.lines.filter((line) => line.from === side);
  return Buffer.from(lines.map((line) => `${line.text}\n`).join(''));
}

/** One message that a Windows PowerShell sent or got. */
export interface WinrmMessage {
  readonly scenario: string;
  readonly seq: number;
  readonly messageType: string;
  readonly destination: 'client' | 'server';
  readonly rpid: string;
  readonly pid: string;
  readonly objectId: number;
  readonly bom: boolean;
  readonly payload: string;
  readonly fragmentsBase64: readonly string[];
}

/** The recorded WinRM messages. */
export function winrmMessages(): readonly WinrmMessage[] {
  const text = readFileSync(path.join(folder, 'winrm-messages.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as WinrmMessage);
}
