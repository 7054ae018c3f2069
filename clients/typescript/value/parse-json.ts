import { randomUUID } from 'node:crypto';
import type { Value } from '../gen/runspace/v1/value';

const stringsAndNumbers = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * JSON whose numbers keep what they are, for `toValue`: an integer of any size is exact (a bigint where a number would
 * round it), and one written with a point or an exponent (`1.0`) stays a double. Throws SyntaxError as JSON.parse does.
 */
export function parseJson(text: string): unknown {
  const plain: unknown = JSON.parse(text);
  // Members of that name stand for numbers; nobody can guess it.
  const mark = randomUUID();
  const marked = text.replace(stringsAndNumbers, (token) =>
    needsMark(token) ? `{"${mark}":"${token}"}` : token,
  );
  if (marked === text) return plain;
  return JSON.parse(marked, (_name, value: unknown) => {
    const token = tokenIn(value, mark);
    return token === undefined ? value : exactNumber(token);
  });
}

function needsMark(token: string): boolean {
  if (token.startsWith('"')) return false;
  return isInteger(token) ? !Number.isSafeInteger(Number(token)) : Number.isInteger(Number(token));
}

function isInteger(token: string): boolean {
  return /^-?\d+$/.test(token);
}

function exactNumber(token: string): bigint | Value {
  return isInteger(token) ? BigInt(token) : { kind: { $case: 'double', value: Number(token) } };
}

function tokenIn(value: unknown, mark: string): string | undefined {
  if (typeof value !== 'object' || value === null || !(mark in value)) return undefined;
  return (value as Readonly<Record<string, string>>)[mark];
}
