import type { ErrorStreamRecord } from '../core/record';
import { nullValue, type DictionaryValue, type Value } from '../core/value';
import {
  bigintOf,
  boolOf,
  boolValue,
  entriesOf,
  enumValue,
  int32Value,
  int64Value,
  integerOf,
  isNull,
  propertyBag,
  propertyOf,
  textOf,
} from './clixml/properties';
import { errorRecordValue, readErrorRecord } from './error-record';
import { RemoteProtocolError } from './errors';
import { hostInfoValue, readHostInfo, type HostInfo } from './host-info';
import { invocationStates, runspaceStates, type InvocationState, type RunspaceState } from './states';

/** What a client asks for when it opens a pool. */
export interface PoolSpec {
  readonly minRunspaces: number;
  readonly maxRunspaces: number;
  readonly host: HostInfo;
  /** Shown to scripts as `$PSSenderInfo.ApplicationArguments`. */
  readonly applicationArguments: readonly (readonly [name: string, value: Value])[];
}

/** INIT_RUNSPACEPOOL (MS-PSRP 2.2.2.2). */
export function initValue(spec: PoolSpec): Value {
  return propertyBag({
    MinRunspaces: int32Value(spec.minRunspaces),
    MaxRunspaces: int32Value(spec.maxRunspaces),
    PSThreadOptions: enumValue('System.Management.Automation.Runspaces.PSThreadOptions', 'Default', 0),
    ApartmentState: apartmentStateValue,
    HostInfo: hostInfoValue(spec.host),
    ApplicationArguments: primitiveDictionary(spec.applicationArguments),
  });
}

/** ApartmentState as every client off Windows sends it. */
export const apartmentStateValue = enumValue(
  'System.Management.Automation.Runspaces.ApartmentState',
  'UNKNOWN',
  2,
);

/** Reads INIT_RUNSPACEPOOL. */
export function readInit(payload: Value): PoolSpec {
  const entries = entriesOf(propertyOf(payload, 'ApplicationArguments')) ?? [];
  return {
    minRunspaces: required(integerOf(propertyOf(payload, 'MinRunspaces')), 'MinRunspaces'),
    maxRunspaces: required(integerOf(propertyOf(payload, 'MaxRunspaces')), 'MaxRunspaces'),
    host: readHostInfo(propertyOf(payload, 'HostInfo')),
    applicationArguments: entries.map(([name, value]) => [textOf(name) ?? '', value] as const),
  };
}

/** APPLICATION_PRIVATE_DATA (MS-PSRP 2.2.2.13). */
export function privateDataValue(data: readonly (readonly [name: string, value: Value])[]): Value {
  return propertyBag({ ApplicationPrivateData: primitiveDictionary(data) });
}

/** Reads APPLICATION_PRIVATE_DATA; null where the server has none. */
export function readPrivateData(payload: Value): Value {
  return propertyOf(payload, 'ApplicationPrivateData') ?? nullValue;
}

/** PSPrimitiveDictionary, the only dictionary that PowerShell takes here; null when empty. */
function primitiveDictionary(members: readonly (readonly [name: string, value: Value])[]): Value {
  if (members.length === 0) return nullValue;
  const entries = members.map(([name, value]) => [{ type: 'string', value: name }, nested(value)] as const);
  const base: DictionaryValue = { type: 'dictionary', entries };
  return { type: 'object', typeNames: primitiveDictionaryTypes, base, adapted: [], extended: [] };
}

/** A dictionary inside a PSPrimitiveDictionary must be one itself. */
function nested(value: Value): Value {
  if (value.type !== 'dictionary') return value;
  return primitiveDictionary(value.entries.map(([name, member]) => [textOf(name) ?? '', member] as const));
}

const primitiveDictionaryTypes = [
  'System.Management.Automation.PSPrimitiveDictionary',
  'System.Collections.Hashtable',
  'System.Object',
];

/** A state of a pool or a pipeline as its server tells it, with the error that led there. */
export interface ReportedState<State> {
  readonly state: State;
  readonly error?: ErrorStreamRecord;
}

/** Reads RUNSPACEPOOL_STATE (MS-PSRP 2.2.2.9). */
export function readPoolState(payload: Value): ReportedState<RunspaceState> {
  return readState(payload, 'RunspaceState', runspaceStates);
}

/** Reads PIPELINE_STATE (MS-PSRP 2.2.2.21). */
export function readPipelineState(payload: Value): ReportedState<InvocationState> {
  return readState(payload, 'PipelineState', invocationStates);
}

function readState<State>(payload: Value, name: string, states: readonly State[]): ReportedState<State> {
  const number = integerOf(propertyOf(payload, name));
  const state = states[required(number, name)];
  if (state === undefined) throw malformed(`there is no ${name} ${String(number)}`);
  const error = propertyOf(payload, 'ExceptionAsErrorRecord');
  return error === undefined || isNull(error) ? { state } : { state, error: readErrorRecord(error) };
}

/** RUNSPACEPOOL_STATE. */
export function poolStateValue(reported: ReportedState<RunspaceState>): Value {
  return propertyBag({
    RunspaceState: int32Value(runspaceStates.indexOf(reported.state)),
    ExceptionAsErrorRecord: reported.error === undefined ? undefined : errorRecordValue(reported.error),
  });
}

/** PIPELINE_STATE. */
export function pipelineStateValue(reported: ReportedState<InvocationState>): Value {
  return propertyBag({
    PipelineState: int32Value(invocationStates.indexOf(reported.state)),
    ExceptionAsErrorRecord: reported.error === undefined ? undefined : errorRecordValue(reported.error),
  });
}

/** Whether a server did what was asked (reset, set minimum or maximum), or the number that was asked for. */
export type AvailabilityAnswer = boolean | bigint;

/** RUNSPACE_AVAILABILITY (MS-PSRP 2.2.2.8). */
export function availabilityValue(callId: bigint, answer: AvailabilityAnswer): Value {
  return propertyBag({
    SetMinMaxRunspacesResponse: typeof answer === 'boolean' ? boolValue(answer) : int64Value(answer),
    ci: int64Value(callId),
  });
}

/** Reads RUNSPACE_AVAILABILITY. */
export function readAvailability(payload: Value): { callId: bigint; answer: AvailabilityAnswer } {
  const response = propertyOf(payload, 'SetMinMaxRunspacesResponse');
  return {
    callId: readCallId(payload),
    answer: required(boolOf(response) ?? bigintOf(response), 'SetMinMaxRunspacesResponse'),
  };
}

/** A request that names itself: reset, get available runspaces, set minimum or maximum (MS-PSRP 2.2.2.6, 2.2.2.7, 2.2.2.11). */
export function requestValue(callId: bigint, members: Readonly<Record<string, Value>> = {}): Value {
  return propertyBag({ ...members, ci: int64Value(callId) });
}

/** The id that such a request and its answer carry. */
export function readCallId(payload: Value): bigint {
  return required(bigintOf(propertyOf(payload, 'ci')), 'ci');
}

/** A member that must be there. */
export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw malformed(`${name} is missing`);
  return value;
}

function malformed(reason: string): RemoteProtocolError {
  return new RemoteProtocolError('MESSAGE_MALFORMED', `a message is malformed: ${reason}`);
}
