import type { SharedState } from './ring';

/** What the worker tells the main thread. */
export type ToMain =
  /** A message of the engine, as JSON in UTF-8. */
  | { readonly is: 'command'; readonly bytes: Uint8Array }
  | { readonly is: 'stop'; readonly run: number }
  /** Nothing to do: the main thread is to run some code, any. */
  | { readonly is: 'nudge' }
  /** The engine has gone. */
  | { readonly is: 'leave' };

/** What the main thread tells the worker. */
export type ToWorker =
  /** There is something in the ring. */
  | { readonly is: 'wake' }
  /** Running code has asked for its own end. */
  | { readonly is: 'endRun'; readonly run: number };

/** What the worker starts with. */
export interface WorkerStart {
  readonly state: SharedState;
  /** The private pipe to the runner. */
  readonly descriptor: number;
}
