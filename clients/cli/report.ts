import { UsageError } from './failure';
import type { RecordFormat } from './flags';
import type { Terminal } from './terminal';

/** What an error says beside its message; errors of the daemon and of the command line have it. */
interface Reasoned {
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly grpcCode?: string;
}

/** The reason of an error; INTERNAL for what is none of ours. */
export function reasonOf(error: unknown): string {
  return isReasoned(error) ? error.reason : 'INTERNAL';
}

/** Writes an error to standard error, in the form of the output. */
export async function reportFailure(terminal: Terminal, error: unknown, format: RecordFormat): Promise<void> {
  await terminal.note(await failureText(terminal, error, format));
}

async function failureText(terminal: Terminal, error: unknown, format: RecordFormat): Promise<string> {
  const message = error instanceof Error ? error.message : String(error);
  switch (format) {
    case 'table':
    case 'name':
    case 'clixml':
    case 'values':
      return `${terminal.coloured('error', `runspace: ${message}`)}${unexpectedStack(error)}\n`;
    case 'json':
    case 'ndjson':
      return `${JSON.stringify(factsOf(error, message))}\n`;
    case 'yaml': {
      const { stringify } = await import('yaml');
      return stringify(factsOf(error, message));
    }
  }
}

function factsOf(error: unknown, message: string): object {
  if (!isReasoned(error)) return { error: { reason: 'INTERNAL', message, metadata: {} } };
  const { reason, metadata, grpcCode } = error;
  return { error: { reason, message, metadata, ...(grpcCode === undefined ? {} : { grpcCode }) } };
}

/** Only a fault of this program is shown with its stack. */
function unexpectedStack(error: unknown): string {
  if (isReasoned(error) || !(error instanceof Error)) return '';
  return `\n${error.stack ?? ''}`;
}

/** By shape: this file must not load the client library. */
function isReasoned(error: unknown): error is Error & Reasoned {
  if (error instanceof UsageError) return true;
  return (
    error instanceof Error && 'reason' in error && typeof error.reason === 'string' && 'metadata' in error
  );
}
