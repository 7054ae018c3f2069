import type { RunningPipeline } from '../core/kept-session';
import type {
  ReceivePipelineRequest,
  RespondToHostCallRequest,
  SendPipelineInputRequest,
  StartPipelineRequest,
} from '../gen/runspace/keeper/v1/keeper';
import { ReceivePipelineResponse } from '../gen/runspace/keeper/v1/keeper';
import {
  InputLostPolicy,
  PipelineServiceService as pipelines,
  type Pipeline,
  type RespondToHostCallRequest as FarResponse,
} from '../gen/runspace/v1/pipeline';
import { HostCall } from '../gen/runspace/v1/record';
import { HostCallPolicy } from '../gen/runspace/v1/session';
import type { KeeperClient } from '../keeper/client';
import type { FarLink } from './far-link';
import type { FarSessionParts } from './far-parts';

/** What commands of a session at another daemon need. */
interface FarCommandsParts extends Pick<FarSessionParts, 'sessionId' | 'labels' | 'newId' | 'holder'> {
  readonly link: FarLink;
  /** The session's id there. */
  readonly farId: string;
  readonly clientId: string;
}

type CommandCalls = Pick<
  KeeperClient,
  | 'startPipeline'
  | 'sendPipelineInput'
  | 'respondToHostCall'
  | 'acknowledgeRecords'
  | 'stopPipeline'
  | 'getPipeline'
  | 'listPipelines'
  | 'revealSecret'
  | 'receivePipeline'
  | 'receivePipelineRaw'
  | 'runPipelineRaw'
>;

/** Host calls of our own, made while the way there was opened, have numbers from here on (see ask-person.ts of the keeper). */
const ownCallsFrom = 1n << 40n;

/** Commands of a session that is at another daemon, as a keeper's client has them. */
export class FarCommands {
  readonly #parts: FarCommandsParts;
  readonly #policies = new Map<
    string,
    { readonly onInputLost: InputLostPolicy; readonly hostCalls: HostCallPolicy }
  >();

  constructor(parts: FarCommandsParts) {
    this.#parts = parts;
  }

