import { RunspaceError } from '../../core/error';
import type { Value } from '../../core/value';
import type { Transport } from '../../transport/transport';
import type { Invocation } from '../engine';
import type { Incoming } from '../script/incoming';
import type { DoneReport, ErrorReport, Report, SignalChildren } from '../script/message';
import { ReceivedMessage, toInterpreterExited } from '../script/report';
import type { Wire } from '../script/wire';
import { callOf } from './call';
import { lineEnd, writtenAs, type LineEnd } from './completion';
import { MarkReader } from './mark-reader';
import { escaped, quoted, wordsOf } from './words';

/** What the runner said before there was an interpreter, for error messages. */
const lastWordsLength = 2_000;

/** Exit codes of what SIGINT, SIGKILL and SIGTERM have ended. */
const endedBySignal = new Set([130, 137, 143]);

/** How bash calls the text that it runs, in its messages: the descriptor where it reads it from. */
const scriptName = /(^|\n)\/dev\/fd\/249: /g;

/**
 * What a runner in bash can read and write (README.md): downwards lines of words, with lengths of the bytes that follow them; upwards
 * the interpreter's descriptors as they are, with messages in what they bring.
 */
export class BashWire implements Wire {
  readonly #transport: Transport;
  readonly #descriptors: Readonly<Record<1 | 2, Descriptor>>;
  readonly #runspaceId: string;
  #firstWords = '';
  #isOpen = false;
  /** The exit code that the next script sees. */
  #lastExitCode = 0;
  #startedRun = 0;
  #stoppedRun = 0;
  #inputRun = 0;
  readonly #completing = new Map<number, LineEnd>();

  constructor(transport: Transport, { secret, runspaceId }: { secret: string; runspaceId: string }) {
    this.#transport = transport;
    this.#runspaceId = runspaceId;
    this.#descriptors = { 1: new Descriptor(secret), 2: new Descriptor(secret) };
  }

  /** What was written to the standard error before the interpreter ran. */
  diagnostics(): string {
    return this.#firstWords;
  }

