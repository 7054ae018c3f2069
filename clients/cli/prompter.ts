import {
  choiceNamed,
  secureString,
  type HostCallAnswer,
  type HostChoice,
  type HostField,
  type HostQuestion,
} from '../typescript';
import { readTypedKey, readTypedLine, type Echo } from './keyboard';
import type { Terminal } from './terminal';

/** What came of asking a person; `interrupted`: Ctrl-C, or the answer is no longer wanted. */
export type Asked =
  { readonly is: 'answered'; readonly answer: HostCallAnswer } | { readonly is: 'interrupted' };

type QuestionOf<Kind extends HostQuestion['kind']> = Extract<HostQuestion, { readonly kind: Kind }>;

/** Thrown inside where there is no answer. */
class NoAnswer extends Error {
  constructor(readonly asked: Asked) {
    super('no answer');
  }
}

/** Asks a person at the terminal what a command asks, as PowerShell's console does. Only the answer leaves this object. */
export class Prompter {
  readonly #terminal: Terminal;
  readonly #signal: AbortSignal;

  constructor(terminal: Terminal, signal: AbortSignal) {
    this.#terminal = terminal;
    this.#signal = signal;
  }

  /** Asks until there is an answer of the right form; whether it fits the daemon tells. */
  async ask(question: HostQuestion): Promise<Asked> {
    try {
      return { is: 'answered', answer: await this.#answer(question) };
    } catch (error) {
      if (error instanceof NoAnswer) return error.asked;
      throw error;
    }
  }

  async #answer(question: HostQuestion): Promise<HostCallAnswer> {
    switch (question.kind) {
      case 'line':
        return { value: await this.#line('') };
      case 'secret':
        return { value: secureString(await this.#line('', 'masked')) };
      case 'key':
        return { value: await this.#key() };
      case 'fields':
        return { value: await this.#fields(question) };
      case 'credential':
        await this.#caption(question);
        return { value: await this.#credential(question.userName) };
      case 'choice':
        await this.#caption(question);
        return { value: await this.#choice(question) };
      case 'choices':
        await this.#caption(question);
        return { value: await this.#choices(question) };
      case 'other':
        return { error: 'this program does not know the question' };
    }
  }

  async #caption({
    caption,
    message,
  }: {
    readonly caption: string;
    readonly message: string;
  }): Promise<void> {
    const lines = [caption, message].filter((line) => line !== '');
    if (lines.length > 0) await this.#terminal.note(`\n${lines.join('\n')}\n`);
  }

  async #line(prompt: string, echo: Echo = 'shown'): Promise<string> {
    return this.#text(await readTypedLine({ prompt, echo }, this.#signal));
  }

  async #key(): Promise<string> {
    return this.#text(await readTypedKey(this.#signal));
  }

  #text(typed: Awaited<ReturnType<typeof readTypedLine>>): string {
    switch (typed.is) {
      case 'text':
        return typed.text;
      case 'interrupted':
        throw new NoAnswer({ is: 'interrupted' });
      case 'end':
        throw new NoAnswer({ is: 'answered', answer: { error: 'the input ended at the prompt' } });
    }
  }

  async #fields(question: QuestionOf<'fields'>): Promise<Readonly<Record<string, unknown>>> {
    await this.#caption(question);
    const hasHelp = question.fields.some(({ help }) => help !== '');
    if (hasHelp) await this.#terminal.note('(Type !? for Help.)\n');
    const answers: Record<string, unknown> = {};
    for (const field of question.fields) {
      const answer = field.isList ? await this.#list(field) : await this.#field(field, field.label);
      if (answer !== undefined) answers[field.name] = answer;
    }
    return answers;
  }

  /** The value of a field; undefined: its default. */
  async #field(field: HostField, label: string): Promise<unknown> {
    if (field.isCredential) return this.#credential('');
    for (;;) {
      const text = await this.#line(`${label}: `, field.isSecret ? 'masked' : 'shown');
      if (await this.#isHelp(text, field)) continue;
      if (text === '' && field.defaultValue !== undefined) return undefined;
      return field.isSecret ? secureString(text) : typedText(text, field.type);
    }
  }

  /** One value after the other, until an empty one. */
  async #list(field: HostField): Promise<unknown> {
    const items: unknown[] = [];
    for (;;) {
      const text = await this.#line(
        `${field.label}[${String(items.length)}]: `,
        field.isSecret ? 'masked' : 'shown',
      );
      if (await this.#isHelp(text, field)) continue;
      if (text === '') return items.length === 0 && field.defaultValue !== undefined ? undefined : items;
      items.push(field.isSecret ? secureString(text) : typedText(text, field.type.replace(/\[\]$/, '')));
    }
  }

  /** `!?` asks for the help of a field, which is shown. */
  async #isHelp(text: string, { help }: HostField): Promise<boolean> {
    if (text !== '!?') return false;
    await this.#terminal.note(`${help === '' ? 'There is no help for this.' : help}\n`);
    return true;
  }

  async #credential(given: string): Promise<unknown> {
    let userName = given;
    while (userName === '') userName = await this.#line('User: ');
    const password = await this.#line(`Password for user ${userName}: `, 'masked');
    return { UserName: userName, Password: secureString(password) };
  }

  async #choice({ choices, defaultChoice }: QuestionOf<'choice'>): Promise<number> {
    const byDefault = defaultChoice === undefined ? undefined : choices[defaultChoice];
    const hint = byDefault === undefined ? '' : ` (default is "${keyOf(byDefault)}")`;
    for (;;) {
      const text = await this.#line(`${offered(choices).join('  ')}${hint}: `);
      if (text.trim() === '' && defaultChoice !== undefined) return defaultChoice;
      const chosen = await this.#chosen(choices, text);
      if (chosen !== undefined) return chosen;
    }
  }

  async #choices({ choices, defaultChoices }: QuestionOf<'choices'>): Promise<readonly number[]> {
    const keys = defaultChoices.flatMap((index) =>
      choices[index] === undefined ? [] : [keyOf(choices[index])],
    );
    const which = keys.length === 1 ? 'default choice is' : 'default choices are';
    const hint = keys.length === 0 ? '' : `(${which} ${keys.join(',')})\n`;
    await this.#terminal.note(`${offered(choices).join('\n')}\n${hint}`);
    const chosen: number[] = [];
    for (;;) {
      const text = await this.#line(`Choice[${String(chosen.length)}]: `);
      if (text.trim() === '') return chosen.length === 0 ? defaultChoices : chosen;
      const index = await this.#chosen(choices, text);
      if (index !== undefined) chosen.push(index);
    }
  }

  /** The choice that was typed; undefined where it was none, or a wish for help, which is fulfilled. */
  async #chosen(choices: readonly HostChoice[], text: string): Promise<number | undefined> {
    const index = choiceNamed(choices, text);
    if (index === undefined && text.trim() === '?') {
      await this.#terminal.note(choices.map((choice) => `${keyOf(choice)} - ${choice.help}\n`).join(''));
    }
    return index;
  }
}

function keyOf({ key, label }: HostChoice): string {
  return key === '' ? label : key;
}

function offered(choices: readonly HostChoice[]): readonly string[] {
  return [...choices.map((choice) => `[${keyOf(choice)}] ${choice.label}`), '[?] Help'];
}

/** PowerShell takes any text for true; a person means what it says. */
function typedText(text: string, type: string): unknown {
  const isTruth = type === 'System.Boolean' || type === 'System.Management.Automation.SwitchParameter';
  if (!isTruth) return text;
  return !/^(\$?false|no?|0|)$/i.test(text.trim());
}
