import { readClixml } from '../../src/psrp/clixml/reader';
import { writeClixml } from '../../src/psrp/clixml/writer';
import { transcripts, winrmMessages } from '../support/transcripts';

const fragmentHeader = 21;
const messageHeader = 40;

/** The payload texts of all messages in a conversation; its fragments are in order within each stream. */
function payloadsOf(lines: readonly { readonly from: string; readonly text: string }[]): readonly string[] {
  const messages = new Map<string, Buffer[]>();
  for (const { from, text } of lines) {
    const [, base64 = ''] = /^<Data [^>]*>([^<]*)<\/Data>$/.exec(text) ?? [];
    const data = Buffer.from(base64, 'base64');
    for (let at = 0; at < data.length;) {
      const end = at + fragmentHeader + data.readInt32BE(at + fragmentHeader - 4);
      const key = `${from} ${String(data.readBigInt64BE(at))}`;
      messages.set(key, [...(messages.get(key) ?? []), data.subarray(at + fragmentHeader, end)]);
      at = end;
    }
  }
  return [...messages.values()].map((blobs) => Buffer.concat(blobs).subarray(messageHeader).toString('utf8'));
}

test.each(transcripts().map(({ name, lines }) => [name, payloadsOf(lines)] as const))(
  'every payload of the conversation %s is the same when it was written and read again',
  (_, payloads) => {
    expect(payloads.length).toBeGreaterThan(5);
    for (const payload of payloads) {
      const value = readClixml(payload);
      expect(readClixml(writeClixml(value))).toStrictEqual(value);
    }
  },
);

test('every payload of Windows PowerShell is the same when it was written and read again', () => {
  const messages = winrmMessages();
  expect(messages.length).toBeGreaterThanOrEqual(222);
  for (const { payload } of messages) {
    const value = readClixml(payload);
    expect(readClixml(writeClixml(value))).toStrictEqual(value);
  }
});
