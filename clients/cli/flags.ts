/** How the shell completes a flag's value, or a word. */
export type Completion =
  | { readonly is: 'sessions' }
  | { readonly is: 'configurations' }
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

/** What a command does when it writes to a stream. */
const actions: Completion = {
  is: 'values',
  values: ['Continue', 'SilentlyContinue', 'Stop', 'Inquire', 'Ignore'],
};

/** The forms in which commands print. */
export const outputFormats = ['table', 'json', 'ndjson', 'yaml', 'name'] as const;

/** One of the forms above. */
export type OutputFormat = (typeof outputFormats)[number];

/** The forms in which commands that show records print beside those: their output values alone, as text. */
export const valueFormats = ['clixml', 'values'] as const;

/** One of the forms in which records are printed. */
export type RecordFormat = OutputFormat | (typeof valueFormats)[number];

/** The states of sessions, as they are written on the command line. */
export const sessionStates = ['opening', 'opened', 'disconnected', 'closing', 'closed', 'broken'] as const;

/** The states of jobs, likewise. */
export const jobStates = [
  'notstarted',
  'running',
  'disconnected',
  'stopping',
  'stopped',
  'completed',
  'failed',
] as const;

/** Every flag there is, by its long name. The parser, the help and the completion read this table and nothing else. */
export const flags = {
  home: {
    value: 'FOLDER',
    summary: 'state folder of the daemon (else RUNSPACED_HOME, config.yaml, ~/.local/state/runspaced)',
    completion: { is: 'files' },
  },
  address: {
    value: 'ADDRESS',
    summary: 'a daemon, unix:///path or grpcs://host:port; never started by itself',
  },
  help: { letter: 'h', summary: 'show help' },
  version: { letter: 'V', summary: 'print the version of this program' },
  output: {
    letter: 'o',
    value: 'FORMAT',
    summary:
      'table, json, ndjson, yaml or name; invoke and receive also clixml (output as one CLIXML document) and values (output as JSON, one value a line)',
    completion: { is: 'values', values: [...outputFormats, ...valueFormats] },
  },
  session: {
    aliases: ['session-list'],
    value: 'NAME,…',
    repeats: true,
    summary: "sessions by name, number, id or pattern, such as 'web*'; @FILE has one a line",
    completion: { is: 'sessions' },
  },
  'computer-name': {
    aliases: ['cn'],
    value: 'NAME,…',
    repeats: true,
    summary: 'other daemons, by name or address; @FILE has one a line',
  },
  'connection-uri': {
    aliases: ['uri', 'cu'],
    value: 'URI,…',
    repeats: true,
    summary: 'other daemons, as grpcs://host:port/NAME',
  },
  'host-name': {
    value: 'HOST,…',
    repeats: true,
    summary:
      'hosts to reach by ssh, as [user@]host[:port]; @FILE has one a line, a pattern means Hosts of ~/.ssh/config',
  },
  'ssh-connection': {
    value: 'JSON',
    repeats: true,
    summary:
      'hosts to reach by ssh, each with its own HostName, Port, UserName, KeyFilePath … (JSON, or @FILE)',
  },
  'container-id': {
    value: 'CONTAINER,…',
    repeats: true,
    summary: 'containers of docker or podman, by id, beginning of an id or name',
  },
  'vm-id': {
    aliases: ['vm-guid'],
    value: 'ID,…',
    repeats: true,
    summary: 'virtual machines (not there yet)',
  },
  'vm-name': { value: 'NAME,…', repeats: true, summary: 'virtual machines (not there yet)' },
  targets: {
    value: 'TARGET,…',
    repeats: true,
    summary:
      'any mix: sessions, ssh://…, grpcs://…, container://…; @FILE or - has one a line, or JSON objects; @last:failed those where the last run did not succeed',
    completion: { is: 'sessions' },
  },
  params: {
    value: 'FILE',
    summary: "flags from a JSON or YAML file, by PowerShell's names of parameters; a flag of the line wins",
    completion: { is: 'files' },
  },
  'user-name': { value: 'NAME', summary: 'who logs in by ssh; user@ at a host wins over it' },
  'key-file-path': {
    aliases: ['identity-file-path'],
    value: 'FILE',
    summary: 'private key for ssh',
    completion: { is: 'files' },
  },
  port: { value: 'NUMBER', summary: 'port of the hosts or daemons' },
  subsystem: { value: 'NAME', summary: "PowerShell's subsystem of sshd; by default powershell" },
  'ssh-transport': { value: 'true', summary: 'what --host-name means anyway' },
  'connecting-timeout': { value: 'TIME', summary: 'how long connecting by ssh may take; by default 60s' },
  options: { value: 'NAME=VALUE', repeats: true, summary: 'an option as ssh -o has it' },
  direct: { summary: 'do not look for a daemon at the ssh host: the session ends with its connection' },
  'run-as-administrator': { summary: 'be root in the container' },
  authentication: {
    value: 'NAME',
    summary: 'Default, or Credssp: as --delegate-credential; others are for WS-Management',
  },
  'certificate-thumbprint': { value: 'THUMBPRINT', summary: 'the client certificate to show other daemons' },
  'use-ssl': { summary: 'what daemons do anyway' },
  'application-name': { value: 'NAME', summary: "name that the other daemon's listener must have" },
  'allow-redirection': { summary: 'follow a daemon that sends callers elsewhere' },
  'enable-network-access': { summary: 'a loopback session may use your own credentials' },
  'delegate-credential': { summary: 'let commands there show your token to daemons onward, the second hop' },
  'forward-credential': { summary: 'send the credential on where a daemon sends callers elsewhere' },
  'password-file': {
    value: 'FILE',
    summary: 'the password of --credential; - is standard input',
    completion: { is: 'files' },
  },
  'token-file': {
    value: 'FILE',
    summary: 'a token for other daemons; - is standard input',
    completion: { is: 'files' },
  },
  'throttle-limit': { value: 'NUMBER', summary: 'targets at a time; by default 32' },
  'hide-computer-name': { aliases: ['hcn'], summary: 'do not show which target wrote what' },
  gather: { summary: 'show the same output of several targets once, with their names, at the end' },
  diff: { summary: 'the same, without what most have written' },
  'as-job': { summary: 'run it as a job of the daemon' },
  'job-name': { value: 'NAME', summary: 'name of that job' },
  'in-disconnected-session': {
    aliases: ['disconnected'],
    summary: 'start it, and leave the sessions for later',
  },
  'session-name': { value: 'NAME,…', repeats: true, summary: 'names of those sessions' },
  engine: {
    value: 'ENGINE',
    summary: 'powershell, javascript, python or bash; by default PowerShell where one is found',
    completion: { is: 'values', values: ['powershell', 'javascript', 'python', 'bash'] },
  },
  'configuration-name': {
    aliases: ['configuration'],
    value: 'NAME',
    summary:
      "session configuration to open it with (else RUNSPACED_CONFIGURATION_NAME, the configuration file, the engine's own)",
    completion: { is: 'configurations' },
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
    summary:
      'the script, instead of writing it after --; of job list: only jobs whose command is like this pattern',
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
  param: {
    aliases: ['parameter'],
    value: 'NAME=TEXT',
    repeats: true,
    summary: 'an argument by name, as text',
  },
  'params-json': {
    value: 'JSON',
    repeats: true,
    summary: 'arguments by name with their types, such as \'{"Count":2,"Force":true}\'',
  },
  'secret-param': {
    aliases: ['secret-arg'],
    value: 'NAME',
    repeats: true,
    summary: 'an argument by name that is a SecureString; asks for it on the terminal (PowerShell)',
  },
  'secret-file': {
    value: 'NAME=FILE',
    repeats: true,
    summary: 'the same, or the password of a --credential, read from a file such as /dev/fd/3',
  },
  credential: {
    value: 'USER',
    repeats: true,
    summary:
      'USER: who you are to the target; asks for the password. NAME=USER: an argument that is a PSCredential (PowerShell)',
  },
  using: {
    value: 'NAME=TEXT',
    repeats: true,
    summary: "value of $Using:NAME in a PowerShell script, as text; NAME may be 'x.Length'",
  },
  'using-json': {
    value: 'NAME=JSON',
    repeats: true,
    summary: "the same with its type, such as 'list=[1,2]'",
  },
  verbose: { aliases: ['vb'], summary: 'show what the command writes to the verbose stream (PowerShell)' },
  debug: { aliases: ['db'], summary: 'show what the command writes to the debug stream (PowerShell)' },
  'error-action': {
    aliases: ['ea'],
    value: 'ACTION',
    summary: 'what an error does: Continue, SilentlyContinue, Stop, Inquire or Ignore (PowerShell)',
    completion: actions,
  },
  'warning-action': {
    aliases: ['wa'],
    value: 'ACTION',
    summary: 'the same for warnings',
    completion: actions,
  },
  'information-action': {
    aliases: ['infa'],
    value: 'ACTION',
    summary: 'the same for the information stream',
    completion: actions,
  },
  'progress-action': {
    aliases: ['proga'],
    value: 'ACTION',
    summary: 'the same for progress',
    completion: actions,
  },
  'input-format': {
    value: 'FORMAT',
    summary:
      'read standard input as lines, ndjson or clixml; none: never. By default lines, where the script has $input, process { }, pipeline_input, sys.stdin, while read, read -r, mapfile or /dev/stdin',
    completion: { is: 'values', values: ['lines', 'ndjson', 'clixml', 'none'] },
  },
  'input-object-json': {
    value: 'JSON',
    repeats: true,
    summary: "one object of input, a list too, such as '[1,2]'",
  },
  'invocation-info': { summary: 'records say where in the script they were written (PowerShell)' },
  save: {
    value: 'STREAM=FILE',
    repeats: true,
    summary: 'also write the records of a stream to a file, one JSON object a line; STREAM=+FILE appends',
    completion: { is: 'files' },
  },
  'no-new-scope': { summary: 'without a session: keep the variables that the command sets' },
  'no-wait': { summary: 'fail instead of queueing while another command runs' },
  timeout: { value: 'TIME', summary: 'end the command, not the session, after this time, such as 30s' },
  'output-timeout': { value: 'TIME', summary: 'end the command when it writes nothing for this time' },
  'total-timeout': { value: 'TIME', summary: 'end what is not over on any target after this time' },
  detach: { letter: 'd', summary: 'start the command and leave; prints its id' },
  'exit-code': { summary: "end with the script's own exit code" },
  'take-over': { summary: 'take the session over if another client is connected' },
  'host-calls': {
    value: 'POLICY',
    summary: 'what becomes of questions that nobody can answer: wait, fail or default',
    completion: { is: 'values', values: ['wait', 'fail', 'default'] },
  },
  text: { value: 'TEXT', repeats: true, summary: 'the answer; of several fields NAME=VALUE' },
  choice: { value: 'CHOICE', repeats: true, summary: 'the choice, by its letter, name or number from 0' },
  user: { value: 'NAME', summary: 'user name of a credential; its password comes with --stdin' },
  stdin: { summary: 'the answer, or its secret part, is on standard input' },
  default: { summary: "the question's own default is the answer" },
  error: { value: 'TEXT', summary: 'there is no answer, and this is why: an error in the script' },
  call: { value: 'NUMBER', summary: 'the question, by its number, where several wait' },
  after: { value: 'NUMBER', summary: 'records after this number; 0 means all' },
  pipeline: { letter: 'p', value: 'ID', summary: 'the command, by its id or number' },
  wait: { summary: 'follow it until it is over' },
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
    summary: 'only sessions, or jobs, in this state',
    completion: {
      is: 'values',
      values: [...sessionStates, ...jobStates.filter((state) => state !== 'disconnected')],
    },
  },
  'has-more-data': {
    value: 'BOOLEAN',
    summary: 'only jobs that have, or have not, output that nobody has received',
    completion: { is: 'values', values: ['true', 'false'] },
  },
  newest: { value: 'NUMBER', summary: 'only so many jobs, those that were started last' },
  'include-child-job': { summary: 'each job with its children' },
  'child-job-state': {
    value: 'STATE',
    summary: 'only jobs with a child in this state, and those children',
    completion: { is: 'values', values: jobStates },
  },
  any: { summary: 'until one of them is over' },
  stream: {
    value: 'STREAM',
    repeats: true,
    summary: 'only records of this stream; what is left out counts as received',
    completion: {
      is: 'values',
      values: ['output', 'error', 'warning', 'verbose', 'debug', 'information', 'progress'],
    },
  },
  'out-target': {
    value: 'host|job',
    summary: 'where output goes: here, or into a job; by default here, or the job that started the command',
    completion: { is: 'values', values: ['host', 'job'] },
  },
  location: {
    value: 'NAME,…',
    repeats: true,
    summary: 'only what was written at these targets, by name or pattern',
  },
  'no-recurse': { summary: 'only what the job itself wrote, not its children' },
  'auto-remove-job': { summary: 'remove the job when all of it was received; only with --wait' },
  'write-events': { summary: 'say each change of its state; only with --wait' },
  'write-job-in-results': { summary: 'show the job before its output; only with --wait' },
} as const satisfies Readonly<Record<string, Flag>>;

/** The long name of a flag. */
export type FlagName = keyof typeof flags;

/** The flag of that name. */
export function flagOf(name: FlagName): Flag {
  return flags[name];
}
