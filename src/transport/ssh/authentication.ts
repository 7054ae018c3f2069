import { readFileSync } from 'node:fs';
import {
  createAgent,
  utils,
  type AnyAuthMethod,
  type KeyboardInteractiveCallback,
  type ParsedKey,
  type Prompt,
} from 'ssh2';
import { RunspaceError, toError } from '../../core/error';
import type { AskPerson } from './ask-person';
import { factsOf, placeName } from './errors';
import type { Memory } from './memory';
import type { AuthenticationMethod, IdentityFile, SshSettings } from './settings';

/** What proofs are made of. */
export interface AuthenticationParts {
  readonly settings: SshSettings;
  /** Tried before anybody is asked. */
  readonly password: string | undefined;
  /** Undefined: nobody can be asked. */
  readonly ask: AskPerson | undefined;
  readonly memory: Memory;
}

/** A key that can't be used is an error before any connection where somebody named it. Error: KEY_FILE_UNUSABLE. */
export function readIdentities(settings: SshSettings): readonly Identity[] {
  return settings.identityFiles.flatMap((file): readonly Identity[] => {
    const text = readKey(file, settings);
    if (text === undefined) return [];
    const parsed = parse(text, undefined);
    if (!(parsed instanceof Error)) return [{ file, text, key: parsed }];
    if (isEncrypted(parsed)) return [{ file, text, key: undefined }];
    if (!file.isNamed) return [];
    throw unusable(file, settings, parsed);
  });
}

/** A private key; without `key` it is encrypted. */
export interface Identity {
  readonly file: IdentityFile;
  readonly text: Buffer;
  readonly key: ParsedKey | undefined;
}

/** What proofs were offered, for the error when none was taken. */
export class Proofs {
  /** In words. */
  readonly offered: string[] = [];
  /** What the server said it takes. */
  accepted: readonly string[] = [];
  /** Why somebody could not be asked. */
  unanswered: Error | undefined;
}

/** What the server says of a proof that it did not let in by itself. */
export interface ServerWord {
  /** The methods that it takes now. */
  readonly taken: readonly string[];
  /** The proof was right, and another is wanted beside it. */
  readonly isPartial: boolean;
}

/** Proofs, and what the server says of each. */
export type ProofSteps = AsyncGenerator<AnyAuthMethod, void, ServerWord>;

/**
 * The proofs to offer, one after the other, in ssh's order. Everything that was asked is remembered; what turns out to be
 * wrong is forgotten, and asked again.
 */
export async function* proofsFor(
  parts: AuthenticationParts,
  identities: readonly Identity[],
  proofs: Proofs,
): ProofSteps {
  const { userName: username, methods } = parts.settings;
  const of = { parts, identities, proofs };
  let word = yield { type: 'none', username };
  // After one right proof of several all methods are gone through again.
  for (let hasProved = true; hasProved;) {
    hasProved = false;
    for (const method of methods) {
      if (!hasProved && word.taken.includes(method)) word = yield* offered(method, of, word);
      hasProved ||= word.isPartial;
    }
  }
}

/** All proofs of a method, until one is right or the method is taken no more. */
async function* offered(
  method: AuthenticationMethod,
  of: Parameters<typeof proofsBy>[1],
  before: ServerWord,
): AsyncGenerator<AnyAuthMethod, ServerWord, ServerWord> {
  const steps = proofsBy(method, of);
  let word: ServerWord = { ...before, isPartial: false };
  for (let step = await steps.next(word); step.done !== true; step = await steps.next(word)) {
    word = yield step.value;
    if (word.isPartial || !word.taken.includes(method)) break;
  }
  return word;
}

function proofsBy(
  method: AuthenticationMethod,
  of: {
    readonly parts: AuthenticationParts;
    readonly identities: readonly Identity[];
    readonly proofs: Proofs;
  },
): ProofSteps {
  switch (method) {
    case 'publickey':
      return keyProofs(of.parts, of.identities, of.proofs);
    case 'keyboard-interactive':
      return keyboardProofs(of.parts, of.proofs);
    case 'password':
      return passwordProofs(of.parts, of.proofs);
  }
}

async function* keyProofs(
  parts: AuthenticationParts,
  identities: readonly Identity[],
  proofs: Proofs,
): ProofSteps {
  const { settings } = parts;
  const username = settings.userName;
  const offer = (key: ParsedKey, name: string): AnyAuthMethod => {
    proofs.offered.push(`key ${name}`);
    return { type: 'publickey', username, key };
  };
  const named = identities.filter(({ file }) => file.isNamed);
  for (const { key, file } of named) if (key !== undefined) yield offer(key, file.path);
  if (settings.agent !== undefined && !settings.identitiesOnly) {
    proofs.offered.push('the agent');
    yield { type: 'agent', username, agent: createAgent(settings.agent) };
  }
  for (const { key, file } of identities) if (key !== undefined && !file.isNamed) yield offer(key, file.path);
  for (const identity of identities) {
    if (identity.key !== undefined) continue;
    const key = await unlocked(identity, parts, proofs);
    if (key !== undefined) yield offer(key, identity.file.path);
  }
}

/** Asks for the passphrase of an encrypted key, three times; undefined: nobody knew it. */
async function unlocked(
  { file, text }: Identity,
  parts: AuthenticationParts,
  proofs: Proofs,
): Promise<ParsedKey | undefined> {
  const question = `Enter passphrase for key '${file.path}':`;
  for (let attempt = 1; attempt <= parts.settings.passwordPrompts; attempt += 1) {
    const passphrase = await answer(question, parts, { proofs });
    if (passphrase === undefined) return undefined;
    const key = parse(text, passphrase);
    if (!(key instanceof Error)) return key;
    parts.memory.forget(question);
  }
  proofs.offered.push(`key ${file.path} (its passphrase was wrong)`);
  return undefined;
}

