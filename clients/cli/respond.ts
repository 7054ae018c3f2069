import {
  choiceNamed,
  questionOf,
  secureString,
  type HostCall,
  type HostCallAnswer,
  type HostQuestion,
  type RunspaceClient,
} from '../typescript';
import type { Context } from './context';
import { exitCodes } from './exit-code';
import { UsageError } from './failure';
import { canAsk } from './keyboard';
import { Prompter } from './prompter';

/** A call that waits, and of what. */
interface Waiting {
  readonly session: string;
  /** Empty: the session itself. */
  readonly pipeline: string;
  readonly call: HostCall;
}

/** Runs `runspace respond`. */
export async function runRespond(context: Context): Promise<number> {
  const [session = ''] = context.positionals;
  using client = await context.connect();
  const waiting = await waitingCall(context, client, session);
  if (waiting === undefined) {
    await context.terminal.note(`runspace: nothing in session '${session}' waits for an answer\n`);
    return exitCodes.failed;
  }
  const { pipeline, call } = waiting;
  const answer = await answerOf(context, questionOf(call), call);
  if (answer === undefined) return exitCodes.interrupted;
  await client.pipelines.respond(waiting.session, { pipeline, callId: call.callId, ...answer });
  return exitCodes.ok;
}

async function waitingCall(
  context: Context,
  client: RunspaceClient,
  session: string,
): Promise<Waiting | undefined> {
  const { info } = await client.sessions.get(session);
  const wanted = context.text('call');
  const pick = (calls: readonly HostCall[]): HostCall | undefined =>
    wanted === undefined ? calls[0] : calls.find(({ callId }) => callId.toString() === wanted);
  const named = context.text('pipeline');
  const own = named === undefined ? pick(info.pendingHostCalls) : undefined;
  if (own !== undefined) return { session: info.id, pipeline: '', call: own };
  const pipeline = named ?? info.runningPipelineId;
  if (pipeline === '') return undefined;
  const found = await client.pipelines.get(info.id, pipeline);
  const call = pick(found.pendingHostCalls);
  return call === undefined ? undefined : { session: info.id, pipeline: found.id, call };
}

/** The answer that the flags give, or the person at the terminal; undefined: Ctrl-C. */
async function answerOf(
  context: Context,
  question: HostQuestion,
  call: HostCall,
): Promise<HostCallAnswer | undefined> {
  const error = context.text('error');
  if (error !== undefined) return { error };
  if (context.has('default')) return { useDefault: true };
  const given = context.given('text', 'choice', 'user', 'stdin');
  if (given.length > 0) return { value: await valueOf(context, question) };
  if (!canAsk()) {
    throw new UsageError(
      `${call.method} waits for an answer: give --text, --choice, --stdin (for secrets), --default or --error`,
    );
  }
  const asked = await new Prompter(context.terminal, new AbortController().signal).ask(question);
  return asked.is === 'interrupted' ? undefined : asked.answer;
}

async function valueOf(context: Context, question: HostQuestion): Promise<unknown> {
  switch (question.kind) {
    case 'line':
    case 'key':
      return context.has('stdin') ? readStdin() : textOf(context);
    case 'secret':
      return secretOf(context);
    case 'credential':
      return {
        UserName: context.text('user') ?? question.userName,
        Password: await secretOf(context),
      };
    case 'choice':
      return choicesOf(context, question.choices)[0];
    case 'choices':
      return choicesOf(context, question.choices);
    case 'fields':
      return fieldsOf(context, question);
    case 'other':
      throw new UsageError('this program does not know the question; --default or --error ends it');
  }
}

function textOf(context: Context): string {
  const [text, ...others] = [...context.texts('text'), ...context.texts('choice')];
  if (text !== undefined && others.length === 0) return text;
  throw new UsageError('the question is answered with one --text');
}

/** A secret never comes on the command line, where others can read it. */
async function secretOf(context: Context): Promise<unknown> {
  if (context.has('stdin')) return secureString(await readStdin());
  throw new UsageError(
    'the answer is a secret: give it on standard input, with --stdin, and not on the command line',
  );
}

function choicesOf(context: Context, choices: Parameters<typeof choiceNamed>[0]): readonly number[] {
  return [...context.texts('choice'), ...context.texts('text')].map((text) => {
    const index =
      /^\d+$/.test(text) && Number(text) < choices.length ? Number(text) : choiceNamed(choices, text);
    if (index !== undefined) return index;
    const labels = choices.map(({ key, label }) => (key === '' ? label : `${key} (${label})`));
    throw new UsageError(`'${text}' is none of the choices: ${labels.join(', ')}`);
  });
}

/** One field is answered by its text; of several each by `--text NAME=VALUE`, and the one that is secret by --stdin. */
async function fieldsOf(
  context: Context,
  { fields }: Extract<HostQuestion, { readonly kind: 'fields' }>,
): Promise<Readonly<Record<string, unknown>>> {
  const [only, ...others] = fields;
  const texts = context.texts('text');
  const answers: Record<string, unknown> = {};
  for (const field of fields) {
    if (field.isCredential) {
      answers[field.name] = { UserName: context.text('user') ?? '', Password: await secretOf(context) };
    } else if (field.isSecret) answers[field.name] = await secretOf(context);
  }
  if (only !== undefined && others.length === 0) {
    if (answers[only.name] === undefined)
      answers[only.name] = only.isList ? texts : context.has('stdin') ? await readStdin() : textOf(context);
    return answers;
  }
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1)
      throw new UsageError(`of several fields each is answered as --text NAME=VALUE, and got '${text}'`);
    answers[text.slice(0, at)] = text.slice(at + 1);
  }
  return answers;
}

/** All of standard input, without the line end that ends it. */
async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
