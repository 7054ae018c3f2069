import { nullValue, stringValue, type DictionaryValue, type Value } from '../core/value';
import {
  boolOf,
  boolValue,
  enumValue,
  integerOf,
  isNull,
  itemsOf,
  propertyBag,
  propertyOf,
  textOf,
} from './clixml/properties';
import { isAtLeast, type ProtocolVersion } from './capability';
import { encodeUtf16, type Codec } from './codec';
import { hostInfoValue, readHostInfo, type HostInfo } from './host-info';
import { apartmentStateValue, required } from './pool-messages';

/** An argument of a command; without a name it is positional. */
export interface CommandArgument {
  readonly name?: string;
  readonly value: Value;
}

/** One command of a pipeline. */
export interface PipelineCommand {
  /** Script text, or a command's name. */
  readonly text: string;
  readonly isScript: boolean;
  /** True: variables are gone afterwards; false or undefined: it runs in the session's global scope. */
  readonly useLocalScope: boolean | undefined;
  readonly arguments: readonly CommandArgument[];
}

/** What CREATE_PIPELINE says (MS-PSRP 2.2.2.10). */
export interface PipelineSpec {
  readonly commands: readonly PipelineCommand[];
  /** Whether PIPELINE_INPUT will follow. */
  readonly hasInput: boolean;
  readonly host: HostInfo;
  /** Whether a native program's standard error becomes error records. */
  readonly redirectShellErrors: boolean;
  readonly addToHistory: boolean;
  readonly isNested: boolean;
  /** Which records come with their InvocationInfo: error 1, warning 2, debug 4, verbose 8. */
  readonly remoteStreamOptions: number;
}

/** One script with its arguments, the way Invoke-Command sends it. */
export interface ScriptInvocation {
  readonly script: string;
  /** What is sent in place of the script to a server that takes none: commands by name. */
  readonly commands?: readonly { readonly name: string; readonly arguments: readonly CommandArgument[] }[];
  readonly arguments?: readonly CommandArgument[];
  /** A script that gets what the first one writes, in a scope of its own. */
  readonly next?: { readonly script: string; readonly arguments: readonly CommandArgument[] };
  /** Values by the whole expression as the script has it, such as `$using:name` or `$using:x.Length`. */
  readonly usingValues?: readonly (readonly [expression: string, value: Value])[];
  readonly useLocalScope?: boolean;
  readonly hasInput?: boolean;
  readonly host?: HostInfo;
  /** Error, warning, verbose and debug records come with their InvocationInfo. */
  readonly withInvocationInfo?: boolean;
}

/** Error 1, warning 2, debug 4 and verbose 8. */
const allStreamOptions = 15;

/** The pipeline that `Invoke-Command -Session` makes of a script block. */
export function scriptPipeline(invocation: ScriptInvocation, codec: Codec): PipelineSpec {
  const usingValues = invocation.usingValues ?? [];
  const usingArgument = usingValues.length === 0 ? [] : [usingArgumentOf(usingValues, codec)];
  const command = {
    text: invocation.script,
    isScript: true,
    useLocalScope: invocation.useLocalScope,
    arguments: [...(invocation.arguments ?? []), ...usingArgument],
  };
  const commands = invocation.commands?.map((one) => ({
    text: one.name,
    isScript: false,
    useLocalScope: undefined,
    arguments: one.arguments,
  }));
  return {
    commands: commands ?? [command, ...(invocation.next === undefined ? [] : [nextCommand(invocation.next)])],
    hasInput: invocation.hasInput ?? false,
    host: invocation.host ?? { is: 'none' },
    redirectShellErrors: true,
    addToHistory: false,
    isNested: false,
    remoteStreamOptions: invocation.withInvocationInfo === true ? allStreamOptions : 0,
  };
}

function nextCommand({ script, arguments: args }: NonNullable<ScriptInvocation['next']>): PipelineCommand {
  return { text: script, isScript: true, useLocalScope: true, arguments: args };
}

/** PowerShell 5 and later look `$using:` values up under base64 of the expression, a plain variable in lower case. */
function usingArgumentOf(
  values: readonly (readonly [expression: string, value: Value])[],
  codec: Codec,
): CommandArgument {
  const entries = values.map(([expression, value]) => {
    const isPlain = /^[$@]using:\w+$/i.test(expression);
    const key = encodeUtf16(isPlain ? expression.toLowerCase() : expression);
    return [stringValue(codec.decodeUtf8(codec.encodeBase64(key))), value] as const;
  });
  return { name: '--%', value: { type: 'dictionary', entries } satisfies DictionaryValue };
}

