/**
 * Just enough of protobuf's wire format to put encoded messages into each other without decoding them: a
 * length-delimited field is a tag, the length as a varint, and the bytes.
 */

/** Several encoded messages as repetitions of one field (1 to 15). */
export function repeatedField(field: number, messages: readonly Uint8Array[]): Uint8Array {
  const size = messages.reduce((sum, { length }) => sum + 1 + varintBytes(length) + length, 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const message of messages) {
    bytes[at] = tagOf(field);
    at = writeVarint(bytes, at + 1, message.length);
    bytes.set(message, at);
    at += message.length;
  }
  return bytes;
}

/** One encoded message as a field (1 to 15) of the message around it. */
export function singleField(field: number, message: Uint8Array): Buffer {
  const head = 1 + varintBytes(message.length);
  const bytes = Buffer.allocUnsafe(head + message.length);
  bytes[0] = tagOf(field);
  bytes.set(message, writeVarint(bytes, 1, message.length));
  return bytes;
}

const lengthDelimited = 2;

function tagOf(field: number): number {
  return (field << 3) | lengthDelimited;
}

function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) count += 1;
  return count;
}

function writeVarint(bytes: Uint8Array, position: number, value: number): number {
  let at = position;
  let rest = value;
  while (rest >= 0x80) {
    bytes[at] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
    at += 1;
  }
  bytes[at] = rest;
  return at + 1;
}
