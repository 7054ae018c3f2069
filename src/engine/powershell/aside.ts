import type { ErrorStreamRecord, FinalRecord, StreamRecord } from '../../core/record';
import type { Value } from '../../core/value';
import type { CommandArgument } from '../../psrp/create-pipeline';

/**
 * A script of ours, run between the commands of the session: in a scope of its own, outside the history, without a host.
 * It must work with language features and .NET types alone: commands may be missing, hidden, or somebody's functions.
 */
export interface Aside {
  readonly script: string;
  readonly arguments: readonly CommandArgument[];
}

/** What an aside came to. */
export interface AsideAnswer {
  readonly outputs: readonly Value[];
  readonly errors: readonly ErrorStreamRecord[];
  readonly final: FinalRecord;
}

/** Runs an aside to its end; the answer says how it ended. */
export type AskAside = (aside: Aside) => Promise<AsideAnswer>;

/** Everything that an aside wrote, in one answer. */
export async function answerFrom(batches: AsyncIterable<readonly StreamRecord[]>): Promise<AsideAnswer> {
  const outputs: Value[] = [];
  const errors: ErrorStreamRecord[] = [];
  for await (const records of batches) {
    for (const record of records) {
      if (record.stream === 'output') outputs.push(record.value);
      if (record.stream === 'error') errors.push(record);
      if (record.stream === 'final') return { outputs, errors, final: record };
    }
  }
  throw new Error('an aside ended without a final record');
}
