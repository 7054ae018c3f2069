import { Backoff, retrying, type RetryPolicy } from './backoff';
import { protocolError } from './error';
import type { Call } from './transport/call';
import type { Channel } from './transport/channel';
import type { Method } from './transport/method';

/** How long lost connections are mended. */
export interface Patience {
  /** How long a daemon that was never reached is tried, in ms. */
  readonly connectTimeoutMs: number;
  /** How long a daemon that was lost is tried, in ms. */
  readonly retryLimitMs: number;
}

/** Choices of every unary call. */
export interface CallChoices {
  /** Stops waiting for the answer. */
  readonly signal?: AbortSignal | undefined;
  /** The call fails with DEADLINE_EXCEEDED after this time; by default after a minute. */
  readonly timeoutMs?: number | undefined;
}

/** A stream without a heartbeat for three of its periods is dead. */
const silenceMs = 45_000;
const callTimeoutMs = 60_000;

/** The daemon's methods on one channel, on behalf of one client. */
export class Api {
  /** Who asks; the same text in all calls of one client. */
  readonly clientId: string;
  readonly #channel: Channel;
  readonly #patience: Patience;

  constructor(channel: Channel, clientId: string, patience: Patience) {
    this.#channel = channel;
    this.clientId = clientId;
    this.#patience = patience;
  }

  /** Delays between tries; `signal` ends them. */
  backoff(signal: AbortSignal | undefined): Backoff {
    return new Backoff(() => this.#policy(), signal);
  }

  /** One question, one answer; asked again while the daemon can't be reached. Every call of ours may be repeated. */
  unary<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    choices: CallChoices = {},
  ): Promise<Response> {
    return retrying(this.backoff(choices.signal), async () => {
      const { signal, timeoutMs = callTimeoutMs } = choices;
      using call = await this.#channel.open(method, { signal, timeoutMs });
      void call.send(request);
      call.end();
      return await onlyAnswer(call);
    });
  }

  /** One question, many answers. Not asked again: its caller knows where to go on. */
  async *serverStream<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Response, void, undefined> {
    using call = await this.#channel.open(method, { signal, silenceMs });
    void call.send(request);
    call.end();
    yield* call.responses();
  }

  /** A call with messages both ways. The caller disposes it. */
  duplex<Request, Response>(
    method: Method<Request, Response>,
    signal: AbortSignal | undefined,
  ): Promise<Call<Request, Response>> {
    return this.#channel.open(method, { signal, silenceMs });
  }

  #policy(): RetryPolicy {
    const { connectTimeoutMs, retryLimitMs } = this.#patience;
    const limitMs = this.#channel.wasConnected ? retryLimitMs : connectTimeoutMs;
    return { limitMs, firstDelayMs: 25, longestDelayMs: 1_000 };
  }
}

async function onlyAnswer<Request, Response>(call: Call<Request, Response>): Promise<Response> {
  const answers: Response[] = [];
  for await (const answer of call.responses()) answers.push(answer);
  const [answer] = answers;
  if (answer === undefined) throw protocolError('the daemon gave no answer');
  return answer;
}
