import type { FinalRecord } from '../core/record';
import type { Record as ProtoRecord } from '../gen/runspace/v1/record';
import { RecordBatch } from '../gen/runspace/v1/record';
import type { Clock } from '../core/clock';
import type { Log } from '../core/log';
import { RunspaceError } from '../core/error';
import { FinalState } from '../gen/runspace/v1/record';
import type { Journal } from '../journal/journal';
import { fromProblem } from '../status/problem';
import { FinalWriter } from './final-writer';
import type { Pipeline } from './pipeline';
import { RecordWriter } from './record-writer';
import type { Secrets } from './secrets';

/** What ending a pipeline that no engine has needs. */
export interface EndParts {
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Log;
}

/** Writes the final record of a pipeline that no engine has: one that is queued, or whose keeper died. */
export function endPipeline(pipeline: Pipeline, final: FinalRecord, parts: EndParts): Promise<void> {
  return pipeline.journal.use((journal) => {
    const writer = new RecordWriter({ ...parts, journal });
    new FinalWriter(final, { ...parts, pipeline, journal, writer }).write(0);
  });
}

/** The final record of a finished journal. Rejects with JOURNAL_DAMAGED where it can't be read. */
export async function readFinal(journal: Journal): Promise<FinalRecord> {
  const reading = new AbortController();
  for await (const item of journal.read(journal.last - 1n, reading.signal)) {
    const records = item.kind === 'batch' ? RecordBatch.decode(item.batch.bytes).records : [];
    const final = records.map(finalOf).find((each) => each !== undefined);
    if (final !== undefined) return final;
  }
  throw new RunspaceError('JOURNAL_DAMAGED', 'the last record of a pipeline cannot be read');
}

function finalOf({ body }: ProtoRecord): FinalRecord | undefined {
  if (body?.$case !== 'final') return undefined;
  const { problem, exitCode } = body.value;
  return {
    stream: 'final',
    state: states[body.value.state],
    ...(problem === undefined ? {} : { reason: fromProblem(problem) }),
    ...(exitCode === undefined ? {} : { exitCode }),
  };
}

const states: Readonly<Record<FinalState, FinalRecord['state']>> = {
  [FinalState.FINAL_STATE_UNSPECIFIED]: 'failed',
  [FinalState.FINAL_STATE_COMPLETED]: 'completed',
  [FinalState.FINAL_STATE_FAILED]: 'failed',
  [FinalState.FINAL_STATE_STOPPED]: 'stopped',
};
