import type { Completion, FlagName } from './flags';
import type { Context } from './context';

/** A word of a command that is no flag. */
export interface Positional {
  readonly name: string;
  readonly presence: 'required' | 'optional' | 'many';
  /** How it is completed; for some words that depends on those before. */
  readonly completion?: Completion | ((before: readonly string[]) => Completion);
}

/** One command. Parser, help and completion are made from these values. */
export interface Command {
  readonly name: string;
  /** Other names, PowerShell's aliases among them. */
  readonly aliases: readonly string[];
  /** One line for the list of commands. */
  readonly summary: string;
  /** More about it, for its own help. */
  readonly details?: string;
  readonly examples?: readonly string[];
  /** Its flags beside those that every command has. */
  readonly flags: readonly FlagName[];
  readonly positionals: readonly Positional[];
  /** What the words after `--` are; undefined: there are none. */
  readonly rest?: string;
  /** Not in the help: for the shell's completion. */
  readonly isHidden?: true;
  /** Runs it; gives the exit code. */
  readonly run: (context: Context) => Promise<number>;
}
