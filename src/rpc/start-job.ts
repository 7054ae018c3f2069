import { RunspaceError } from '../core/error';
import { targetName } from '../core/target';
import { JobInput, StartJobRequest, type JobTarget } from '../gen/runspace/v1/job';
import type { Job } from '../job/job';
import type { StoredTarget } from '../job/stored-job';
import { toTarget } from '../keeper/target-terms';
import type { Caller } from './call';
import { authorizeDaemon, requestOf, type Context } from './context';
import { takeUp } from './take-up';
import { toMilliseconds } from './time';
import { withoutClearTexts } from './without-clear-texts';

const defaultThrottle = 32;
/** Variables that are no secrets: a job may keep them on disk. */
const plainVariables = /^(PATH|LANG|LANGUAGE|LC_[A-Z]+|TERM|HOME|TZ|COLUMNS|LINES)$/;

/** Records a job and begins it, or finds the one that the same request started before. */
export async function startJob(context: Context, asked: StartJobRequest, caller: Caller): Promise<Job> {
  const { principal } = caller;
  authorizeDaemon(context, principal, 'create');
  check(asked);
  const { fingerprint } = requestOf(context, principal, {
    method: 'StartJob',
    requestId: asked.requestId,
    content: StartJobRequest.encode({ ...storable(asked), requestId: '', clientId: '' }).finish(),
  });
  const before = context.jobs.startedBy(principal, asked.requestId, fingerprint);
  if (before !== undefined) return before;
  context.admitNewWork();
  // What a name means is settled now: it must not mean another session or command when its turn comes.
  const taken: (Awaited<ReturnType<typeof takeUp>> | undefined)[] = [];
  for (const { place } of asked.targets)
    taken.push(place?.$case === 'attached' ? await takeUp(context, place.value, caller) : undefined);
  const request = { ...asked, targets: asked.targets.map((target) => settled(context, target, principal)) };
  const id = context.newId();
  const now = context.clock.now();
  const limitMs = toMilliseconds(request.timeout, 'timeout');
  context.rememberJob(id, request);
  return context.jobs.start({
    id,
    name: request.name,
    owner: principal,
    requestId: request.requestId,
    fingerprint,
    command: request.command?.script ?? taken[0]?.script ?? '',
    throttleLimit: request.throttleLimit === 0 ? defaultThrottle : request.throttleLimit,
    createdAt: now,
    deadline: limitMs === undefined ? undefined : now + limitMs,
    payload: Buffer.from(StartJobRequest.encode(storable(request)).finish()).toString('base64'),
    hasSecretInput: withoutClearTexts(request.input) !== request.input,
    targets: request.targets.map(
      (target, index) => taken[index]?.target ?? storedTarget(context, request, target),
    ),
  });
}

/** 16 MiB, which is written down with the job. */
const mostInputBytes = 16 * 1024 * 1024;

function check({ command, targets, throttleLimit, name, input }: StartJobRequest): void {
  const refuse = (field: string, message: string, id?: string): never => {
    const facts = { field, ...(id === undefined ? {} : { fully_qualified_error_id: id }) };
    throw new RunspaceError('INVALID_ARGUMENT', message, { facts });
  };
  const isTakingUp = targets.length > 0 && targets.every(({ place }) => place?.$case === 'attached');
  if (!isTakingUp && (command === undefined || command.script.trim() === ''))
    refuse('command.script', 'the command is empty; send a script');
  if (targets.length === 0) refuse('targets', 'a job needs at least one target');
  if (targets.some(({ place }) => place === undefined))
    refuse('targets', 'a target is neither a session nor a place nor a command');
  if (input !== undefined) checkInput(input, refuse);
  if (throttleLimit < 0) refuse('throttle_limit', 'the throttle limit is negative; 0 means 32');
  if (/[*?[\]\p{Cc}]/u.test(name)) refuse('name', 'the characters * ? [ ] are for patterns');
}

function checkInput(input: JobInput, refuse: (field: string, message: string) => never): void {
  if (JobInput.encode(input).finish().length > mostInputBytes)
    refuse(
      'input',
      'a job keeps its input, which may have 16 MiB; start the commands in sessions, and send it there',
    );
  if (input.items.some(({ number }, index) => number !== BigInt(index + 1)))
    refuse('input.items', 'items are numbered from 1 on, without a hole');
}

function settled(context: Context, target: JobTarget, principal: Caller['principal']): JobTarget {
  if (target.place?.$case !== 'session') return target;
  const found = context.table.find(principal, target.place.value);
  const [session] = found;
  if (session === undefined || found.length > 1) return target;
  return { place: { $case: 'session', value: session.id } };
}

function storedTarget(context: Context, request: StartJobRequest, { place }: JobTarget): StoredTarget {
  const hasSecretCommand = withoutClearTexts(request.command) !== request.command;
  if (place?.$case !== 'create') {
    const reference = place?.$case === 'session' ? place.value : '';
    const session = context.table.all().find(({ id }) => id === reference);
    const location = session?.stored.target ?? reference;
    return { location, needsSecret: hasSecretCommand, isOwned: false };
  }
  const { target, credential, environment } = place.value;
  const isPlain = Object.keys(environment).every((name) => plainVariables.test(name));
  const needsSecret = hasSecretCommand || credential !== undefined || !isPlain;
  return { location: targetName(toTarget(target)), needsSecret, isOwned: true };
}

/** The request without what must not be stored. */
function storable(request: StartJobRequest): StartJobRequest {
  return {
    ...withoutClearTexts(request),
    targets: request.targets.map(({ place }) => {
      if (place?.$case !== 'create') return { place };
      const { environment, target, ...rest } = withoutClearTexts(place.value);
      const plain = Object.entries(environment).filter(([name]) => plainVariables.test(name));
      const value = {
        ...rest,
        target: target?.place?.$case === 'ssh' ? withoutAgent(target) : target,
        environment: Object.fromEntries(plain),
        credential: undefined,
      };
      return { place: { $case: 'create', value } };
    }),
  };
}

function withoutAgent<Target extends { readonly place?: unknown }>(target: Target): Target {
  const { place } = target as { place?: { $case: string; value: object } };
  return { ...target, place: { ...place, value: { ...place?.value, agentSocket: '' } } };
}
