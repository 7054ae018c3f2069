import { RunspaceError } from '../../core/error';
import type { HostReply } from '../../core/host-reply';
import type { ErrorStreamRecord, HostCallRecord } from '../../core/record';
import { nullValue, stringValue, type Value } from '../../core/value';
import {
  boolOf,
  boolValue,
  int32Value,
  integerOf,
  isNull,
  itemsOf,
  listValue,
  propertyBag,
  propertyOf,
  textOf,
} from '../../psrp/clixml/properties';
import type { HostAnswer, HostCall, HostMethod } from '../../psrp/host-call';
import { credentialOf } from './credential';
import { defaultPromptAnswer, readPromptAnswer, type PromptAnswer } from './prompt-fields';

/** How one method that asks a person is answered. */
interface Question {
  /** Reads what a caller sent. */
  readonly read: (value: Value, parameters: readonly Value[]) => PromptAnswer;
  /** What it answers when the person just presses Enter; undefined: nothing. */
  readonly byDefault: (parameters: readonly Value[]) => Value | undefined;
}

/** Whether only a person can answer this method. */
export function asksPerson(method: HostMethod): boolean {
  return questions[method] !== undefined;
}

/** A call as a record: its arrays as plain lists, whatever way they travelled. */
export function hostCallRecord(call: HostCall): HostCallRecord {
  const { callId, method, needsResponse } = call;
  return { stream: 'hostCall', callId, method, needsResponse, parameters: call.parameters.map(plain) };
}

/** The answer for PowerShell. Throws INVALID_ARGUMENT that says what the call expects. */
export function answerOf(call: HostCall, reply: HostReply): HostAnswer {
  const { method } = call;
  const parameters = call.parameters.map(plain);
  switch (reply.is) {
    case 'value': {
      const answer = questions[method]?.read(reply.value, parameters);
      if (answer?.is === 'read') return { is: 'value', value: answer.value };
      throw new RunspaceError('INVALID_ARGUMENT', `value: ${method} expects ${answer?.what ?? 'no value'}`, {
        facts: { path: 'value', method },
      });
    }
    case 'refused':
      return failed('HOST_CALL_REFUSED', reply.message);
    case 'default': {
      const value = questions[method]?.byDefault(parameters);
      return value === undefined
        ? unanswered(method, ', and it has no default answer')
        : { is: 'value', value };
    }
    case 'unanswered':
      return unanswered(method, '');
  }
}

function unanswered(method: HostMethod, why: string): HostAnswer {
  return failed('HOST_CALL_UNANSWERED', `nobody is connected to answer ${method}${why}`);
}

/** The error as the script can catch it. Its id is in the message too, since PowerShell wraps errors of its host. */
function failed(fullyQualifiedErrorId: string, message: string): HostAnswer {
  const error: ErrorStreamRecord = {
    stream: 'error',
    message: `${fullyQualifiedErrorId}: ${message}`,
    exceptionType: 'System.Management.Automation.Host.HostException',
    fullyQualifiedErrorId,
    category: 'ResourceUnavailable',
  };
  return { is: 'error', error };
}

const line: Question = {
  read: (value) => {
    const text = value.type === 'char' ? String.fromCharCode(value.code) : textOf(value);
    return text === undefined ? expects('a string') : read(stringValue(text));
  },
  byDefault: () => stringValue(''),
};

const secret: Question = {
  read: (value) => (value.type === 'secureString' ? read(value) : expects('a SecureString')),
  byDefault: () => ({ type: 'secureString', sealed: '' }),
};

const prompt: Question = {
  read: (value, [, , fields]) => readPromptAnswer(value, fields),
  byDefault: ([, , fields]) => defaultPromptAnswer(fields),
};

const credential: Question = {
  read: (value) => {
    if (isNull(value)) return read(nullValue); // Cancelled, as PowerShell's own hosts say it.
    const found = credentialOf(value);
    return found === undefined
      ? expects(
          'an object or dictionary with UserName (a string) and Password (a SecureString), or null for none',
        )
      : read(found);
  },
  byDefault: () => undefined,
};

