import { abilityNames } from '../core/ability';

/** What a session's engine can do, by name. */
export type Abilities = Readonly<Record<string, string | boolean>>;

const languages: Readonly<Record<string, string>> = {
  powershell: 'PowerShell',
  javascript: 'JavaScript',
  python: 'Python',
  bash: 'Bash',
};

/** What DescribeSession answers. Names are only added; one that is missing means that it is not known. */
export function abilitiesOf({
  engine,
  version,
  has,
}: {
  readonly engine: string;
  readonly version: string;
  /** What the engine said itself; undefined: its keeper is too old to tell. */
  readonly has: readonly string[] | undefined;
}): Abilities {
  const own = has === undefined ? [] : abilityNames.map((name) => [name, has.includes(name)] as const);
  return {
    engine,
    engineVersion: version,
    language: languages[engine] ?? engine,
    ...Object.fromEntries(own),
    /** Pipeline input, arguments by position, values with their types. */
    input: true,
    arguments: true,
    /** OutputRecord.text as CLIXML and JSON. */
    outputFormats: true,
  };
}
