import type { FlagName } from './flags';

/** One flag as it was given; `value` is empty where it takes none. */
export interface GivenFlag {
  readonly name: FlagName;
  readonly value: string;
}

/** What a command is given on its line. */
export interface Words {
  /** In the order they were given. */
  readonly given: readonly GivenFlag[];
  readonly positionals: readonly string[];
  /** The words after `--`; undefined: there was no `--`. */
  readonly rest: readonly string[] | undefined;
}
