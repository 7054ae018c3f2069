import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Runs commands where the reader sees them, with their output, and keeps count of what was promised and held. */
export class Terminal {
  #environment;
  #held = 0;
  #broken = 0;

  constructor(environment) {
    this.#environment = environment;
  }

  get summary() {
    return { held: this.#held, broken: this.#broken };
  }

  say(text) {
    console.log(`\n${bold(`# ${text}`)}`);
  }

  /** Says whether something that was promised is so. */
  check(promise, isSo) {
    if (isSo) this.#held += 1;
    else this.#broken += 1;
    console.log(isSo ? `  ✓ ${promise}` : `  ✗ ${promise}: it is NOT so`);
  }

  /** Runs a command to its end; returns its output. */
  async run(program, ...args) {
    const { ended, lines } = this.#start(program, args, console.log);
    const code = await ended;
    if (code !== 0) this.check(`${program} ${args[0]} succeeds (exit code ${code})`, false);
    return lines.join('\n');
  }

  /** Runs a command until it has printed `count` lines, then kills it with SIGKILL. */
  async runUntilKilled(count, program, ...args) {
    const { child, ended, lines } = this.#start(program, args, (line) => {
      console.log(line);
      if (lines.length === count) child.kill('SIGKILL');
    });
    await ended;
    console.log(`$ kill -9 ${child.pid}    # that client`);
    return lines.join('\n');
  }

  /** The same without showing it. */
  async ask(program, ...args) {
    const { ended, lines } = this.#start(program, args, undefined);
    const code = await ended;
    if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with exit code ${code}`);
    return lines.join('\n');
  }

  #start(program, args, show) {
    if (show) console.log(bold(`$ ${[program, ...args].map(quoted).join(' ')}`));
    const child = spawn(program, args, {
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      show?.(line);
    });
    const ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? signal));
    });
    return { child, ended, lines };
  }
}

function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function bold(text) {
  return process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text;
}
