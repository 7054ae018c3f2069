import type { ErrorStreamRecord } from '../core/record';
import type { Value } from '../core/value';
import {
  bigintOf,
  enumValue,
  int64Value,
  integerOf,
  itemsOf,
  propertyBag,
  propertyOf,
} from './clixml/properties';
import { errorRecordValue } from './error-record';
import { RemoteProtocolError } from './errors';

/** Every host method by its number, from 1 (MS-PSRP 2.2.3.17; PowerShell's RemoteHostMethodId). */
export const hostMethods = [
  'GetName',
  'GetVersion',
  'GetInstanceId',
  'GetCurrentCulture',
  'GetCurrentUICulture',
  'SetShouldExit',
  'EnterNestedPrompt',
  'ExitNestedPrompt',
  'NotifyBeginApplication',
  'NotifyEndApplication',
  'ReadLine',
  'ReadLineAsSecureString',
  'Write1',
  'Write2',
  'WriteLine1',
  'WriteLine2',
  'WriteLine3',
  'WriteErrorLine',
  'WriteDebugLine',
  'WriteProgress',
  'WriteVerboseLine',
  'WriteWarningLine',
  'Prompt',
  'PromptForCredential1',
  'PromptForCredential2',
  'PromptForChoice',
  'GetForegroundColor',
  'SetForegroundColor',
  'GetBackgroundColor',
  'SetBackgroundColor',
  'GetCursorPosition',
  'SetCursorPosition',
  'GetWindowPosition',
  'SetWindowPosition',
  'GetCursorSize',
  'SetCursorSize',
  'GetBufferSize',
  'SetBufferSize',
  'GetWindowSize',
  'SetWindowSize',
  'GetWindowTitle',
  'SetWindowTitle',
  'GetMaxWindowSize',
  'GetMaxPhysicalWindowSize',
  'GetKeyAvailable',
  'ReadKey',
  'FlushInputBuffer',
  'SetBufferContents1',
  'SetBufferContents2',
  'GetBufferContents',
  'ScrollBufferContents',
  'PushRunspace',
  'PopRunspace',
  'GetIsRunspacePushed',
  'GetRunspace',
  'PromptForChoiceMultipleSelection',
] as const;

/** A host method's name in PowerShell. */
export type HostMethod = (typeof hostMethods)[number];

/** The server wants something of the client's host. */
export interface HostCall {
  /** Names the answer; meaningless where none is needed. */
  readonly callId: bigint;
  readonly method: HostMethod;
  readonly parameters: readonly Value[];
  readonly needsResponse: boolean;
}

/** What the host answers: a value (undefined: the method gives none), or the error that it met. */
export type HostAnswer =
  | { readonly is: 'value'; readonly value: Value | undefined }
  | { readonly is: 'error'; readonly error: ErrorStreamRecord };

/** The call id of calls that nobody waits for. */
const voidCallId = -100n;

/** Reads RUNSPACEPOOL_HOST_CALL or PIPELINE_HOST_CALL (MS-PSRP 2.2.2.15, 2.2.2.27). */
export function readHostCall(payload: Value): HostCall {
  const callId = bigintOf(propertyOf(payload, 'ci'));
  if (callId === undefined) throw new RemoteProtocolError('HOST_CALL_MALFORMED', 'a host call has no id');
  const parameters = itemsOf(propertyOf(payload, 'mp')) ?? [];
  return { callId, method: readMethod(payload), parameters, needsResponse: callId !== voidCallId };
}

/** Writes a host call; the server half's counterpart of `readHostCall`. */
export function hostCallValue(call: HostCall): Value {
  return propertyBag({
    ci: int64Value(call.needsResponse ? call.callId : voidCallId),
    mi: methodValue(call.method),
    mp: {
      type: 'object',
      typeNames: arrayListTypes,
      base: { type: 'list', items: call.parameters },
      adapted: [],
      extended: [],
    },
  });
}

/** Writes RUNSPACEPOOL_HOST_RESPONSE or PIPELINE_HOST_RESPONSE (MS-PSRP 2.2.2.16, 2.2.2.28). */
export function hostResponseValue(call: HostCall, answer: HostAnswer): Value {
  return propertyBag({
    mr: answer.is === 'value' ? answer.value : undefined,
    me: answer.is === 'error' ? errorRecordValue(answer.error) : undefined,
    ci: int64Value(call.callId),
    mi: methodValue(call.method),
  });
}

/** A host's answer as the server half gets it; `error` is the error record as it came. */
export interface HostResponse {
  readonly callId: bigint;
  readonly method: HostMethod;
  readonly value: Value | undefined;
  readonly error: Value | undefined;
}

/** Reads a host response. */
export function readHostResponse(payload: Value): HostResponse {
  const callId = bigintOf(propertyOf(payload, 'ci'));
  if (callId === undefined) throw new RemoteProtocolError('HOST_CALL_MALFORMED', 'a host response has no id');
  return {
    callId,
    method: readMethod(payload),
    value: propertyOf(payload, 'mr'),
    error: propertyOf(payload, 'me'),
  };
}

const arrayListTypes = ['System.Collections.ArrayList', 'System.Object'];

function readMethod(payload: Value): HostMethod {
  const id = integerOf(propertyOf(payload, 'mi'));
  const method = id === undefined ? undefined : hostMethods[id - 1];
  if (method === undefined) {
    throw new RemoteProtocolError('HOST_CALL_MALFORMED', `there is no host method ${String(id)}`);
  }
  return method;
}

function methodValue(method: HostMethod): Value {
  const typeName = 'System.Management.Automation.Remoting.RemoteHostMethodId';
  return enumValue(typeName, method, hostMethods.indexOf(method) + 1);
}
