import type { Api } from './api';
import { reopening } from './backoff';
import type { AttachSessionResponse, Session as SessionInfo } from './gen/runspace/v1/session';
import type { Gap, Record as RecordMessage } from './gen/runspace/v1/record';
import { methods } from './methods';

/** Choices for attaching. */
export interface AttachOptions {
  /** The session's own records after this number; 0: from the first. Left out: only new ones. */
  readonly afterSequence?: bigint;
  /** Take the session over if another client is connected. */
  readonly takeOver?: boolean;
  /** Only look: the caller is not connected by it. */
  readonly readOnly?: boolean;
  /** Leaves, and so ends the connection. */
  readonly signal?: AbortSignal;
}

/** What an attached client hears. */
export type AttachEvent =
  | { readonly is: 'session'; readonly session: SessionInfo }
  | { readonly is: 'record'; readonly record: RecordMessage }
  | { readonly is: 'gap'; readonly gap: Gap };

/** A session's own events, from stream to stream; each record once. */
export async function* attachedEvents(
  api: Api,
  session: string,
  options: AttachOptions,
): AsyncGenerator<AttachEvent, void, undefined> {
  const { takeOver = false, readOnly = false, signal } = options;
  let { afterSequence } = options;
  let id = session;
  const open = () => {
    const request = { clientId: api.clientId, session: id, afterSequence, takeOver, readOnly };
    return api.serverStream(methods.attachSession, request, signal);
  };
  for await (const { event } of reopening(api.backoff(signal), open)) {
    if (event?.$case === 'snapshot') id = event.value.id;
    afterSequence = positionAfter(event, afterSequence);
    yield* eventsOf(event);
  }
}

type Event = AttachSessionResponse['event'];

function positionAfter(event: Event, before: bigint | undefined): bigint | undefined {
  if (event?.$case === 'batch') return event.value.records.at(-1)?.sequence ?? before;
  if (event?.$case === 'gap') return event.value.to;
  return before;
}

function eventsOf(event: Event): readonly AttachEvent[] {
  switch (event?.$case) {
    case 'snapshot':
      return [{ is: 'session', session: event.value }];
    case 'batch':
      return event.value.records.map((record) => ({ is: 'record', record }));
    case 'gap':
      return [{ is: 'gap', gap: event.value }];
    case 'heartbeat':
    case undefined:
      return [];
  }
}
