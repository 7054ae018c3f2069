import type {
  CompleteInputRequest,
  CompleteInputResponse,
  DescribeSessionRequest,
  DescribeSessionResponse,
} from '../gen/runspace/v1/session';
import type { Value } from '../gen/runspace/v1/value';
import { abilitiesOf } from '../session/abilities';
import type { Caller } from './call';
import { clientOf, requireNoOther, sessionFor, type Context } from './context';

/** What a session's engine can do. */
export async function describeSession(
  context: Context,
  request: DescribeSessionRequest,
  { principal, signal }: Caller,
): Promise<DescribeSessionResponse> {
  const session = sessionFor(context, principal, { session: request.session, action: 'see' });
  await context.lifecycle.opened(session, signal);
  const { engine, engineVersion: version } = session.stored;
  const abilities = Object.entries(abilitiesOf({ engine, version, has: session.kept?.abilities })).map(
    ([name, ability]) => [name, valueOf(ability)] as const,
  );
  return { abilities: Object.fromEntries(abilities) };
}

/** What may stand at the cursor of a line. */
export async function completeInput(
  context: Context,
  request: CompleteInputRequest,
  { principal, signal }: Caller,
): Promise<CompleteInputResponse> {
  const session = sessionFor(context, principal, { session: request.session, action: 'invoke' });
  requireNoOther(session, clientOf(request.clientId), 'yield');
  const keeper = await context.lifecycle.running(session, signal);
  const { text, cursor } = request;
  const answer = await keeper.completeInput({ sessionId: session.id, text, cursor }, signal);
  session.noteActivity();
  return answer;
}

function valueOf(ability: string | boolean): Value {
  if (typeof ability === 'string') return { kind: { $case: 'string', value: ability } };
  return { kind: { $case: 'bool', value: ability } };
}
