import { RunspaceError } from '../core/error';
import type { HostReply } from '../core/host-reply';
import type { Value } from '../core/value';
import type { SessionHostCall } from '../engine/engine';
import type { AskPerson, Question } from '../transport/ssh/ask-person';

/** Far from the numbers that an engine gives its own calls. */
const firstCallId = 1n << 40n;
const field = 'answer';

/**
 * Asks whoever is connected to a session that opens, as a host call of one field (PowerShell's Prompt), so that every
 * client that can answer a host call can answer this.
 */
export function askPerson(ask: (call: SessionHostCall) => void): AskPerson {
  let lastCallId = firstCallId;
  return (question) =>
    new Promise((resolve, reject) => {
      lastCallId += 1n;
      ask({
        record: {
          stream: 'hostCall',
          callId: lastCallId,
          method: 'Prompt',
          needsResponse: true,
          parameters: [text(question.caption), text(''), { ...list, items: [fieldOf(question)] }],
        },
        respond: (reply) => {
          const answer = answerOf(reply, question);
          if (answer instanceof Error) reject(answer);
          else resolve(answer);
        },
      });
    });
}

const list = { type: 'list' } as const;

function fieldOf({ text: label, isSecret }: Question): Value {
  const type = isSecret ? 'System.Security.SecureString' : 'System.String';
  const members = {
    name: field,
    label: withoutColon(label),
    parameterTypeFullName: type,
    helpMessage: '',
  };
  const extended = Object.entries(members).map(([name, value]) => ({ name, value: text(value) }));
  return { type: 'object', typeNames: [], adapted: [], extended };
}

/** Whoever shows it puts one behind it. */
function withoutColon(label: string): string {
  return label.trim().replace(/:$/, '');
}

/** An error is for whoever asked; an answer that does not fit is thrown at whoever gave it, and the call goes on waiting. */
function answerOf(reply: HostReply, { isSecret }: Question): string | Error {
  switch (reply.is) {
    case 'value':
      return textOf(onlyValue(reply.value), isSecret);
    case 'refused':
      return new RunspaceError('HOST_CALL_UNANSWERED', `the answer was refused: ${reply.message}`);
    case 'default':
    case 'unanswered':
      return new RunspaceError('HOST_CALL_UNANSWERED', 'nobody is connected to answer');
  }
}

function onlyValue(value: Value): Value {
  if (value.type !== 'dictionary') return value;
  const [entry] = value.entries;
  return entry?.[1] ?? value;
}

function textOf(value: Value, isSecret: boolean): string {
  if (value.type === 'string') return value.value;
  if (value.type === 'secureString') return Buffer.from(value.sealed, 'base64').toString('utf16le');
  throw new RunspaceError(
    'INVALID_ARGUMENT',
    `value: expected {${field}: ${isSecret ? 'System.Security.SecureString' : 'System.String'}}, or that value alone`,
    { facts: { path: 'value' } },
  );
}

function text(value: string): Value {
  return { type: 'string', value };
}
