/** The states of one pipeline; PowerShell's names (PSInvocationState), less Disconnected, which is the session's. */
export type PipelineState = 'notStarted' | 'running' | 'stopping' | FinalPipelineState;

/** A state that a pipeline never leaves. */
export type FinalPipelineState = 'stopped' | 'completed' | 'failed';

/** What can happen to a pipeline. */
export type PipelineEvent =
  'started' | 'stopRequested' | 'engineCompleted' | 'engineFailed' | 'engineStopped';

/** Every legal transition; an entry that is missing is an illegal one. */
export const pipelineTransitions: Readonly<
  Record<PipelineState, Readonly<Partial<Record<PipelineEvent, PipelineState>>>>
> = {
  notStarted: { started: 'running', stopRequested: 'stopped', engineFailed: 'failed' },
  running: {
    stopRequested: 'stopping',
    engineCompleted: 'completed',
    engineFailed: 'failed',
    engineStopped: 'stopped',
  },
  stopping: {
    stopRequested: 'stopping',
    engineCompleted: 'completed',
    engineFailed: 'failed',
    engineStopped: 'stopped',
  },
  stopped: {},
  completed: {},
  failed: {},
};

/** The state after `event`, or undefined where the table has no such transition. */
export function nextPipelineState(state: PipelineState, event: PipelineEvent): PipelineState | undefined {
  return pipelineTransitions[state][event];
}

/** Whether a pipeline in this state has written its last record. */
export function isFinalPipelineState(state: PipelineState): state is FinalPipelineState {
  return state === 'stopped' || state === 'completed' || state === 'failed';
}
