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

/** The inspector, as far as it concerns evaluation. */
export class Evaluator {
  #session = connected();

  /** Starts evaluating a script that calls itself `name`; returns what the caller must keep until the evaluation is over or forgotten. */
  evaluate(name: string, expression: string, evaluation: Evaluation): unknown {
    let promise: Promise<object> | undefined;
    const unhook = onPromise((first) => {
      unhook();
      promise = first as Promise<object>;
      promise.then((result) => evaluation.resolved(takeResult(result)), evaluation.rejected);
    });
    try {
      this.#session.post(
        'Runtime.evaluate',
        { expression, replMode: true, awaitPromise: true },
        (error, answer) => {
          if (error !== null) evaluation.terminated();
          else if (promise === undefined)
            evaluation.rejected(syntaxErrorOf(name, answer as Runtime.EvaluateReturnType));
        },
      );
    } finally {
      unhook();
    }
    return promise;
  }

  /** Forgets evaluations that will never end. */
  forget(): void {
    this.#session.disconnect();
    this.#session = connected();
  }
}

function connected(): Session {
  const session = new Session();
  session.connect();
  return session;
}

/** Calls `action` for every promise that is made, until the returned function is called. */
function onPromise(action: (promise: Promise<unknown>) => void): () => void {
  return promiseHooks.onInit(action) as () => void;
}

/** Takes the result out, so that the inspector sees none. */
function takeResult(result: object): unknown {
  const value: unknown = Reflect.get(result, resultKey);
  Reflect.set(result, resultKey, undefined);
  return value;
}

/** A script that could not be compiled made no promise. */
function syntaxErrorOf(name: string, { result, exceptionDetails }: Runtime.EvaluateReturnType): unknown {
  const [firstLine = ''] = (result.description ?? 'the script can not be compiled').split('\n');
  const error = new SyntaxError(firstLine.replace(/^SyntaxError: /, ''));
  const line = (exceptionDetails?.lineNumber ?? 0) + 1;
  const column = (exceptionDetails?.columnNumber ?? 0) + 1;
  error.stack = `${firstLine}\n    at ${name}:${line}:${column}`;
  return error;
}
