import { parseArgs } from 'node:util';
import type { Part } from './result';

/** What the benchmark was asked for. */
export interface Options {
  /** Names of the parts to run, in the order of the list. */
  readonly parts: readonly string[];
  readonly effort: number;
  readonly isHelpWanted: boolean;
}

/** Reads the arguments; all parts where none is named, the long ones only with `--full`. Throws for what it doesn't know. */
export function readOptions(given: readonly string[], parts: readonly Part[]): Options {
  const known = parts.map(({ name }) => name);
  const { values, positionals } = parseArgs({
    args: [...given],
    allowPositionals: true,
    options: {
      effort: { type: 'string', default: '1' },
      full: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`there is no part ${unknown.join(', ')}; the parts are ${known.join(', ')}`);
  const effort = Number(values.effort);
  if (!(effort > 0 && effort <= 100)) throw new Error('--effort takes a number up to 100, such as 0.2 or 3');
  const isWanted = ({ name, isLong = false }: Part): boolean =>
    positionals.length === 0 ? values.full || !isLong : positionals.includes(name);
  return { parts: parts.filter(isWanted).map(({ name }) => name), effort, isHelpWanted: values.help };
}
