import { toError, RunspaceError } from './error';
import type { HostQuestion } from './host-question';
import type { HostCallAnswer } from './respond';
import { secureString } from './value/secret';

type QuestionOf<Kind extends HostQuestion['kind']> = Extract<HostQuestion, { readonly kind: Kind }>;
type Promised<Result> = Result | Promise<Result>;

/** A user name with its password. */
export interface HostCredential {
  readonly userName: string;
  readonly password: string;
}

/**
 * Who answers what commands ask. A question that has no handler here goes on waiting for somebody else. The signal
 * aborts when the answer is no longer wanted. What a handler throws becomes an error in the script, which it can catch.
 */
export interface Host {
  /** `Read-Host` without a text. */
  readonly readLine?: (signal: AbortSignal) => Promised<string>;
  /** `Read-Host -AsSecureString`: the clear text, which travels as a SecureString. */
  readonly readSecret?: (signal: AbortSignal) => Promised<string>;
  /** One key, for `$Host.UI.RawUI.ReadKey()`. */
  readonly readKey?: (signal: AbortSignal) => Promised<string>;
  /**
   * `Read-Host TEXT` and mandatory parameters: a value for each field, by name. For secret fields the clear text, for
   * credentials a HostCredential.
   */
  readonly prompt?: (
    question: QuestionOf<'fields'>,
    signal: AbortSignal,
  ) => Promised<Readonly<Record<string, unknown>>>;
  /** `Get-Credential`; undefined: none. */
  readonly credential?: (
    question: QuestionOf<'credential'>,
    signal: AbortSignal,
  ) => Promised<HostCredential | undefined>;
  /** The number of the choice. */
  readonly choose?: (question: QuestionOf<'choice'>, signal: AbortSignal) => Promised<number>;
  /** The numbers of the choices. */
  readonly chooseSeveral?: (
    question: QuestionOf<'choices'>,
    signal: AbortSignal,
  ) => Promised<readonly number[]>;
}

/** What the host answers; undefined: it leaves the question to others. */
export async function answerOf(
  host: Host,
  question: HostQuestion,
  signal: AbortSignal,
): Promise<HostCallAnswer | undefined> {
  try {
    return await ask(host, question, signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    const { message } = toError(error);
    return { error: message === '' ? 'the host has no answer' : message };
  }
}

/** Whether an answer came too late: somebody else was faster, or the command is over. */
export function isTooLate(error: unknown): boolean {
  return (
    error instanceof RunspaceError &&
    ['HOST_CALL_UNKNOWN', 'PIPELINE_NOT_FOUND', 'EXPIRED'].includes(error.reason)
  );
}

async function ask(
  host: Host,
  question: HostQuestion,
  signal: AbortSignal,
): Promise<HostCallAnswer | undefined> {
  switch (question.kind) {
    case 'line':
      return host.readLine === undefined ? undefined : { value: await host.readLine(signal) };
    case 'secret':
      return host.readSecret === undefined
        ? undefined
        : { value: secureString(await host.readSecret(signal)) };
    case 'key':
      return host.readKey === undefined ? undefined : { value: await host.readKey(signal) };
    case 'fields':
      return host.prompt === undefined
        ? undefined
        : { value: fieldValues(question, await host.prompt(question, signal)) };
    case 'credential':
      return host.credential === undefined
        ? undefined
        : { value: credentialValue(await host.credential(question, signal)) };
    case 'choice':
      return host.choose === undefined ? undefined : { value: await host.choose(question, signal) };
    case 'choices':
      return host.chooseSeveral === undefined
        ? undefined
        : { value: await host.chooseSeveral(question, signal) };
    case 'other':
      return undefined;
  }
}

function fieldValues(
  { fields }: QuestionOf<'fields'>,
  answers: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const values = Object.entries(answers).map(([name, answer]) => {
    const field = fields.find((each) => each.name === name);
    if (field?.isSecret === true) return [name, secretValue(answer)] as const;
    return [name, field?.isCredential === true ? credentialValue(answer) : answer] as const;
  });
  return Object.fromEntries(values);
}

function secretValue(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(secretValue);
  return typeof answer === 'string' ? secureString(answer) : answer;
}

function credentialValue(answer: unknown): unknown {
  if (!isCredential(answer)) return answer ?? null;
  return { UserName: answer.userName, Password: secureString(answer.password) };
}

function isCredential(answer: unknown): answer is HostCredential {
  return typeof answer === 'object' && answer !== null && 'userName' in answer && 'password' in answer;
}
