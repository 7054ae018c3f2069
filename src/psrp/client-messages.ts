import { nullValue, type Value } from '../core/value';
import { readServerCapability, type ProtocolVersion } from './capability';
import { propertyOf, textOf } from './clixml/properties';
import { readClixml } from './clixml/reader';
import { RemoteProtocolError } from './errors';
import type { ClientEvent } from './events';
import { emptyGuid } from './guid';
import { readHostCall } from './host-call';
import { messageKinds, type Message } from './message';
import {
  readAvailability,
  readPipelineState,
  readPoolState,
  readPrivateData,
  required,
} from './pool-messages';
import { readRecord } from './records';

/** What reading a message depends on. */
export interface Reading {
  readonly offeredVersion: ProtocolVersion;
  /** Gives the secure strings of a value the form of 2.4. */
  open(value: Value): Value;
}

/**
 * The event that a server's message is. `pipelineId` is that of the Data which carried it: a server that runs a
 * start-up command sends what that pipeline writes, and its final state, as the session's.
 */
export function readClientEvent(message: Message, pipelineId: string, reading: Reading): ClientEvent {
  const payload = (): Value => reading.open(readPayload(message));
  if (messageKinds[message.type].scope === 'session' && pipelineId !== emptyGuid) {
    throw new RemoteProtocolError(
      'MESSAGE_MISDIRECTED',
      `${message.type} came for the pipeline ${pipelineId}`,
    );
  }
  switch (message.type) {
    case 'PIPELINE_OUTPUT':
    case 'ERROR_RECORD':
    case 'WARNING_RECORD':
    case 'VERBOSE_RECORD':
    case 'DEBUG_RECORD':
    case 'PROGRESS_RECORD':
    case 'INFORMATION_RECORD':
      return { type: 'record', pipelineId, record: readRecord(message.type, payload()) };
    case 'PIPELINE_STATE':
      return { type: 'pipelineState', pipelineId, ...readPipelineState(payload()) };
    case 'PIPELINE_HOST_CALL':
      return { type: 'pipelineHostCall', pipelineId, call: readHostCall(payload()) };
    case 'SESSION_CAPABILITY':
      return { type: 'negotiated', version: readServerCapability(payload(), reading.offeredVersion) };
    case 'APPLICATION_PRIVATE_DATA':
      return { type: 'applicationPrivateData', data: readPrivateData(payload()) };
    case 'RUNSPACEPOOL_STATE':
      return { type: 'poolState', ...readPoolState(payload()) };
    case 'RUNSPACEPOOL_HOST_CALL':
      return { type: 'poolHostCall', call: readHostCall(payload()) };
    case 'RUNSPACE_AVAILABILITY':
      return { type: 'availability', ...readAvailability(payload()) };
    case 'USER_EVENT':
      return { type: 'userEvent', value: payload() };
    case 'PUBLIC_KEY_REQUEST':
      return { type: 'publicKeyRequested' };
    case 'ENCRYPTED_SESSION_KEY':
      return { type: 'sessionKey', encryptedSessionKey: readSessionKey(payload()) };
    case 'RUNSPACEPOOL_INIT_DATA':
    case 'INIT_RUNSPACEPOOL':
    case 'PUBLIC_KEY':
    case 'CONNECT_RUNSPACEPOOL':
    case 'SET_MAX_RUNSPACES':
    case 'SET_MIN_RUNSPACES':
    case 'CREATE_PIPELINE':
    case 'GET_AVAILABLE_RUNSPACES':
    case 'GET_COMMAND_METADATA':
    case 'RESET_RUNSPACE_STATE':
    case 'RUNSPACEPOOL_HOST_RESPONSE':
    case 'PIPELINE_INPUT':
    case 'END_OF_PIPELINE_INPUT':
    case 'STOP_POWERSHELL':
    case 'PIPELINE_HOST_RESPONSE':
      throw new RemoteProtocolError('MESSAGE_UNEXPECTED', `the server sent ${message.type}`);
  }
}

/** A message's value; PowerShell sends `$null` as an empty payload. */
export function readPayload(message: Message): Value {
  return message.payload === '' ? nullValue : readClixml(message.payload);
}

function readSessionKey(payload: Value): string {
  return required(textOf(propertyOf(payload, 'EncryptedSessionKey')), 'EncryptedSessionKey');
}
