import { randomUUID } from 'node:crypto';
import type { Api } from './api';
import type { StopPipelineResponse } from './gen/runspace/v1/pipeline';
import { methods } from './methods';

/** Which command to stop, and how. */
export interface StopOptions {
  readonly session: string;
  /** Its id, the beginning of its id, or its number; empty: the running one. */
  readonly pipeline?: string;
  /** End the engine, and so the session, when it does not answer within 5 s. */
  readonly force?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Asks a command to end. Its session and variables stay. */
export function stopPipeline(api: Api, options: StopOptions): Promise<StopPipelineResponse> {
  const { session, pipeline = '', force = false, signal } = options;
  const request = { requestId: randomUUID(), clientId: api.clientId, session, pipeline, force };
  return api.unary(methods.stopPipeline, request, { signal });
}
