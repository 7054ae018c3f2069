import type { Api, CallChoices } from './api';
import type { Pipeline as PipelineInfo, StopPipelineResponse } from './gen/runspace/v1/pipeline';
import { invokeSource, startRequest, type InvokeOptions, type StartOptions } from './invoke';
import { methods } from './methods';
import { Pipeline } from './pipeline';
import { present } from './present';
import { receiveSource, type ReceiveOptions } from './receive';
import { respondToHostCall, type DistributedOmit, type RespondOptions } from './respond';
import { stopPipeline, type StopOptions } from './stop';
import type { Secret } from './value/secret';

/** Commands in sessions. A session is named by its number, id, exact name, or the beginning of its id. */
export class Pipelines {
  readonly #api: Api;

  /** Made by `connect`. */
  constructor(api: Api) {
    this.#api = api;
  }

  /** Starts a command and reads its records; the caller is connected while that lasts. Starts at once, read or not. */
  invoke(session: string, script: string, options: InvokeOptions = {}): Pipeline {
    const start = startRequest(this.#api, { session, script }, options);
    return new Pipeline({
      api: this.#api,
      session,
      source: invokeSource(this.#api, start, options),
      acknowledge: options.acknowledge ?? false,
      host: options.host,
      signal: options.signal,
    });
  }

  /** Starts a command and leaves it running. */
  async start(session: string, script: string, options: StartOptions = {}): Promise<PipelineInfo> {
    const request = startRequest(this.#api, { session, script }, options);
    const { pipeline } = await this.#api.unary(methods.startPipeline, request, { signal: options.signal });
    return present(pipeline);
  }

  /** Reads a command's records, from where the reader stands or from any number. */
  receive(session: string, options: ReceiveOptions = {}): Pipeline {
    return new Pipeline({
      api: this.#api,
      session,
      source: receiveSource(this.#api, session, options),
      acknowledge: options.acknowledge ?? false,
      host: options.host,
      signal: options.signal,
    });
  }

  /**
   * Answers a host call of a command or, without `pipeline`, of the session itself. Rejects with HOST_CALL_UNKNOWN where
   * it was answered already, with INVALID_ARGUMENT that says what is expected where the answer does not fit.
   */
  respond(session: string, options: DistributedOmit<RespondOptions, 'session'>): Promise<void> {
    return respondToHostCall(this.#api, { session, ...options });
  }

  /** Asks a command to end. Its session and variables stay. */
  stop(session: string, options: Omit<StopOptions, 'session'> = {}): Promise<StopPipelineResponse> {
    return stopPipeline(this.#api, { session, ...options });
  }

  /** One command. */
  async get(session: string, pipeline: string, choices: CallChoices = {}): Promise<PipelineInfo> {
    const answer = await this.#api.unary(methods.getPipeline, { session, pipeline }, choices);
    return present(answer.pipeline);
  }

  /** A session's commands, oldest first. */
  async list(session: string, choices: CallChoices = {}): Promise<readonly PipelineInfo[]> {
    const all: PipelineInfo[] = [];
    let pageToken = '';
    do {
      const request = { session, pageSize: 0, pageToken };
      const page = await this.#api.unary(methods.listPipelines, request, choices);
      all.push(...page.pipelines);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return all;
  }

  /** Says that a command's records up to a number are safe with reader `owner`; the number that holds now. */
  async acknowledge(session: string, pipeline: string, sequence: bigint): Promise<bigint> {
    const request = { clientId: this.#api.clientId, session, pipeline, sequence };
    return (await this.#api.unary(methods.acknowledgeRecords, request)).acknowledgedSequence;
  }

  /** The clear text of a secret of this session; needs a right of its own. Errors: SECRET_LOST, INVALID_ARGUMENT. */
  async revealSecret(session: string, secret: string | Secret, choices: CallChoices = {}): Promise<string> {
    const secretId = typeof secret === 'string' ? secret : secret.secretId;
    const request = { clientId: this.#api.clientId, session, secretId };
    const { textUtf16 } = await this.#api.unary(methods.revealSecret, request, choices);
    return Buffer.from(textUtf16).toString('utf16le');
  }
}
