import { RunspaceError } from '../core/error';
import { RespondToHostCallRequest, type RespondToHostCallResponse } from '../gen/runspace/v1/pipeline';
import type { RespondToHostCallRequest as KeeperRequest } from '../gen/runspace/keeper/v1/keeper';
import type { Caller } from './call';
import { withoutClearTexts } from './without-clear-texts';
import { clientOf, requestOf, requireNoOther, sessionFor, type Context } from './context';

/** Answers a host call of a command, or of the session itself: also of one that is still opening. */
export async function respondToHostCall(
  context: Context,
  request: RespondToHostCallRequest,
  { principal, signal }: Caller,
): Promise<RespondToHostCallResponse> {
  const session = sessionFor(context, principal, { session: request.session, action: 'answer' });
  requireNoOther(session, clientOf(request.clientId), 'yield');
  const answer = answerOf(request);
  const { fingerprint } = requestOf(context, principal, {
    method: 'RespondToHostCall',
    requestId: request.requestId,
    content: RespondToHostCallRequest.encode({
      ...withoutClearTexts(request),
      requestId: '',
      clientId: '',
      session: session.id,
    }).finish(),
  });
  const keeper = await context.lifecycle.readable(session, signal);
  const { pipeline, callId, requestId } = request;
  await keeper.respondToHostCall({ sessionId: session.id, pipeline, callId, requestId, fingerprint, answer });
  session.noteActivity();
  return {};
}

function answerOf({ value, error, useDefault }: RespondToHostCallRequest): KeeperRequest['answer'] {
  const answers = [
    ...(value === undefined ? [] : [{ $case: 'value', value } as const]),
    ...(error === '' ? [] : [{ $case: 'error', value: error } as const]),
    ...(useDefault ? [{ $case: 'useDefault', value: true } as const] : []),
  ];
  const [answer, ...others] = answers;
  if (answer !== undefined && others.length === 0) return answer;
  throw new RunspaceError(
    'INVALID_ARGUMENT',
    `an answer is one of value, error and use_default; ${answers.length === 0 ? 'none' : 'more than one'} was sent`,
    { facts: { field: 'value' } },
  );
}
