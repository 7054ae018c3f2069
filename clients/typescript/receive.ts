import type { Api } from './api';
import type { ReceivePipelineRequest } from './gen/runspace/v1/pipeline';
import type { Stream } from './gen/runspace/v1/record';
import type { Host } from './host';
import { methods } from './methods';
import { toValueFormat, type OutputTextFormat } from './output-format';
import type { PipelineSource } from './pipeline';

/** Choices for reading the records of a command. */
export interface ReceiveOptions {
  /**
   * The command: its id, the beginning of its id, or its number in the session. Left out: with `afterSequence` the
   * newest one, without it the oldest that the reader has not finished.
   */
  readonly pipeline?: string;
  /** Records after this number; 0: from the first. Left out: after the last that the reader acknowledged. */
  readonly afterSequence?: bigint;
  /** The reader on whose behalf this is; `owner` where records are acknowledged, else nobody. */
  readonly reader?: string;
  /** Acknowledge records on reader `owner`, each batch once the consumer asks for the next. */
  readonly acknowledge?: boolean;
  /** Only records of these streams; the final record always comes. */
  readonly streams?: readonly Stream[];
  /** Output comes as text of this form, in the records' `text`, instead of as `value`. */
  readonly format?: OutputTextFormat;
  /** End after what is kept now, instead of following live output. */
  readonly noFollow?: boolean;
  /** Answers what the command asks and nobody has answered yet. */
  readonly host?: Host;
  /** Leaves; the command goes on. */
  readonly signal?: AbortSignal;
}

/** The source of a command that runs already: received again from the next number on after each loss. */
export function receiveSource(api: Api, session: string, options: ReceiveOptions): PipelineSource {
  const request: ReceivePipelineRequest = {
    clientId: api.clientId,
    session,
    pipeline: options.pipeline ?? '',
    afterSequence: options.afterSequence,
    reader: options.reader ?? (options.acknowledge === true ? 'owner' : ''),
    streams: [...(options.streams ?? [])],
    format: toValueFormat(options.format),
    noFollow: options.noFollow ?? false,
  };
  return {
    open: ({ pipelineId, afterSequence }) => {
      const position = { ...request, pipeline: pipelineId ?? request.pipeline, afterSequence };
      return api.serverStream(methods.receivePipeline, position, options.signal);
    },
    endsEarly: request.noFollow,
    afterSequence: options.afterSequence,
    onInputAccepted: () => undefined,
    close: () => undefined,
  };
}