/** CREATE_PIPELINE. Keys that an older server does not know are left out. */
export function createPipelineValue(spec: PipelineSpec, version: ProtocolVersion): Value {
  const commands = spec.commands.map((command) => commandValue(command, version));
  return propertyBag({
    NoInput: boolValue(!spec.hasInput),
    ApartmentState: apartmentStateValue,
    RemoteStreamOptions: enumValue(
      `${runspacesNamespace}.RemoteStreamOptions`,
      streamOptionsText(spec.remoteStreamOptions),
      spec.remoteStreamOptions,
    ),
    AddToHistory: boolValue(spec.addToHistory),
    HostInfo: hostInfoValue(spec.host),
    PowerShell: propertyBag({
      IsNested: boolValue(spec.isNested),
      ExtraCmds: nullValue,
      Cmds: typedList(commandListTypes, commands),
      History: nullValue,
      RedirectShellErrorOutputPipe: boolValue(spec.redirectShellErrors),
    }),
    IsNested: boolValue(spec.isNested),
  });
}

const runspacesNamespace = 'System.Management.Automation.Runspaces';
const commandListTypes = [
  'System.Collections.Generic.List`1[[System.Management.Automation.PSObject, System.Management.Automation, ' +
    'Version=1.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]',
  'System.Object',
];

function streamOptionsText(options: number): string {
  return options === allStreamOptions ? 'AddInvocationInfo' : String(options);
}

function commandValue(command: PipelineCommand, version: ProtocolVersion): Value {
  const { useLocalScope } = command;
  const none = enumValue(`${runspacesNamespace}.PipelineResultTypes`, 'None', 0);
  return propertyBag({
    Cmd: stringValue(command.text),
    IsScript: boolValue(command.isScript),
    UseLocalScope: useLocalScope === undefined ? nullValue : boolValue(useLocalScope),
    MergeMyResult: none,
    MergeToResult: none,
    MergePreviousResults: none,
    MergeError: none,
    MergeWarning: none,
    MergeVerbose: none,
    MergeDebug: none,
    MergeInformation: isAtLeast(version, '2.3') ? none : undefined,
    Args: typedList(argumentListTypes, command.arguments.map(argumentValue)),
  });
}

const argumentListTypes = ['System.Collections.ArrayList', 'System.Object'];

function argumentValue({ name, value }: CommandArgument): Value {
  return propertyBag({ N: name === undefined ? nullValue : stringValue(name), V: value });
}

function typedList(typeNames: readonly string[], items: readonly Value[]): Value {
  return { type: 'object', typeNames, base: { type: 'list', items }, adapted: [], extended: [] };
}

/** Reads CREATE_PIPELINE. */
export function readCreatePipeline(payload: Value): PipelineSpec {
  const powerShell = required(propertyOf(payload, 'PowerShell'), 'PowerShell');
  const flag = (owner: Value, name: string): boolean => boolOf(propertyOf(owner, name)) ?? false;
  return {
    commands: required(itemsOf(propertyOf(powerShell, 'Cmds')), 'Cmds').map(readCommand),
    hasInput: !flag(payload, 'NoInput'),
    host: readHostInfo(propertyOf(payload, 'HostInfo')),
    redirectShellErrors: flag(powerShell, 'RedirectShellErrorOutputPipe'),
    addToHistory: flag(payload, 'AddToHistory'),
    isNested: flag(payload, 'IsNested'),
    remoteStreamOptions: integerOf(propertyOf(payload, 'RemoteStreamOptions')) ?? 0,
  };
}

function readCommand(value: Value): PipelineCommand {
  return {
    text: required(textOf(propertyOf(value, 'Cmd')), 'Cmd'),
    isScript: boolOf(propertyOf(value, 'IsScript')) ?? false,
    useLocalScope: boolOf(propertyOf(value, 'UseLocalScope')),
    arguments: (itemsOf(propertyOf(value, 'Args')) ?? []).map(readArgument),
  };
}

function readArgument(value: Value): CommandArgument {
  const name = propertyOf(value, 'N');
  const text = textOf(name);
  const argument = { value: propertyOf(value, 'V') ?? nullValue };
  return text === undefined || isNull(name) ? argument : { ...argument, name: text };
}
