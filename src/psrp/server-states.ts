import type { TransitionTable } from './states';

/** The states of a pool as its server has them. */
export type ServerPoolState =
  'listening' | 'negotiated' | 'opening' | 'opened' | 'closing' | 'closed' | 'broken';

/** What can happen to it; `…Received` is the client's doing. */
export type ServerPoolTransition =
  'capabilityReceived' | 'initReceived' | 'accept' | 'reject' | 'closeReceived' | 'closed' | 'fail';

/** Every legal transition of a server's pool. A closed one may be opened again, by the same process. */
export const serverPoolTransitions: TransitionTable<ServerPoolState, ServerPoolTransition> = {
  listening: { capabilityReceived: 'negotiated', closeReceived: 'closing', fail: 'broken' },
  negotiated: { initReceived: 'opening', closeReceived: 'closing', fail: 'broken' },
  opening: { accept: 'opened', reject: 'broken', closeReceived: 'closing', fail: 'broken' },
  opened: { closeReceived: 'closing', fail: 'broken' },
  closing: { closed: 'closed', accept: 'closing', fail: 'broken' },
  closed: { capabilityReceived: 'negotiated', closeReceived: 'closing', fail: 'broken' },
  broken: { closeReceived: 'closing', fail: 'broken' },
};

/** The states of a pipeline as its server has them; `closing`: Close came before the end. */
export type ServerPipelineState = 'commanded' | 'running' | 'stopping' | 'closing' | 'finished' | 'closed';

/** What can happen to it; `…Received` is the client's doing. */
export type ServerPipelineTransition =
  'createReceived' | 'stopReceived' | 'closeReceived' | 'finish' | 'poolEnded';

/** Every legal transition of a server's pipeline. */
export const serverPipelineTransitions: TransitionTable<ServerPipelineState, ServerPipelineTransition> = {
  commanded: { createReceived: 'running', stopReceived: 'commanded', closeReceived: 'closed' },
  running: { stopReceived: 'stopping', closeReceived: 'closing', finish: 'finished' },
  stopping: { stopReceived: 'stopping', closeReceived: 'closing', finish: 'finished' },
  closing: { stopReceived: 'closing', finish: 'closed' },
  finished: { stopReceived: 'finished', closeReceived: 'closed' },
  closed: {},
};
