import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { distFolder, type Machine, type Ran } from '../../e2e/support/machine';
import { within } from '../../e2e/support/eventually';

/** A program that runs, and what it has written so far. */
export interface Running {
  readonly child: ChildProcess;
  /** Settles when it has written the text, behind what was waited for last; fails when it ends before. */
  sees(text: string): Promise<void>;
  /** Settles with what it wrote, when it has ended. */
  readonly ended: Promise<Ran>;
}

/** Where a command line is typed: a folder and variables, and the machine's daemon. */
export class Shell {
  readonly #machine: Machine;
  readonly #environment: Readonly<Record<string, string>>;

  constructor(machine: Machine, environment: Readonly<Record<string, string>> = {}) {
    this.#machine = machine;
    this.#environment = { RUNSPACED_AUTOSTART: '0', ...environment };
  }

  /** Runs `runspace` to its end. */
  run(...words: readonly string[]): Promise<Ran> {
    return this.start(...words).ended;
  }

  /** Runs `runspace` to its end with this on its standard input. */
  runWith(input: string | Uint8Array, ...words: readonly string[]): Promise<Ran> {
    const running = this.start(...words);
    running.child.stdin?.end(input);
    return running.ended;
  }

  /** Starts `runspace`. */
  start(...words: readonly string[]): Running {
    const child = spawn(process.execPath, [join(distFolder, 'bin', 'runspace'), ...words], {
      env: { ...this.#machine.environment, ...this.#environment },
      cwd: this.#machine.runtimeFolder,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return new RunningProgram(child, words.join(' '));
  }
}

/** A program that was started. */
export class RunningProgram implements Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
  readonly #what: string;
  readonly #written = { stdout: '', stderr: '' };
  /** Both, as they came, from behind what was seen last. */
  #unseen = '';
  #look: () => void = () => undefined;

  constructor(child: ChildProcess, words: string) {
    this.child = child;
    this.#what = `runspace ${words}`;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        this.#written[name] += text;
        this.#unseen += text;
        this.#look();
      });
    }
    const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    this.ended = within(`${this.#what} ends`, 60_000, closed).then(([code, signal]) => ({
      ...this.#written,
      code: code ?? signal ?? -1,
    }));
    this.ended.catch(() => undefined); // Whoever waits for its end hears of it.
  }

  sees(text: string): Promise<void> {
    const seen = new Promise<void>((resolve, reject) => {
      this.#look = () => {
        const at = this.#unseen.indexOf(text);
        if (at < 0) return;
        this.#unseen = this.#unseen.slice(at + text.length);
        this.#look = () => undefined;
        resolve();
      };
      this.#look();
      void this.ended.then(
        (ran) => reject(new Error(`${this.#what} ended without '${text}': ${JSON.stringify(ran)}`)),
        reject,
      );
    });
    return within(`${this.#what} writes '${text}'`, 30_000, seen);
  }
}
