/** How the shell completes a flag's value, or a word. */
export type Completion =
  | { readonly is: 'sessions' }
  | { readonly is: 'files' }
  | { readonly is: 'commands' }
  | { readonly is: 'values'; readonly values: readonly string[] }
  | { readonly is: 'nothing' };

/** One flag of the command line. */
export interface Flag {
  /** Other long names, PowerShell's among them. */
  readonly aliases?: readonly string[];
  /** The letter after one dash. */
  readonly letter?: string;
  /** Name of its value in the help; left out: it takes none. */
  readonly value?: string;
  /** It may be given more than once. */
  readonly repeats?: true;
  readonly summary: string;
  readonly completion?: Completion;
}

/** The forms in which commands print. */
export const outputFormats = ['table', 'json', 'ndjson', 'yaml', 'name'] as const;

/** One of the forms above. */
export type OutputFormat = (typeof outputFormats)[number];

/** Every flag there is, by its long name. The parser, the help and the completion read this table and nothing else. */
export const flags = {
  home: {
    value: 'FOLDER',
    summary:
      'state folder of the daemon (else RUNSPACED_HOME, the configuration file, ~/.local/state/runspaced)',
    completion: { is: 'files' },
  },
  address: {
    value: 'ADDRESS',
    summary: 'where the daemon listens, unix:///path; such a daemon is never started by itself',
  },
  help: { letter: 'h', summary: 'show help' },
  version: { letter: 'V', summary: 'print the version of this program' },
  output: {
    letter: 'o',
    value: 'FORMAT',
    summary: 'table, json, ndjson, yaml or name',
    completion: { is: 'values', values: outputFormats },
  },
  engine: {
    value: 'ENGINE',
    summary: 'powershell or javascript; by default PowerShell where one is found',
    completion: { is: 'values', values: ['powershell', 'javascript'] },
  },
  name: { letter: 'n', value: 'NAME', summary: 'name of the session; by default Runspace<Id>' },
  'idle-timeout': {
    value: 'TIME',
    summary: 'end the session after this time without a client, such as 12h; at least 60s',
  },
  'session-option': {
    value: 'NAME=VALUE,…',
    repeats: true,
    summary: "options as New-PSSessionOption has them, such as 'IdleTimeout=12h,OutputBufferingMode=Drop'",
  },
  env: {
    letter: 'e',
    value: 'NAME=VALUE',
    repeats: true,
    summary: "add a variable to the engine's environment",
  },
  'working-directory': {
    letter: 'C',
    value: 'FOLDER',
    summary: 'folder in which commands start; by default the current one',
    completion: { is: 'files' },
  },
  command: {
    aliases: ['script-block'],
    value: 'SCRIPT',
    summary: 'the script, instead of writing it after --',
  },
  'file-path': {
    aliases: ['ps-path'],
    letter: 'f',
    value: 'FILE',
    summary: "send this file's content as the script; - reads standard input",
    completion: { is: 'files' },
  },
  arg: {
    aliases: ['args', 'argument-list'],
    value: 'TEXT',
    repeats: true,
    summary: 'a positional argument, as text',
  },
  'args-json': {
    value: 'JSON',
    repeats: true,
    summary: 'positional arguments with their types, such as \'[1,true,null,"x"]\'',
  },
  'no-new-scope': { summary: 'without a session: keep the variables that the command sets' },
  'no-wait': { summary: 'fail instead of queueing while another command runs' },
  timeout: { value: 'TIME', summary: 'end the command, not the session, after this time, such as 30s' },
  'output-timeout': { value: 'TIME', summary: 'end the command when it writes nothing for this time' },
  detach: { letter: 'd', summary: 'start the command and leave; prints its id' },
  'exit-code': { summary: "end with the script's own exit code" },
  'take-over': { summary: 'take the session over if another client is connected' },
  after: { value: 'NUMBER', summary: 'records after this number; 0 means all' },
  pipeline: { letter: 'p', value: 'ID', summary: 'the command, by its id or number' },
  keep: { summary: 'acknowledge nothing: the next receive begins at the same place' },
  'no-follow': { summary: 'end after what is there now, instead of waiting for more' },
  reader: { value: 'NAME', summary: 'read on behalf of this reader; only owner acknowledges' },
  'what-if': { summary: 'say what would be done, and do nothing' },
  force: { summary: 'end the engine, and so the session, if it does not answer within 5s' },
  lease: { value: 'TIME', summary: 'how long the connection holds without another call; by default 8h' },
  all: { letter: 'a', summary: 'also closed sessions' },
  state: {
    value: 'STATE',
    repeats: true,
    summary: 'only sessions in this state',
    completion: {
      is: 'values',
      values: ['opening', 'opened', 'disconnected', 'closing', 'closed', 'broken'],
    },
  },
} as const satisfies Readonly<Record<string, Flag>>;

/** The long name of a flag. */
export type FlagName = keyof typeof flags;

/** The flag of that name. */
export function flagOf(name: FlagName): Flag {
  return flags[name];
}

/** The flags that every command has. */
export const globalFlags = ['home', 'address', 'help', 'version'] as const satisfies readonly FlagName[];

/** What makes a session. */
export const sessionFlags = [
  'engine',
  'idle-timeout',
  'session-option',
  'env',
  'working-directory',
] as const satisfies readonly FlagName[];