  *receive(descriptor: 1 | 2, piece: Uint8Array): Generator<Incoming> {
    for (const read of this.#descriptors[descriptor].receive(piece)) {
      if (read.is === 'message') yield* this.#message(descriptor, new ReceivedMessage(read.bytes));
      else if (this.#isOpen) yield { is: 'nativeText', descriptor, text: textIn(descriptor, read.text) };
      else this.#firstWords = (this.#firstWords + read.text).slice(-lastWordsLength);
    }
  }

  open(): void {
    // All that it needs is in its source.
  }

  opened(): void {
    this.#isOpen = true;
  }

  run(run: number, invocation: Invocation): void {
    const script = quoted(invocation.script, 'the script');
    const call = callOf(run, this.#lastExitCode, invocation);
    const flags = `${invocation.input === undefined ? '' : 'i'}${invocation.newScope ? 's' : ''}-`;
    const [scriptBytes, callBytes] = [Buffer.from(script), Buffer.from(call)];
    if (invocation.input !== undefined) this.#inputRun = run;
    this.#send(`run ${run} ${flags} ${scriptBytes.length} ${callBytes.length}`, scriptBytes, callBytes);
  }

  input(run: number, value: Value): void {
    for (const word of wordsOf(value, 'an item of the input')) this.#inputWord(word);
    // Nothing came of it: an empty list. The feeder asks once for each that it gets.
    if (isEmpty(value)) this.#send('text 0');
  }

  async endInput(): Promise<void> {
    await this.#transport.write(Buffer.from('end\n')).catch(dropped);
  }

  failInput(): boolean {
    return false;
  }

  complete(id: number, line: string): void {
    const end = lineEnd(line);
    this.#completing.set(id, end);
    const word = quoted(end.word, 'what is to be completed');
    const call = Buffer.from(`\\unset -f builtin; \\__runspace_complete ${id} ${end.kind} ${word}`);
    this.#send(`complete ${call.length}`, call);
  }

  stop(run: number): void {
    this.#stoppedRun = run;
    if (this.#startedRun === run) this.#send('interrupt');
  }

  abort(run: number): void {
    if (this.#startedRun === run) this.#send('abort');
  }

  signalChildren({ signal, ageMs }: SignalChildren): void {
    this.#send(`children ${signal.slice('SIG'.length)} ${Math.ceil(ageMs)}`);
  }

  #inputWord(word: string | Uint8Array): void {
    const isText = typeof word === 'string' && !word.includes('\0');
    const bytes = Buffer.concat([Buffer.from(word), Buffer.from('\n')]);
    const sent = isText ? bytes : Buffer.from(escaped(bytes));
    this.#send(`${isText ? 'text' : 'escaped'} ${sent.length}`, sent);
  }

  #send(line: string, ...bytes: readonly Uint8Array[]): void {
    this.#transport.write(Buffer.concat([Buffer.from(`${line}\n`), ...bytes])).catch(dropped);
  }

  *#message(descriptor: 1 | 2, message: ReceivedMessage): Generator<Incoming> {
    switch (message.is) {
      case 'ready':
        this.#send(`interpreter ${message.integer('processId')}`);
        yield report({ is: 'ready', version: message.text('version'), runspaceId: this.#runspaceId });
        return;
      case 'started':
        this.#started(message.integer('run'));
        return;
      case 'pull':
        yield report({ is: 'pull', run: message.integer('run') });
        return;
      case 'mark':
        yield { is: 'mark', descriptor, run: message.integer('run') };
        return;
      case 'unparsed':
        yield* this.#unparsed(message.integer('run'), message.text('message'));
        return;
      case 'completions':
        yield* this.#completions(message.integer('id'), message.text('texts'));
        return;
      case 'done':
        yield this.#done(message);
        return;
      case 'exited':
        yield toInterpreterExited(message);
        return;
      default:
        throw new RunspaceError('ENGINE_PROTOCOL_ERROR', `the runner sent an unknown message: ${message.is}`);
    }
  }

  /** Only now can it be interrupted: before, the shell reads what it is to run. */
  #started(run: number): void {
    this.#startedRun = run;
    if (this.#stoppedRun === run) this.#send('interrupt');
  }

  *#unparsed(run: number, text: string): Generator<Incoming> {
    const message = text.trimEnd();
    this.#lastExitCode = 2;
    yield report(syntaxError(run, message));
    yield this.#over({ is: 'done', run, state: 'failed', exitCode: 2, reason: message, marked: [2] });
  }

  *#completions(id: number, found: string): Generator<Incoming> {
    const end = this.#completing.get(id);
    if (end === undefined) return;
    this.#completing.delete(id);
    const words = found.split('\n').filter((word) => word !== '' && !word.startsWith('__runspace_'));
    const texts = [...new Set(words)].sort().map((word) => writtenAs(word, end));
    yield report({ is: 'completions', id, texts, replaced: end.replaced });
  }

  #done(message: ReceivedMessage): Incoming {
    const run = message.integer('run');
    const exitCode = message.integer('exitCode');
    this.#lastExitCode = exitCode;
    // A program that the stop has ended may be the last thing that the shell saw of it.
    const hasEnded = message.field('exited') === true || endedBySignal.has(exitCode);
    const isStopped = this.#stoppedRun === run && hasEnded;
    const end = isStopped ? ({ state: 'stopped' } as const) : ({ state: 'completed', exitCode } as const);
    return this.#over({ is: 'done', run, ...end, marked: [2] });
  }

  #over(done: DoneReport): Incoming {
    this.#startedRun = 0;
    if (this.#inputRun === done.run) this.#send('finished');
    return report(done);
  }
}

/** One of the interpreter's descriptors: messages, and text in UTF-8 as far as it is. */
class Descriptor {
  readonly #marks: MarkReader;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(secret: string) {
    this.#marks = new MarkReader(secret);
  }

  *receive(
    piece: Uint8Array,
  ): Generator<{ is: 'text'; text: string } | { is: 'message'; bytes: Uint8Array }> {
    for (const read of this.#marks.receive(piece)) {
      const isMessage = read.is === 'message';
      const text = isMessage ? this.#decoder.decode() : this.#decoder.decode(read.bytes, { stream: true });
      if (text !== '') yield { is: 'text', text };
      if (isMessage) yield read;
    }
  }
}

function textIn(descriptor: 1 | 2, text: string): string {
  return descriptor === 1 ? text : text.replaceAll(scriptName, '$1bash: ');
}

function syntaxError(run: number, message: string): ErrorReport {
  return {
    is: 'error',
    run,
    message,
    type: 'SyntaxError',
    errorId: 'SyntaxError',
    category: 'ParserError',
    stack: '',
    value: message,
  };
}

function report(message: Report): Incoming {
  return { is: 'report', message: new ReceivedMessage(Buffer.from(JSON.stringify(message))) };
}

function isEmpty(value: Value): boolean {
  return wordsOf(value, 'an item of the input').length === 0;
}

function dropped(): void {
  // The far side is gone; the engine learns it from its transport.
}