  readonly calls: CommandCalls = {
    startPipeline: (request) => this.#start(request),
    sendPipelineInput: (request, signal) => this.#sendInput(request, signal),
    respondToHostCall: (request) => this.#respond(request),
    acknowledgeRecords: ({ pipeline, sequence }) =>
      this.#parts.link.call(pipelines.acknowledgeRecords, { ...this.#place, pipeline, sequence }),
    stopPipeline: async ({ pipeline, force }) => {
      const answer = await this.#parts.link.call(pipelines.stopPipeline, {
        ...this.#place,
        requestId: this.#parts.newId(),
        pipeline,
        force,
      });
      return { ...answer, pipeline: this.#ours(answer.pipeline) };
    },
    getPipeline: async ({ pipeline }, signal) => {
      const request = { session: this.#parts.farId, pipeline };
      const answer = await this.#parts.link.call(pipelines.getPipeline, request, signal);
      return { pipeline: this.#ours(answer.pipeline) };
    },
    listPipelines: async (_request, signal) => ({ pipelines: await this.#list(signal) }),
    revealSecret: ({ secretId }, signal) =>
      this.#parts.link.call(pipelines.revealSecret, { ...this.#place, secretId }, signal),
    receivePipeline: (request, signal) => this.#receive(request, signal),
    receivePipelineRaw: (request, signal) => encoded(this.#receive(request, signal)),
    runPipelineRaw: undefined, // The other daemon names its pipelines itself: they are started first.
  };

  /** The command that runs, as listings show it. */
  async find(id: string, signal: AbortSignal): Promise<RunningPipeline | undefined> {
    const request = { session: this.#parts.farId, pipeline: id };
    const { pipeline } = await this.#parts.link.call(pipelines.getPipeline, request, signal);
    if (pipeline === undefined) return undefined;
    return {
      id: pipeline.id,
      command: pipeline.command,
      waiting: pipeline.waiting,
      hostCalls: pipeline.pendingHostCalls.map((call) => ({
        callId: call.callId,
        encoded: HostCall.encode(call).finish(),
      })),
      hostCallPolicy: policyNames[this.#policies.get(id)?.hostCalls ?? 0],
    };
  }

  get #place(): { readonly clientId: string; readonly session: string } {
    return { clientId: this.#parts.clientId, session: this.#parts.farId };
  }

  async #start(request: StartPipelineRequest) {
    const { requestId, command, noWait, hasInput, onInputLost, runTimeout, outputTimeout } = request;
    const { terminal, display } = request;
    const { pipeline } = await this.#parts.link.call(pipelines.startPipeline, {
      ...this.#place,
      requestId,
      command,
      noWait,
      hasInput,
      onInputLost,
      runTimeout,
      outputTimeout,
      terminal,
      display,
      // Who is connected is known here: the policy is applied here.
      hostCalls: HostCallPolicy.HOST_CALL_POLICY_WAIT,
    });
    if (pipeline !== undefined)
      this.#policies.set(pipeline.id, { onInputLost, hostCalls: request.hostCalls });
    return { pipeline: this.#ours(pipeline) };
  }

  async #sendInput(request: SendPipelineInputRequest, signal?: AbortSignal) {
    const { pipelineId, items, endOfInput, clientLost } = request;
    if (clientLost) return this.#loseInput(pipelineId);
    const input = { ...this.#place, pipeline: pipelineId, items, endOfInput };
    return this.#parts.link.call(pipelines.sendPipelineInput, input, signal);
  }

  async #loseInput(pipeline: string): Promise<{ inputAccepted: bigint }> {
    const { link } = this.#parts;
    switch (this.#policies.get(pipeline)?.onInputLost) {
      case InputLostPolicy.INPUT_LOST_POLICY_END:
        return link.call(pipelines.sendPipelineInput, {
          ...this.#place,
          pipeline,
          items: [],
          endOfInput: true,
        });
      case InputLostPolicy.INPUT_LOST_POLICY_STOP:
        await link.call(pipelines.stopPipeline, {
          ...this.#place,
          requestId: this.#parts.newId(),
          pipeline,
          force: false,
        });
        return { inputAccepted: 0n };
      case InputLostPolicy.INPUT_LOST_POLICY_UNSPECIFIED:
      case InputLostPolicy.INPUT_LOST_POLICY_WAIT:
      case undefined:
        return { inputAccepted: 0n };
    }
  }

  async #respond(request: RespondToHostCallRequest): Promise<Record<string, never>> {
    const { pipeline, callId, requestId, answer } = request;
    const { holder, link } = this.#parts;
    if (pipeline === '' && callId >= ownCallsFrom) return { ...(await holder.respondToHostCall(request)) };
    const answered: Pick<FarResponse, 'value' | 'error' | 'useDefault'> = {
      value: answer?.$case === 'value' ? answer.value : undefined,
      error:
        answer?.$case === 'error'
          ? answer.value
          : answer?.$case === 'unanswered'
            ? 'nobody is connected to answer'
            : '',
      useDefault: answer?.$case === 'useDefault',
    };
    await link.call(pipelines.respondToHostCall, {
      ...this.#place,
      requestId,
      pipeline,
      callId,
      ...answered,
    });
    return {};
  }

  async #list(signal?: AbortSignal): Promise<Pipeline[]> {
    const { link, farId } = this.#parts;
    const all: Pipeline[] = [];
    let pageToken = '';
    do {
      const page = await link.call(
        pipelines.listPipelines,
        { session: farId, pageSize: 1000, pageToken },
        signal,
      );
      all.push(...page.pipelines);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return all.map((pipeline) => ({ ...pipeline, sessionId: this.#parts.sessionId }));
  }

  /** Each record once, in its order, over however many links; the snapshot once, with the session as it is called here. */
  async *#receive(
    request: ReceivePipelineRequest,
    signal: AbortSignal,
  ): AsyncGenerator<ReceivePipelineResponse> {
    const { link } = this.#parts;
    let { afterSequence, pipeline } = request;
    let isBegun = false;
    const next = () => ({
      ...this.#place,
      pipeline,
      afterSequence,
      reader: request.reader,
      streams: request.streams,
      format: request.format,
      noFollow: request.noFollow,
    });
    for await (const message of link.stream(receiveMethod, next, signal)) {
      const { event } = message;
      switch (event?.$case) {
        case 'snapshot': {
          const { value } = event;
          // What was chosen once is gone on with: by then another command may be the newest.
          pipeline = value.pipeline?.id ?? pipeline;
          if (afterSequence === undefined || !isBegun) afterSequence = value.afterSequence;
          if (!isBegun) yield { event: { $case: 'snapshot', value: this.#snapshot(value) } };
          isBegun = true;
          break;
        }
        case 'batch': {
          const last = event.value.records.at(-1)?.sequence;
          if (last !== undefined) afterSequence = last;
          yield message;
          break;
        }
        case 'gap':
          afterSequence = event.value.to;
          yield message;
          break;
        case 'heartbeat':
        case undefined:
          yield message;
      }
    }
  }

  #snapshot(snapshot: Snapshot): Snapshot {
    const { sessionId, labels } = this.#parts;
    const { sessionName, target } = labels();
    return { ...snapshot, sessionId, sessionName, target, pipeline: this.#ours(snapshot.pipeline) };
  }

  #ours(pipeline: Pipeline | undefined): Pipeline | undefined {
    return pipeline === undefined ? undefined : { ...pipeline, sessionId: this.#parts.sessionId };
  }
}

type Snapshot = Extract<NonNullable<ReceivePipelineResponse['event']>, { $case: 'snapshot' }>['value'];

/** The two contracts have this message in common. */
const receiveMethod = {
  ...pipelines.receivePipeline,
  responseDeserialize: (bytes: Buffer) => ReceivePipelineResponse.decode(bytes),
};

async function* encoded(messages: AsyncIterable<ReceivePipelineResponse>): AsyncGenerator<Uint8Array> {
  for await (const message of messages) yield ReceivePipelineResponse.encode(message).finish();
}

const policyNames: Readonly<Record<HostCallPolicy, RunningPipeline['hostCallPolicy']>> = {
  [HostCallPolicy.HOST_CALL_POLICY_UNSPECIFIED]: undefined,
  [HostCallPolicy.HOST_CALL_POLICY_WAIT]: 'wait',
  [HostCallPolicy.HOST_CALL_POLICY_FAIL]: 'fail',
  [HostCallPolicy.HOST_CALL_POLICY_DEFAULT]: 'default',
};
