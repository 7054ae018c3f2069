import { RemoteProtocolError } from '../../src/psrp/errors';
import { emptyGuid } from '../../src/psrp/guid';
import { randomChunks, randomNumbers } from '../support/chunks';
import { openedPool, pipelineId } from '../support/fake-peer';
import { replayToClient, replayToServer } from '../support/replay';
import { bytesFrom, transcripts, type Transcript } from '../support/transcripts';

const small = transcripts().filter(
  (transcript) => !['large-output', 'thousand-outputs'].includes(transcript.name),
);

/** The bytes with a few of them changed, inserted, removed, or cut short. */
function mutated(bytes: Uint8Array, seed: number): Uint8Array {
  const next = randomNumbers(seed);
  const place = (): number => Math.floor(next() * bytes.length);
  let result: Uint8Array = Uint8Array.from(bytes);
  for (let count = 1 + Math.floor(next() * 4); count > 0; count--) {
    const at = place();
    const kind = next();
    if (kind < 0.5) result[at] = Math.floor(next() * 256);
    else if (kind < 0.7)
      result = Buffer.concat([result.subarray(0, at), result.subarray(at + Math.floor(next() * 50))]);
    else if (kind < 0.9)
      result = Buffer.concat([
        result.subarray(0, at),
        result.subarray(place()).subarray(0, 60),
        result.subarray(at),
      ]);
    else result = result.subarray(0, at);
  }
  return result;
}

/** A mutation inside the base64 of a Data: the lines stay lines, so what breaks is deeper. */
function mutatedInside(bytes: Uint8Array, seed: number): Uint8Array {
  const next = randomNumbers(seed);
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  const changed = lines.map((line) =>
    line.replace(/>([^<]+)</, (_, base64: string) => {
      if (next() > 0.3) return `>${base64}<`;
      const data = Buffer.from(base64, 'base64');
      const at =
        next() < 0.7 ? Math.floor(next() * Math.min(data.length, 70)) : Math.floor(next() * data.length);
      data[at] = Math.floor(next() * 256);
      return `>${data.toString('base64')}<`;
    }),
  );
  return Buffer.from(changed.join('\n'), 'latin1');
}

/** Undefined when it went well, the error's name when it did not. A test's own misuse of a broken pool is no finding. */
function failureOf(replay: () => unknown): string | undefined {
  try {
    replay();
    return undefined;
  } catch (error) {
    if (error instanceof RemoteProtocolError) return error.name;
    throw error;
  }
}

const rounds = 100;

describe.each(small.map((transcript) => [transcript.name, transcript] as const))(
  '%s, damaged',
  (_, transcript: Transcript) => {
    test.each([
      ['anywhere', mutated],
      ['inside its messages', mutatedInside],
    ])('%s gives events or a typed error, on both sides', (_where, damage) => {
      let failures = 0;
      for (let seed = 0; seed < rounds; seed++) {
        const toClient = randomChunks(damage(bytesFrom(transcript, 'server'), seed), seed);
        const toServer = randomChunks(damage(bytesFrom(transcript, 'client'), seed), seed);
        if (failureOf(() => replayToClient(transcript, toClient)) !== undefined) failures++;
        if (failureOf(() => replayToServer(toServer)) !== undefined) failures++;
      }
      expect(failures).toBeGreaterThan(0);
    });
  },
);

/** A server half with an open pool, and how it ends when it gets this. */
function openedServerGets(text: string): () => void {
  const { pool, peer } = openedPool();
  return () => {
    expect(pool.state).toBe('opened');
    peer.receive(Buffer.from(text));
  };
}

test.each([
  [
    'opens pipelines without end',
    Array.from({ length: 1001 }, (_, n) => `<Command PSGuid='${pipelineId(n)}' />\n`).join(''),
  ],
  ['sends an empty line', '\n'],
  ['stops the session', `<Signal PSGuid='${emptyGuid}' />\n`],
  ['sends what only servers send', `<DataAck PSGuid='${emptyGuid}' />\n`],
  ['creates a pipeline twice', `<Command PSGuid='${pipelineId(1)}' />\n`.repeat(2)],
])('a client that %s is sent away', (_, text) => {
  expect(openedServerGets(text)).toThrow(RemoteProtocolError);
});

test('a server may be told to stop and close what it does not know', () => {
  const { peer } = openedPool();
  peer.receive(Buffer.from(`<Signal PSGuid='${pipelineId(1)}' />\n<Close PSGuid='${pipelineId(1)}' />\n`));
  expect(Buffer.from(peer.server.dataToSend() ?? []).toString()).toBe(
    `<SignalAck PSGuid='${pipelineId(1)}' />\n<CloseAck PSGuid='${pipelineId(1)}' />\n`,
  );
});
