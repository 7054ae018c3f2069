import {
  type HostCallPolicy,
  questionOf,
  type HostCallRecord,
  type Pipeline,
  type RunspaceClient,
  type SessionRecord,
} from '../typescript';
import type { Context } from './context';
import { UsageError } from './failure';
import { hostCallPolicies, isHostCallPolicyName } from './host-call-policy';
import { canAsk, silenceKeyboard } from './keyboard';
import { Prompter } from './prompter';
import { reasonOf } from './report';
import { respondCommand } from './resume';

/** What is asked while somebody looks on. */
export interface CallAnswererParts {
  readonly context: Context;
  readonly client: RunspaceClient;
  readonly pipeline: Pipeline;
  /** The session as the user names it. */
  readonly session: string;
  /** What becomes of a question where there is no terminal to ask it on. */
  readonly unattended: 'leave' | 'wait' | 'fail' | 'default';
  /** Ctrl-C at a prompt. */
  readonly interrupted: () => void;
  /** There is nobody to ask, and the command is to be left. */
  readonly leave: () => void;
}

/** Answers what a shown command asks: by asking the person at the terminal, or as `--host-calls` says where there is none. */
export class CallAnswerer implements Disposable {
  readonly #parts: CallAnswererParts;
  #asking: { readonly callId: bigint; readonly ending: AbortController } | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(parts: CallAnswererParts) {
    this.#parts = parts;
  }

  /** More was written: a prompt whose question was answered elsewhere goes. */
  async settle(batch: readonly SessionRecord[]): Promise<void> {
    const asking = this.#asking;
    if (asking === undefined) return;
    const isOver = batch.some(({ stream }) => stream === 'final');
    if (isOver || !(await this.#isWaiting(asking.callId))) asking.ending.abort();
    await (asking.ending.signal.aborted ? this.#last : undefined);
  }

  /** These are about to be shown and then asked: what is typed at once must not be seen. */
  prepare(calls: readonly HostCallRecord[]): void {
    if (calls.length > 0 && canAsk()) silenceKeyboard();
  }

  /** Begins to answer these, one after the other. */
  take(calls: readonly HostCallRecord[]): void {
    for (const call of calls) this.#last = this.#last.then(() => this.#answer(call));
  }

  [Symbol.dispose](): void {
    this.#asking?.ending.abort();
  }

  async #answer(call: HostCallRecord): Promise<void> {
    const ending = new AbortController();
    this.#asking = { callId: call.callId, ending };
    try {
      if (canAsk()) await this.#ask(call, ending.signal);
      else await this.#answerUnattended(call);
    } catch (error) {
      await this.#tell(error);
    } finally {
      this.#asking = undefined;
    }
  }

  /** Asks until an answer fits. */
  async #ask(call: HostCallRecord, signal: AbortSignal): Promise<void> {
    const { context, pipeline, interrupted } = this.#parts;
    for (;;) {
      const asked = await new Prompter(context.terminal, signal).ask(questionOf(call));
      if (signal.aborted) return;
      if (asked.is === 'interrupted') {
        interrupted();
        return;
      }
      try {
        await pipeline.respond(call.callId, asked.answer);
        return;
      } catch (error) {
        if (reasonOf(error) !== 'INVALID_ARGUMENT') throw error;
        await this.#tell(error);
      }
    }
  }

  async #answerUnattended(call: HostCallRecord): Promise<void> {
    const { context, pipeline, session, unattended, leave } = this.#parts;
    const { terminal } = context;
    switch (unattended) {
      case 'fail':
        await pipeline.respond(call.callId, {
          error: `HOST_CALL_UNANSWERED: ${call.method} needs a terminal, and there is none`,
        });
        return;
      case 'default':
        await pipeline.respond(call.callId, { useDefault: true });
        return;
      case 'wait':
      case 'leave': {
        const answer = respondCommand(context, { session, pipeline: pipeline.id });
        await terminal.note(
          `runspace: the command waits for an answer (${call.method}); to answer: ${answer}\n`,
        );
        if (unattended === 'leave' && !(await this.#isElsewhere())) leave();
      }
    }
  }

  async #isWaiting(callId: bigint): Promise<boolean> {
    const { client, pipeline, session } = this.#parts;
    try {
      const { pendingHostCalls } = await client.pipelines.get(session, pipeline.id ?? '');
      return pendingHostCalls.some((call) => call.callId === callId);
    } catch {
      return true; // Its answer will tell.
    }
  }

  /** Whether another client is connected, which will be asked. */
  async #isElsewhere(): Promise<boolean> {
    const { client, session } = this.#parts;
    const { connectedClientId } = (await client.sessions.get(session)).info;
    return connectedClientId !== '' && connectedClientId !== client.clientId;
  }

  async #tell(error: unknown): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    await this.#parts.context.terminal.note(`runspace: ${message}\n`);
  }
}

/** What `--host-calls` says; undefined: nothing. */
export function hostCallsOf(context: Context): keyof typeof hostCallPolicies | undefined {
  const text = context.text('host-calls')?.toLowerCase();
  if (text === undefined) return undefined;
  if (isHostCallPolicyName(text)) return text;
  throw new UsageError(`--host-calls is wait, fail or default, and got '${text}'`);
}

/** The same for the daemon. */
export function hostCallPolicy(context: Context): HostCallPolicy | undefined {
  const name = hostCallsOf(context);
  return name === undefined ? undefined : hostCallPolicies[name];
}
