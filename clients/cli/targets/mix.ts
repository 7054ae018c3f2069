import { readFileSync } from 'node:fs';
import type { Context } from '../context';
import { systemCode, UsageError } from '../failure';
import type { FlagName } from '../flags';
import { sessionFlags, targetFlags } from '../flag-groups';
import { flagsOfObject } from '../named-parameters';
import { lastTargets } from './last-run';
import { partsOf } from './lists';
import type { MixedItem } from './mixed-item';

/** The keys that a target as an object may have; PowerShell binds input to these by name. */
const objectFlags: readonly FlagName[] = ['session', ...targetFlags, ...sessionFlags, 'credential'];

/**
 * The items of --targets, in their order: words of the line, lines of files and of standard input (`@FILE`, `-`), JSON
 * objects in either, targets of the last run (`@last:failed`). Throws UsageError, naming the item.
 */
export async function mixedItems(context: Context): Promise<readonly MixedItem[]> {
  const items: MixedItem[] = [];
  for (const text of context.texts('targets')) {
    const [, which] = /^@last(?::(.*))?$/i.exec(text) ?? [undefined, undefined];
    if (/^@last(:|$)/i.test(text)) items.push(...(await lastTargets(context, which)));
    else if (text === '-' || text.startsWith('@'))
      items.push(...itemsIn(contentOf(text.replace(/^@/, '')), text));
    else if (isJson(text)) items.push(...itemsIn(text, '--targets'));
    else items.push(...partsOf(text).map((word) => wordItem(word.trim())));
  }
  if (items.length === 0) throw new UsageError('--targets names nothing');
  return items;
}

function isJson(text: string): boolean {
  return /^\s*[{[]\s*["{}\]]/.test(text);
}

/** A list or objects in JSON, or a word or an object a line. */
function itemsIn(content: string, where: string): readonly MixedItem[] {
  const whole = isJson(content) ? parsed(content) : undefined;
  if (whole !== undefined) {
    const elements = Array.isArray(whole) ? (whole as readonly unknown[]) : [whole];
    return elements.map((element, index) => elementItem(element, `${where}, element ${String(index + 1)}`));
  }
  return content.split(/\r?\n/).flatMap((line, index) => {
    const at = `${where}, line ${String(index + 1)}`;
    if (isJson(line)) return [elementItem(parsed(line) ?? wrongJson(at), at)];
    const words = line.replace(/(^|\s)#.*$/, '').trim();
    return words === '' ? [] : partsOf(words).map((word) => wordItem(word.trim()));
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // Objects one a line are no JSON together; each line is looked at then.
  }
}

function wrongJson(where: string): never {
  throw new UsageError(`${where} is no JSON`);
}

function elementItem(element: unknown, where: string): MixedItem {
  if (typeof element === 'string') return wordItem(element);
  if (typeof element !== 'object' || element === null || Array.isArray(element))
    throw new UsageError(`${where}: a target is a text, or an object such as {"HostName":"web1"}`);
  const flags = flagsOfObject(element, objectFlags, where);
  const names = flags.filter(({ name }) => naming.includes(name));
  if (names.length === 1) return { is: 'line', flags };
  const problem = names.length === 0 ? 'names no target' : 'names more than one target';
  throw new UsageError(`${where} ${problem}: give one of ${namingKeys}`, 'INVALID_ARGUMENT', {
    metadata: { fully_qualified_id: 'AmbiguousParameterSet' },
  });
}

const naming: readonly FlagName[] = [
  'session',
  'computer-name',
  'connection-uri',
  'host-name',
  'container-id',
  'vm-id',
  'vm-name',
];
const namingKeys = 'Session, ComputerName, ConnectionUri, HostName, ContainerId, VMId, VMName';

/** A URI says what kind it is; everything else is a session. */
function wordItem(word: string): MixedItem {
  const line = (name: FlagName, value: string): MixedItem => ({ is: 'line', flags: [{ name, value }] });
  if (word === '') throw new UsageError('--targets: a name of the list is blank');
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(word) ?? [];
  switch (scheme?.toLowerCase()) {
    case undefined:
      return line('session', word);
    case 'ssh':
      return line('host-name', word);
    case 'container':
      return line('container-id', rest.replace(/\/$/, ''));
    default:
      // Whether it is an address of a daemon is for the flag to say.
      return line('connection-uri', word);
  }
}

function contentOf(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw new UsageError(`--targets: the list can't be read from '${path}' (${code})`, 'INVALID_ARGUMENT', {
      metadata: { path, fully_qualified_id: 'PathNotFound' },
    });
  }
}
