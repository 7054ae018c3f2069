import { fromValue, type FinalState, type Pipeline, type SessionRecord } from '../../../clients/typescript';
import { within } from './eventually';

/** What a reader got of one command. */
export interface Read {
  /** The numbers of all records, the final one too, as they came; a gap is its text. */
  readonly numbers: readonly (bigint | string)[];
  /** Output values, as text. */
  readonly outputs: readonly string[];
  /** `completed`, or `failed REASON`. */
  readonly end: string;
}

/** Reads a command to its end. */
export async function readAll(
  pipeline: Pipeline,
  onRecord: (record: SessionRecord) => void = () => undefined,
): Promise<Read> {
  const numbers: (bigint | string)[] = [];
  const outputs: string[] = [];
  let end = 'no final record';
  const reading = (async () => {
    for await (const record of pipeline.records()) {
      numbers.push(
        record.stream === 'gap' ? `gap ${String(record.from)}-${String(record.to)}` : record.sequence,
      );
      if (record.stream === 'output') outputs.push(String(fromValue(record.value)));
      if (record.stream === 'final') end = endOf(record);
      onRecord(record);
    }
  })();
  const limitMs = 60_000;
  await within('a command is read to its end', limitMs, reading).catch((error: unknown) => {
    const last = numbers.at(-1);
    throw new Error(`reading ended after record ${String(last)}: ${String(error)}`, { cause: error });
  });
  return { numbers, outputs, end };
}

/** `whole` if records 1, 2, 3 … came once each, in order, without a gap; else where it went wrong first. */
export function orderOf({ numbers }: Pick<Read, 'numbers'>, first = 1n): string {
  const wrong = numbers.findIndex((number, index) => number !== first + BigInt(index));
  if (wrong < 0) return 'whole';
  const around = numbers.slice(Math.max(0, wrong - 2), wrong + 3).map(String);
  return `number ${String(first + BigInt(wrong))} is due, and there came … ${around.join(', ')} …`;
}

/** `whole` if the command wrote 1, 2, 3 … up to `count`, each once, every record came once, and it completed. */
export function wholeness(read: Read, count: number): string {
  const order = orderOf(read);
  if (order !== 'whole') return order;
  const wrong = read.outputs.findIndex((output, index) => output !== String(index + 1));
  if (wrong >= 0) return `output ${String(wrong + 1)} is ${String(read.outputs[wrong])}`;
  if (read.outputs.length !== count)
    return `${String(read.outputs.length)} outputs instead of ${String(count)}`;
  return read.end === 'completed' ? 'whole' : read.end;
}

function endOf({ state, problem }: { state: FinalState; problem: { reason: string } | undefined }): string {
  const name = state.replace('FINAL_STATE_', '').toLowerCase();
  return problem === undefined ? name : `${name} ${problem.reason}`;
}
