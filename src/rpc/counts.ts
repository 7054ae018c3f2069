import { countedStreams, type StreamCounts } from '../core/stream-counts';
import type { StreamCounts as CountsMessage } from '../gen/runspace/v1/record';

/** The counts of a message; undefined: nobody counted. */
export function countsOf(message: CountsMessage | undefined): StreamCounts | undefined {
  if (message === undefined) return undefined;
  return Object.fromEntries(countedStreams.map((stream) => [stream, Number(message[stream])]));
}

/** The message that says them. */
export function toCountsMessage(counts: StreamCounts | undefined): CountsMessage | undefined {
  if (counts === undefined) return undefined;
  const {
    output = 0,
    error = 0,
    warning = 0,
    verbose = 0,
    debug = 0,
    information = 0,
    progress = 0,
  } = counts;
  return {
    output: BigInt(output),
    error: BigInt(error),
    warning: BigInt(warning),
    verbose: BigInt(verbose),
    debug: BigInt(debug),
    information: BigInt(information),
    progress: BigInt(progress),
  };
}
