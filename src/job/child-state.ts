/** The states of a job's child; PowerShell's names (JobState), less those that remote jobs never have. */
export type ChildState = 'notStarted' | 'running' | 'stopping' | 'disconnected' | FinalChildState;

/** A state that a child never leaves. */
export type FinalChildState = 'completed' | 'failed' | 'stopped';

/** What can happen to a child. */
export type ChildEvent =
  'begun' | 'stopRequested' | 'wayLost' | 'wayBack' | 'endedWell' | 'endedBadly' | 'endedStopped';

const ends = { endedWell: 'completed', endedBadly: 'failed', endedStopped: 'stopped' } as const;

/** Every legal transition; an entry that is missing is an illegal one. */
const childTransitions: Readonly<Record<ChildState, Readonly<Partial<Record<ChildEvent, ChildState>>>>> = {
  notStarted: { begun: 'running', stopRequested: 'stopped', endedBadly: 'failed' },
  running: { stopRequested: 'stopping', wayLost: 'disconnected', ...ends },
  disconnected: { stopRequested: 'stopping', wayLost: 'disconnected', wayBack: 'running', ...ends },
  stopping: { stopRequested: 'stopping', wayLost: 'stopping', wayBack: 'stopping', ...ends },
  completed: {},
  failed: {},
  stopped: {},
};

/** The state after `event`, or undefined where the table has no such transition. */
export function nextChildState(state: ChildState, event: ChildEvent): ChildState | undefined {
  return childTransitions[state][event];
}

/** Whether a child in this state is over. */
export function isFinalChildState(state: ChildState): state is FinalChildState {
  return state === 'completed' || state === 'failed' || state === 'stopped';
}

/** The state of a job whose children are in these states. */
export function jobStateOf(children: readonly ChildState[], isStopping: boolean): ChildState {
  const has = (state: ChildState): boolean => children.includes(state);
  const isOver = children.every(isFinalChildState);
  if (isOver) return has('failed') ? 'failed' : has('stopped') ? 'stopped' : 'completed';
  if (isStopping) return 'stopping';
  if (has('running') || has('stopping')) return 'running';
  if (has('disconnected')) return 'disconnected';
  return children.every((state) => state === 'notStarted') ? 'notStarted' : 'running';
}
