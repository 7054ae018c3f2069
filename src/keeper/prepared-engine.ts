import { randomUUID } from 'node:crypto';
import type { StreamRecord } from '../core/record';
import type { Engine, EngineOptions, SessionHostCall } from '../engine/engine';
import { folderScript } from '../engine/folder-script';
import { removeEngineRecord, writeEngineRecord } from './engine-record';
import type { EnginePlan } from './engine-plan';
import { engineNonceVariable } from './processes';

/** Where an engine that nobody has yet is on record. */
export interface PreparedPlace {
  readonly keeperId: string;
  readonly recordFile: (nonce: string) => string;
}

/** Of what an engine wrote before anybody had it, so much is kept. */
const mostNotices = 100;

/** An engine that is opened before a session wants it, and used once. */
export class PreparedEngine {
  readonly plan: EnginePlan;
  readonly nonce = randomUUID();
  /** The engine, once it is open. Rejects as the opening does; then nothing is left. */
  readonly opened: Promise<Engine>;
  readonly #place: PreparedPlace;
  readonly #recordFile: string;
  readonly #notices: StreamRecord[] = [];
  #isEnded = false;
  #heir: EngineOptions | undefined;

  /** Begins to open it; it is on record before it is started. */
  constructor(plan: EnginePlan, place: PreparedPlace) {
    this.plan = plan;
    this.#place = place;
    this.#recordFile = place.recordFile(this.nonce);
    this.opened = this.#open();
    this.opened.catch(() => undefined); // Whoever uses it hears of it.
  }

  /**
   * Gives it to a session, which has it on its own record already: from here on what it writes and asks is the session's. Undefined
   * where it can't be had, since it did not open, has died or can't go to the session's folder; it is gone then.
   */
  async use(options: EngineOptions): Promise<Engine | undefined> {
    const engine = await this.opened.catch(() => undefined);
    if (engine === undefined || this.#isEnded || !(await this.#moves(engine, options.workingDirectory))) {
      await this[Symbol.asyncDispose]();
      return undefined;
    }
    this.#heir = options;
    for (const notice of this.#notices.splice(0)) options.onNotice(notice);
    await removeEngineRecord(this.#recordFile);
    return engine;
  }

  /** Ends it, once it is open. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#heir !== undefined) return;
    const engine = await this.opened.catch(() => undefined);
    await engine?.[Symbol.asyncDispose]();
    await removeEngineRecord(this.#recordFile);
  }

  async #open(): Promise<Engine> {
    const { engine: name, open } = this.plan;
    const { keeperId } = this.#place;
    const record = { keeperId, nonce: this.nonce, engine: name, container: undefined };
    try {
      await writeEngineRecord(this.#recordFile, record);
      const engine = await open(this.#options());
      void engine.ended.then(() => {
        this.#isEnded = true;
      });
      await writeEngineRecord(this.#recordFile, record, engine.info.processId);
      return engine;
    } catch (thrown) {
      await removeEngineRecord(this.#recordFile);
      throw thrown;
    }
  }

  #options(): EngineOptions {
    const { options } = this.plan;
    return {
      ...options,
      environment: { ...options.environment, [engineNonceVariable]: this.nonce },
      onNotice: (record) => {
        if (this.#heir !== undefined) this.#heir.onNotice(record);
        else if (this.#notices.length < mostNotices) this.#notices.push(record);
      },
      onHostCall: (call) => {
        this.#asked(call);
      },
    };
  }

  /** As long as it is nobody's, nobody answers. */
  #asked(call: SessionHostCall): void {
    if (this.#heir?.onHostCall === undefined) call.respond({ is: 'unanswered' });
    else this.#heir.onHostCall(call);
  }

  async #moves(engine: Engine, folder: string): Promise<boolean> {
    if (folder === this.plan.options.workingDirectory) return true;
    const { script, arguments: values } = folderScript(engine.info.engine, folder);
    const records = engine.invoke({
      pipelineId: randomUUID(),
      script,
      arguments: values.map((value) => ({ value })),
      // What it runs in must not be a subshell.
      newScope: engine.info.engine !== 'bash',
      input: undefined,
    });
    let hasFailed = false;
    for await (const batch of records)
      for (const record of batch)
        hasFailed ||=
          record.stream === 'error' ||
          (record.stream === 'final' && (record.state !== 'completed' || (record.exitCode ?? 0) !== 0));
    return !hasFailed;
  }
}
