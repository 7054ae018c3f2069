import type { Codec } from './codec';
import { RemoteProtocolError } from './errors';
import { guidFromBytes, writeGuid } from './guid';

/** Which half sends a message. */
type Sender = 'client' | 'server' | 'both';
/** Whether a message belongs to the session or to one pipeline. */
type Scope = 'session' | 'pipeline';

interface MessageKind {
  readonly code: number;
  readonly sender: Sender;
  readonly scope: Scope;
}

const kind = (code: number, sender: Sender, scope: Scope): MessageKind => ({ code, sender, scope });

/** Every message of the protocol under its MS-PSRP name (MS-PSRP 2.2.1, MessageType; 2.2.2). */
export const messageKinds = {
  SESSION_CAPABILITY: kind(0x00010002, 'both', 'session'),
  INIT_RUNSPACEPOOL: kind(0x00010004, 'client', 'session'),
  PUBLIC_KEY: kind(0x00010005, 'client', 'session'),
  ENCRYPTED_SESSION_KEY: kind(0x00010006, 'server', 'session'),
  PUBLIC_KEY_REQUEST: kind(0x00010007, 'server', 'session'),
  CONNECT_RUNSPACEPOOL: kind(0x00010008, 'client', 'session'),
  SET_MAX_RUNSPACES: kind(0x00021002, 'client', 'session'),
  SET_MIN_RUNSPACES: kind(0x00021003, 'client', 'session'),
  RUNSPACE_AVAILABILITY: kind(0x00021004, 'server', 'session'),
  RUNSPACEPOOL_STATE: kind(0x00021005, 'server', 'session'),
  CREATE_PIPELINE: kind(0x00021006, 'client', 'pipeline'),
  GET_AVAILABLE_RUNSPACES: kind(0x00021007, 'client', 'session'),
  USER_EVENT: kind(0x00021008, 'server', 'session'),
  APPLICATION_PRIVATE_DATA: kind(0x00021009, 'server', 'session'),
  GET_COMMAND_METADATA: kind(0x0002100a, 'client', 'pipeline'),
  RUNSPACEPOOL_INIT_DATA: kind(0x0002100b, 'server', 'session'),
  RESET_RUNSPACE_STATE: kind(0x0002100c, 'client', 'session'),
  RUNSPACEPOOL_HOST_CALL: kind(0x00021100, 'server', 'session'),
  RUNSPACEPOOL_HOST_RESPONSE: kind(0x00021101, 'client', 'session'),
  PIPELINE_INPUT: kind(0x00041002, 'client', 'pipeline'),
  END_OF_PIPELINE_INPUT: kind(0x00041003, 'client', 'pipeline'),
  PIPELINE_OUTPUT: kind(0x00041004, 'server', 'pipeline'),
  ERROR_RECORD: kind(0x00041005, 'server', 'pipeline'),
  PIPELINE_STATE: kind(0x00041006, 'server', 'pipeline'),
  DEBUG_RECORD: kind(0x00041007, 'server', 'pipeline'),
  VERBOSE_RECORD: kind(0x00041008, 'server', 'pipeline'),
  WARNING_RECORD: kind(0x00041009, 'server', 'pipeline'),
  PROGRESS_RECORD: kind(0x00041010, 'server', 'pipeline'),
  INFORMATION_RECORD: kind(0x00041011, 'server', 'pipeline'),
  STOP_POWERSHELL: kind(0x00041012, 'client', 'pipeline'),
  PIPELINE_HOST_CALL: kind(0x00041100, 'server', 'pipeline'),
  PIPELINE_HOST_RESPONSE: kind(0x00041101, 'client', 'pipeline'),
} as const satisfies Record<string, MessageKind>;

/** A message's MS-PSRP name. */
export type MessageType = keyof typeof messageKinds;

/** One message, its payload still CLIXML text. */
export interface Message {
  readonly destination: 'client' | 'server';
  readonly type: MessageType;
  /** RPID; the empty GUID where the sender has none yet. */
  readonly runspacePoolId: string;
  /** PID; the empty GUID for the session's messages. */
  readonly pipelineId: string;
  /** CLIXML without byte order mark; empty for messages without a body and for output of `$null`. */
  readonly payload: string;
}

/** MS-PSRP 2.2.1: Destination. */
const destinationCodes = { client: 1, server: 2 } as const;
const headerLength = 40;

const typeOfCode: ReadonlyMap<number, MessageType> = new Map(
  Object.entries(messageKinds).map(([name, { code }]) => [code, name as MessageType]),
);

/** Reads a reassembled message (MS-PSRP 2.2.1; little-endian). One leading byte order mark of the payload is dropped. */
export function decodeMessage(bytes: Uint8Array, codec: Codec): Message {
  if (bytes.length < headerLength) {
    throw new RemoteProtocolError(
      'MESSAGE_TRUNCATED',
      `a message of ${String(bytes.length)} bytes has no header`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerLength);
  const type = typeOfCode.get(view.getUint32(4, true));
  if (type === undefined) {
    const code = view.getUint32(4, true).toString(16);
    throw new RemoteProtocolError('MESSAGE_TYPE_UNKNOWN', `no message has the type 0x${code}`);
  }
  return {
    destination: destinationOf(view.getUint32(0, true), type),
    type,
    runspacePoolId: guidFromBytes(bytes, 8),
    pipelineId: guidFromBytes(bytes, 24),
    payload: codec.decodeUtf8(bytes.subarray(hasByteOrderMark(bytes) ? headerLength + 3 : headerLength)),
  };
}

function destinationOf(code: number, type: MessageType): 'client' | 'server' {
  const destination = code === destinationCodes.client ? 'client' : 'server';
  const { sender } = messageKinds[type];
  if (code !== destinationCodes[destination] || sender === destination) {
    throw new RemoteProtocolError('MESSAGE_MISDIRECTED', `${type} says destination ${String(code)}`);
  }
  return destination;
}

function hasByteOrderMark(bytes: Uint8Array): boolean {
  return bytes[headerLength] === 0xef && bytes[headerLength + 1] === 0xbb && bytes[headerLength + 2] === 0xbf;
}

/** Writes a message, ready for fragmentation. No byte order mark: every receiver takes a payload without one. */
export function encodeMessage(message: Message, codec: Codec): Uint8Array {
  const payload = codec.encodeUtf8(message.payload);
  const bytes = new Uint8Array(headerLength + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, destinationCodes[message.destination], true);
  view.setUint32(4, messageKinds[message.type].code, true);
  writeGuid(message.runspacePoolId, bytes, 8);
  writeGuid(message.pipelineId, bytes, 24);
  bytes.set(payload, headerLength);
  return bytes;
}
