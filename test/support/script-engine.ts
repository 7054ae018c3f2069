import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StreamRecord } from '../../src/core/record';
import type { Value } from '../../src/core/value';
import type { Argument, Engine, Invocation } from '../../src/engine/engine';

const bundled = new Map<string, string>();

/** An engine's runner as the product has it, built once for each test file. */
export function bundledRunner(engine: 'javascript' | 'python'): string {
  const text = bundled.get(engine) ?? bundle(engine);
  bundled.set(engine, text);
  return text;
}

function bundle(engine: string): string {
  const builder = path.join(__dirname, '../../src/engine', engine, 'build-runner.cjs');
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'runner-')), 'runner');
  execFileSync(process.execPath, [builder, file]);
  return readFileSync(file, 'utf8');
}

/** What an invocation may have beside its script. */
export interface InvocationChoices {
  readonly arguments?: readonly Argument[];
  readonly newScope?: boolean;
  readonly input?: AsyncIterable<Value>;
}

/** A whole invocation. */
export function invocation(script: string, choices: InvocationChoices = {}): Invocation {
  return { pipelineId: randomUUID(), script, arguments: [], newScope: false, input: undefined, ...choices };
}

/** All records of a command, the final one too. */
export async function recordsOf(
  engine: Engine,
  script: string,
  choices: InvocationChoices = {},
): Promise<StreamRecord[]> {
  const records: StreamRecord[] = [];
  for await (const batch of engine.invoke(invocation(script, choices))) records.push(...batch);
  return records;
}

/** Records as short texts: `out 1`, `line a`, `err b`, `warning c`, `error m`, `completed 3`. */
export function shortForm(record: StreamRecord): string {
  switch (record.stream) {
    case 'output':
      return `${record.tag === 'stdout' ? 'line' : 'out'} ${plain(record.value)}`;
    case 'information':
      return `err ${record.message}`;
    case 'warning':
    case 'verbose':
    case 'debug':
    case 'error':
      return `${record.stream} ${record.message}`;
    case 'final':
      return [record.state, record.exitCode, record.reason?.code]
        .filter((part) => part !== undefined)
        .join(' ');
    case 'display':
    case 'progress':
    case 'hostCall':
      return record.stream;
  }
}

/** The records of a command in short form. */
export async function run(
  engine: Engine,
  script: string,
  choices: InvocationChoices = {},
): Promise<string[]> {
  return (await recordsOf(engine, script, choices)).map(shortForm);
}

/** What an engine writes that belongs to no command, as it comes. */
export class NoticeList {
  readonly #records: StreamRecord[] = [];
  #wake: () => void = () => undefined;

  /** For the engine's `onNotice`. */
  readonly add = (record: StreamRecord): void => {
    this.#records.push(record);
    this.#wake();
  };

  /** Drops those that are there. */
  clear(): void {
    this.#records.length = 0;
  }

  /** Waits until background work has written so many records; all that are there then, in short form. */
  async take(count: number): Promise<string[]> {
    while (this.#records.length < count)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.#records.splice(0).map(shortForm);
  }
}

/** Pipeline input. */
export async function* items(...values: Value[]): AsyncGenerator<Value> {
  yield* values;
}

/** KiB that an engine's two processes and this one occupy. */
export function memoryOf({ info }: Engine): number {
  const runner = info.processId ?? 0;
  const children = readFileSync(`/proc/${runner}/task/${runner}/children`, 'utf8').trim().split(' ');
  return [runner, process.pid, ...children.map(Number)].map(residentKiB).reduce((sum, one) => sum + one, 0);
}

function residentKiB(processId: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${processId}/status`, 'utf8'))?.[1]);
}

/** A value as JSON-like text. */
function plain(value: Value): string {
  return JSON.stringify(value, (key, item: unknown) => {
    if (typeof item === 'bigint') return `${item}n`;
    return key === 'value' && item instanceof Uint8Array ? Buffer.from(item).toString('hex') : item;
  }).replace(/^\{"type":"(?:string|int32|bool)","value":(.*)\}$/, '$1');
}
