import type { RunspaceClient } from '../typescript';
import type { Terminal } from './terminal';
import { UsageError } from './failure';
import { outputFormats, valueFormats, type FlagName, type OutputFormat, type RecordFormat } from './flags';
import type { GivenFlag, Words } from './words';
import { parseDuration } from './duration';
import { isElsewhere, placeOf, type Place } from './place';
import type { Settings } from './setting-keys';
import { readSettings, type Environment } from './settings';

/** What a command gets: its line, the world around it, and the daemon when it asks for it. */
export class Context {
  readonly environment: Environment;
  readonly terminal: Terminal;
  readonly positionals: readonly string[];
  /** The words after `--`. */
  readonly rest: readonly string[] | undefined;
  readonly #given: readonly GivenFlag[];
  #settings: Promise<Settings> | undefined;

  constructor(line: Words, environment: Environment, terminal: Terminal) {
    this.environment = environment;
    this.terminal = terminal;
    this.positionals = line.positionals;
    this.rest = line.rest;
    this.#given = line.given;
  }

  /** All flags, in the order they were given. */
  get flags(): readonly GivenFlag[] {
    return this.#given;
  }

  /** The same run with these flags in place of its own. */
  withFlags(given: readonly GivenFlag[]): Context {
    return new Context({ given, positionals: [], rest: undefined }, this.environment, this.terminal);
  }

  /** The state folder of the daemon that is meant, where it is one of this machine's. */
  async stateFolder(): Promise<string | undefined> {
    const place = await this.#place();
    return place.is === 'home' ? place.home : undefined;
  }

  /** Whether the daemon that is meant is one of this machine. */
  async isDaemonHere(): Promise<boolean> {
    return !isElsewhere(await this.#place());
  }

  /** Whether the flag was given. */
  has(name: FlagName): boolean {
    return this.#given.some((flag) => flag.name === name);
  }

  /** The flag's value; undefined: it was not given. */
  text(name: FlagName): string | undefined {
    return this.#given.find((flag) => flag.name === name)?.value;
  }

  /** The flag's values, in their order. */
  texts(name: FlagName): readonly string[] {
    return this.#given.filter((flag) => flag.name === name).map(({ value }) => value);
  }

  /** The flags of these names, in the order they were given. */
  given(...names: readonly FlagName[]): readonly GivenFlag[] {
    return this.#given.filter(({ name }) => names.includes(name));
  }

  /** The flag's value as a time in ms. */
  duration(name: FlagName): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const ms = parseDuration(text, `--${name}`);
    if (ms > 0) return ms;
    throw new UsageError(`--${name} must be more than nothing, and got '${text}'`);
  }

  /** The configuration file's settings. */
  settings(): Promise<Settings> {
    this.#settings ??= readSettings(this.environment);
    return this.#settings;
  }

  /** The form of output: by flag, RUNSPACED_OUTPUT, the configuration file, else the command's own. */
  async format(own: OutputFormat): Promise<OutputFormat> {
    const format = await this.recordFormat(own);
    const known = outputFormats.find((each) => each === format);
    if (known !== undefined) return known;
    throw new UsageError(
      `the output format '${format}' is for the output of commands (invoke, receive); here there are: ${outputFormats.join(', ')}`,
    );
  }

  /** The same for a command that shows records, which has more forms. */
  async recordFormat(own: OutputFormat): Promise<RecordFormat> {
    const text =
      this.text('output') ?? this.environment['RUNSPACED_OUTPUT'] ?? (await this.settings()).output;
    if (text === undefined || text === '') return own;
    const all: readonly RecordFormat[] = [...outputFormats, ...valueFormats];
    const format = all.find((known) => known === text.toLowerCase());
    if (format !== undefined) return format;
    throw new UsageError(`there is no output format '${text}'; there are: ${all.join(', ')}`);
  }

  /** A client of the daemon, which is started where that is allowed. */
  async connect(start: 'ifAllowed' | 'never' = 'ifAllowed'): Promise<RunspaceClient> {
    const { openClient } = await import('./client'); // The heavy part; help and completion do without.
    return openClient({
      flags: { home: this.text('home'), address: this.text('address') },
      settings: await this.settings(),
      environment: this.environment,
      start,
    });
  }

  /** Which daemon is meant. */
  async #place(): Promise<Place> {
    const flags = { home: this.text('home'), address: this.text('address') };
    return placeOf({ flags, environment: this.environment, settings: await this.settings() });
  }
}