async function* passwordProofs(parts: AuthenticationParts, proofs: Proofs): ProofSteps {
  const { settings } = parts;
  const username = settings.userName;
  if (parts.password !== undefined) {
    proofs.offered.push('the password');
    yield { type: 'password', username, password: parts.password };
  }
  const question = `${placeName(settings)}'s password:`;
  for (let attempt = 1; attempt <= settings.passwordPrompts; attempt += 1) {
    const password = await answer(question, parts, { proofs });
    if (password === undefined) return;
    proofs.offered.push('a password');
    yield { type: 'password', username, password };
    // It came back: the server did not take it.
    parts.memory.forget(question);
  }
}

async function* keyboardProofs(parts: AuthenticationParts, proofs: Proofs): ProofSteps {
  const { settings } = parts;
  const username = settings.userName;
  const canTryPassword = parts.password !== undefined;
  for (let attempt = canTryPassword ? 0 : 1; attempt <= settings.passwordPrompts; attempt += 1) {
    const asked: string[] = [];
    // A server that asks nothing will not ask the next time either.
    const outcome = { isHopeless: true };
    proofs.offered.push('answers to its questions');
    yield {
      type: 'keyboard-interactive',
      username,
      // eslint-disable-next-line @typescript-eslint/max-params -- ssh2's own
      prompt: (name, instructions, _language, prompts, finish) => {
        void answers({ name, instructions, prompts }, parts, {
          proofs,
          asked,
          usePassword: attempt === 0,
        }).then((texts) => {
          outcome.isHopeless = texts === undefined;
          finishWith(finish, texts ?? prompts.map(() => ''));
        });
      },
    };
    for (const question of asked) parts.memory.forget(question);
    if (outcome.isHopeless) return;
  }
}

interface Asked {
  readonly name: string;
  readonly instructions: string;
  readonly prompts: readonly Prompt[];
}

async function answers(
  { name, instructions, prompts }: Asked,
  parts: AuthenticationParts,
  how: { readonly proofs: Proofs; readonly asked: string[]; readonly usePassword: boolean },
): Promise<string[] | undefined> {
  const [only] = prompts;
  if (how.usePassword && prompts.length === 1 && only?.echo !== true && parts.password !== undefined)
    return [parts.password];
  const texts: string[] = [];
  for (const { prompt, echo } of prompts) {
    const question = [name, instructions, prompt]
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .join(' ');
    how.asked.push(question);
    const text = await answer(question, parts, { proofs: how.proofs, isSecret: echo !== true });
    if (text === undefined) return undefined;
    texts.push(text);
  }
  return texts;
}

/** (The types say that answers are taken one by one; they are taken as a list.) */
function finishWith(finish: KeyboardInteractiveCallback, texts: string[]): void {
  finish(texts);
}

async function answer(
  question: string,
  { settings, ask, memory }: AuthenticationParts,
  { proofs, isSecret = true }: { readonly proofs: Proofs; readonly isSecret?: boolean },
): Promise<string | undefined> {
  const known = memory.recall(question);
  if (known !== undefined) return known;
  if (ask === undefined || settings.isBatch) return undefined;
  try {
    const text = await ask({ caption: placeName(settings), text: question, isSecret });
    memory.keep(question, text);
    return text;
  } catch (error) {
    proofs.unanswered = toError(error);
    return undefined;
  }
}

/** No proof was taken. */
export function refused(settings: SshSettings, { offered, accepted, unanswered }: Proofs): RunspaceError {
  const tried =
    offered.length === 0 ? 'nothing could be offered' : `offered: ${[...new Set(offered)].join(', ')}`;
  const takes = accepted.length === 0 ? '' : `; it takes: ${accepted.join(', ')}`;
  const facts = { ...factsOf(settings), phase: 'authentication' };
  if (unanswered !== undefined)
    return new RunspaceError(
      'AUTHENTICATION_FAILED',
      `${placeName(settings)} wants a password or an answer, and nobody gave one (${unanswered.message}); ` +
        `use a key (--key-file-path), an agent, or a terminal to be asked on. ${tried}${takes}`,
      { facts, cause: unanswered },
    );
  return new RunspaceError(
    'AUTHENTICATION_FAILED',
    `${placeName(settings)} refused you; ${tried}${takes}. Check the user name, the key (--key-file-path) and the password`,
    { facts },
  );
}

function readKey(file: IdentityFile, settings: SshSettings): Buffer | undefined {
  try {
    return readFileSync(file.path);
  } catch (error) {
    if (!file.isNamed) return undefined;
    throw unusable(file, settings, toError(error));
  }
}

/** (What is not a key at all comes back as an error; of several keys in a file the first one counts.) */
function parse(text: Buffer, passphrase: string | undefined): ParsedKey | Error {
  const parsed = utils.parseKey(text, passphrase);
  if (parsed instanceof Error) return parsed;
  // Of several keys in a file the types know nothing.
  const [key] = [parsed].flat() as readonly ParsedKey[];
  if (key === undefined) return new Error('it holds no key');
  return key.isPrivateKey() ? key : new Error('it is a public key; name the private one');
}

function isEncrypted({ message }: Error): boolean {
  return /passphrase|encrypted/i.test(message);
}

function unusable({ path }: IdentityFile, settings: SshSettings, cause: Error): RunspaceError {
  const code = 'code' in cause ? cause.code : undefined;
  const why = code === 'ENOENT' ? 'there is no such file' : cause.message;
  return new RunspaceError('KEY_FILE_UNUSABLE', `the key ${path} can't be used: ${why}`, {
    facts: { ...factsOf(settings), path },
    cause,
  });
}