const choice: Question = {
  read: (value, [, , choices]) => {
    const index = choiceIndex(value, choices);
    return index === undefined ? expects(`an integer, ${choiceRange(choices)}`) : read(int32Value(index));
  },
  byDefault: ([, , choices, byDefault]) => {
    const index = byDefault === undefined ? undefined : choiceIndex(byDefault, choices);
    return index === undefined ? undefined : int32Value(index);
  },
};

const choices: Question = {
  read: (value, [, , offered]) => {
    const indexes = itemsOf(value)?.map((item) => choiceIndex(item, offered));
    if (indexes?.every((index) => index !== undefined) !== true) {
      return expects(`a list of integers, each ${choiceRange(offered)}`);
    }
    return read(arrayList(indexes.map(int32Value)));
  },
  byDefault: ([, , , byDefault]) => {
    const items = itemsOf(byDefault);
    return items === undefined || items.length === 0 ? undefined : arrayList(items);
  },
};

const key: Question = {
  read: (value) => {
    const pressed = keyOf(value);
    return pressed === undefined ? expects('a char, a string of one character, or a KeyInfo') : read(pressed);
  },
  byDefault: () => undefined,
};

const questions: Readonly<Partial<Record<HostMethod, Question>>> = {
  ReadLine: line,
  ReadLineAsSecureString: secret,
  Prompt: prompt,
  PromptForCredential1: credential,
  PromptForCredential2: credential,
  PromptForChoice: choice,
  PromptForChoiceMultipleSelection: choices,
  ReadKey: key,
};

function read(value: Value): PromptAnswer {
  return { is: 'read', value };
}

function expects(what: string): PromptAnswer {
  return { is: 'expects', what };
}

function choiceIndex(value: Value, offered: Value | undefined): number | undefined {
  const index = value.type === 'enum' ? undefined : integerOf(value);
  const count = itemsOf(offered)?.length ?? 0;
  return index !== undefined && index >= 0 && index < count ? index : undefined;
}

function choiceRange(offered: Value | undefined): string {
  const labels = (itemsOf(offered) ?? []).map((each) => textOf(propertyOf(each, 'label')) ?? '');
  return labels.map((label, index) => `${String(index)} for ${label.replace('&', '')}`).join(', ');
}

function arrayList(items: readonly Value[]): Value {
  const typeNames = ['System.Collections.ArrayList', 'System.Object'];
  return { type: 'object', typeNames, base: listValue(items), adapted: [], extended: [] };
}

/** PowerShell's KeyInfo, by its private fields. */
function keyOf(value: Value): Value | undefined {
  const code = keyCode(value) ?? keyCode(propertyOf(value, 'character'));
  if (code === undefined) return undefined;
  const virtualKeyCode = integerOf(propertyOf(value, 'virtualKeyCode')) ?? virtualKeyOf(code);
  return propertyBag({
    virtualKeyCode: int32Value(virtualKeyCode),
    character: { type: 'char', code },
    controlKeyState: int32Value(integerOf(propertyOf(value, 'controlKeyState')) ?? 0),
    keyDown: boolValue(boolOf(propertyOf(value, 'keyDown')) ?? true),
  });
}

function keyCode(value: Value | undefined): number | undefined {
  if (value?.type === 'char') return value.code;
  const text = textOf(value);
  return text?.length === 1 ? text.charCodeAt(0) : undefined;
}

/** Letters and digits have the code of their upper case, as have Enter, Escape, Tab and the space. */
function virtualKeyOf(code: number): number {
  return String.fromCharCode(code).toUpperCase().charCodeAt(0);
}

/** Arrays travel as an ArrayList, or (typed ones) as their items `mae` and their lengths `mal`. */
function plain(value: Value): Value {
  const elements = propertyOf(value, 'mae');
  if (elements !== undefined && propertyOf(value, 'mal') !== undefined) return plain(elements);
  if (value.type === 'object' && value.base?.type === 'list') return listValue(value.base.items.map(plain));
  return value;
}
