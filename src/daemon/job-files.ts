import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../core/log';
import type { JobStore } from '../job/jobs';
import { toJobLine, toStoredJob, type JobLine, type StoredJob } from '../job/stored-job';
import { makeFolder } from '../store/folder';
import { readJson, readJsonEntries, replaceJson } from '../store/json-file';
import { LineLog } from '../store/line-log';
import type { StateLayout } from '../store/state-layout';

const linesFile = 'children.ndjson';

/** Jobs in the state folder. Only jobs that are not over hold a file open. */
export class JobFiles implements JobStore, Disposable {
  readonly #layout: StateLayout;
  readonly #logs = new Map<string, LineLog>();

  constructor(layout: StateLayout) {
    this.#layout = layout;
  }

  async save(job: StoredJob): Promise<void> {
    makeFolder(this.#layout.jobsFolder);
    makeFolder(this.#layout.jobFolder(job.id));
    await replaceJson(join(this.#layout.jobFolder(job.id), 'job.json'), job, 'power cut');
  }

  append(job: string, line: JobLine): void {
    let log = this.#logs.get(job);
    if (log === undefined) {
      log = LineLog.open(join(this.#layout.jobFolder(job), linesFile)).log;
      this.#logs.set(job, log);
    }
    log.append(line);
  }

  settle(job: string): void {
    this.#logs.get(job)?.[Symbol.dispose]();
    this.#logs.delete(job);
  }

  async erase(job: string): Promise<void> {
    this.settle(job);
    await rm(this.#layout.jobFolder(job), { recursive: true, force: true });
  }

  async saveCounter(last: number): Promise<void> {
    await replaceJson(this.#layout.jobCounterFile, { last }, 'crash');
  }

  /** Every job whose file can be read, with what happened since; a broken file is logged and stops nothing. */
  async read(
    log: Log,
  ): Promise<readonly { readonly stored: StoredJob; readonly lines: readonly JobLine[] }[]> {
    const places = { folder: this.#layout.jobsFolder, file: 'job.json' };
    const jobs: { stored: StoredJob; lines: readonly JobLine[] }[] = [];
    for (const { name, result } of await readJsonEntries(places, toStoredJob)) {
      if (result.is === 'broken') log.error('job file not read', result.error, { job: name });
      if (result.is !== 'read') continue;
      const { log: lines, entries } = LineLog.open(join(this.#layout.jobFolder(name), linesFile));
      lines[Symbol.dispose]();
      jobs.push({
        stored: result.value,
        lines: entries.map(toJobLine).filter((line) => line !== undefined),
      });
    }
    return jobs;
  }

  /** The last number that was given to a job or a child. */
  async counter(): Promise<number> {
    const found = await readJson(this.#layout.jobCounterFile, (json) => (json as { last: number }).last);
    return found.is === 'read' ? found.value : 0;
  }

  [Symbol.dispose](): void {
    for (const job of [...this.#logs.keys()]) this.settle(job);
  }
}
