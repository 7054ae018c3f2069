/**
 * Evaluates a command in the way of a console: `let` and `const` stay and may be declared again, `await` works at the
 * top, and the value of the last expression is the result.
 *
 * Only the inspector can do that. But it would turn the result into JSON, so the result is caught before it gets
 * there: V8 runs such a script as an async function, whose promise is the first that is made, and resolves to an
 * object with the result in it. The promise is handed out; it must be kept for as long as the inspector waits for it, since
 * node dies when the inspector's answer is "the promise was collected".
 */
import { Session, type Runtime } from 'node:inspector';
import { promiseHooks } from 'node:v8';

const resultKey = '.repl_result';

/** How an evaluation goes on. Exactly one of these is called, unless the evaluation never ends. */
export interface Evaluation {
  readonly resolved: (value: unknown) => void;
  readonly rejected: (thrown: unknown) => void;
  /** A stop ended it. */
  readonly terminated: () => void;
}

/**
 * The inspector, as far as it concerns evaluation.
 *
 * An evaluation that was stopped while it awaited something never ends. Its session is then exchanged, since only that makes the
 * inspector forget the promise. A stop may cut that off at any point; it is done before the next evaluation, again if need be.
 */
export class Evaluator {
  #sessions: { readonly current: Session; readonly stale: Session | undefined } = {
    current: connected(),
    stale: undefined,
  };
  /** What the inspector waits for: kept from the garbage collector. */
  #unfinished: Promise<unknown> | undefined;

  /** Starts evaluating a script that calls itself `name`. */
  evaluate(name: string, expression: string, evaluation: Evaluation): void {
    if (this.#unfinished !== undefined || this.#sessions.stale !== undefined) this.#exchangeSession();
    let promise: Promise<unknown> | undefined;
    const unhook = onPromise((first) => {
      unhook();
      promise = first;
      this.#unfinished = first;
      first.then((result) => evaluation.resolved(takeResult(result)), evaluation.rejected);
    });
    const parameters = { expression, replMode: true, awaitPromise: true };
    try {
      this.#sessions.current.post('Runtime.evaluate', parameters, (error, answer) => {
        if (this.#unfinished === promise) this.#unfinished = undefined;
        if (error !== null) evaluation.terminated();
        else if (promise === undefined)
          evaluation.rejected(syntaxErrorOf({ name, expression }, answer as Runtime.EvaluateReturnType));
      });
    } finally {
      unhook();
    }
  }

  #exchangeSession(): void {
    this.#sessions = {
      current: this.#sessions.stale === undefined ? connected() : this.#sessions.current,
      stale: this.#sessions.stale ?? this.#sessions.current,
    };
    this.#sessions.stale?.disconnect();
    this.#unfinished = undefined;
    this.#sessions = { current: this.#sessions.current, stale: undefined };
  }
}

function connected(): Session {
  const session = new Session();
  session.connect();
  return session;
}

/** Calls `action` for every promise that is made, until the returned function is called. */
function onPromise(action: (promise: Promise<object>) => void): () => void {
  return promiseHooks.onInit(action as (promise: Promise<unknown>) => void) as () => void;
}

/** Takes the result out, so that the inspector sees none. */
function takeResult(result: object): unknown {
  const value: unknown = Reflect.get(result, resultKey);
  Reflect.set(result, resultKey, undefined);
  return value;
}

/** A script that could not be compiled made no promise. */
function syntaxErrorOf(
  { name, expression }: { readonly name: string; readonly expression: string },
  { result, exceptionDetails }: Runtime.EvaluateReturnType,
): unknown {
  const [firstLine = ''] = (result.description ?? 'the script can not be compiled').split('\n');
  const error = new SyntaxError(firstLine.replace(/^SyntaxError: /, ''));
  // The last line is ours, the script's name; who misses something there misses it at the end of the script.
  const lines = expression.split('\n').slice(0, -1);
  const line = exceptionDetails?.lineNumber ?? 0;
  const column = exceptionDetails?.columnNumber ?? 0;
  const place =
    line < lines.length ? `${line + 1}:${column + 1}` : `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
  error.stack = `${firstLine}\n    at ${name}:${place}`;
  return error;
}
