import { isDeepStrictEqual } from 'node:util';
import { RunspaceError } from '../../src/core/error';
import { frameBytes, lane, part } from '../../src/engine/script/frame';
import { IncomingReader } from '../../src/engine/script/incoming';
import { toParts } from '../../src/engine/script/parts';
import { fromWire } from '../../src/engine/script/wire-value';
import { readClixml } from '../../src/psrp/clixml/reader';
import { writeClixml } from '../../src/psrp/clixml/writer';
import { RemoteProtocolError } from '../../src/psrp/errors';
import { fragmentsOf, Reassembler, type Reassembled } from '../../src/psrp/fragment';
import { corpusRecords } from '../support/corpus';
import { randomChunks } from '../support/chunks';
import { replayToClient, replayToServer } from '../support/replay';
import { bytesFrom, transcripts } from '../support/transcripts';
import { clixmlMutations, lineMutations, type Mutation } from './mutate';

/** Something that reads bytes of strangers. */
export interface Target {
  /** Also its folder in the corpus. */
  readonly name: string;
  /** Well-formed input, to be broken. */
  readonly samples: readonly Uint8Array[];
  /** Changes that suit what it reads, beside those of any bytes. */
  readonly mutations?: readonly [Mutation, ...Mutation[]] | undefined;
  /** Reads the input; throws what must not happen: another error than the reader's own, or two readings that differ. */
  check(input: Uint8Array): void;
}

/** Reading this much longer than any sample takes is a finding. */
const longestMs = 10_000;
const messageLimit = 1024 * 1024;

/** What a reading came to: what it gave, or the error that it may throw. */
type Outcome =
  { readonly is: 'read'; readonly value: unknown } | { readonly is: 'refused'; readonly code: string };

const clixml: Target = {
  name: 'clixml',
  mutations: clixmlMutations,
  samples: corpusRecords('clixml.jsonl').flatMap((record) => {
    const { xml } = record as { readonly xml?: string };
    return xml === undefined ? [] : [Buffer.from(xml)];
  }),
  check: (input) => {
    const text = Buffer.from(input).toString('utf8');
    const read = outcomeOf(() => readClixml(text));
    if (read.is === 'refused') return;
    const value = read.value as ReturnType<typeof readClixml>;
    const again = readClixml(writeClixml(value));
    if (!isDeepStrictEqual(again, value))
      throw new Error('what was read is another value when it was written and read');
  },
};

/** Whole conversations, replayed to both halves: lines, base64, fragments, messages and CLIXML in them. */
const conversations: readonly Target[] = transcripts()
  .filter(({ name }) => ['objects-output', 'stream-error', 'write-host'].includes(name))
  .map((transcript) => ({
    name: `conversation-${transcript.name}`,
    mutations: lineMutations,
    samples: [bytesFrom(transcript, 'server'), bytesFrom(transcript, 'client')],
    check: (input) => {
      requireSame(input, (chunks) => replayToClient(transcript, chunks));
      requireSame(input, replayToServer);
    },
  }));

/** Fragments without the lines around them. */
const fragments: Target = {
  name: 'fragments',
  samples: [[10], [100, 3], [40, 40, 40]].map((lengths) =>
    Buffer.concat(
      lengths.flatMap((length, index) => fragmentsOf(Buffer.alloc(length, index), index + 1, 60)),
    ),
  ),
  check: (input) => {
    const limit = 100_000;
    const read = outcomeOf(() => new Reassembler(limit).receive(input));
    if (read.is === 'refused') return;
    for (const one of read.value as Reassembled[])
      if (one.is === 'message' && one.bytes.length > limit)
        throw new Error('a message is larger than the limit');
  },
};

const reports = [
  {
    is: 'ready',
    version: 'v20',
    runspaceId: '6e1f2d3c-0000-4000-8000-000000000001',
  },
  {
    is: 'value',
    run: 1,
    value: { t: 'dictionary', v: [['a', [1, 2, { t: 'int64', v: '5' }]]] },
  },
  {
    is: 'value',
    run: 2,
    value: {
      t: 'object',
      n: ['T'],
      a: [['p', { t: 'bytes', v: 'AAEC' }]],
      r: 1,
    },
  },
  { is: 'text', run: 1, descriptor: 1, text: 'x'.repeat(100) },
];

/** What a script engine's runner sends. */
const runner: Target = {
  name: 'runner',
  samples: [
    Buffer.concat(
      reports.flatMap((report) =>
        [...toParts(Buffer.from(JSON.stringify(report)))].map((frame) =>
          frameBytes({ kind: lane.messages, bytes: frameBytes(frame) }),
        ),
      ),
    ),
    Buffer.concat([
      frameBytes({
        kind: lane.nativeStdout,
        bytes: Buffer.from('printed \0done secret 0000000001\n'),
      }),
      frameBytes({ kind: lane.nativeStderr, bytes: Buffer.from('wörd') }),
      frameBytes({
        kind: lane.messages,
        bytes: frameBytes({
          kind: part.urgent,
          bytes: Buffer.from('{"is":"a"}'),
        }),
      }),
      frameBytes({
        kind: lane.control,
        bytes: Buffer.from('{"is":"exited","code":3}'),
      }),
    ]),
  ],
  check: (input) => {
    requireSame(input, (chunks) => {
      const reader = new IncomingReader(messageLimit);
      reader.expectMarks('\0done secret ');
      const texts: Record<string, string> = {};
      const seen: unknown[] = [];
      for (const chunk of chunks)
        for (const incoming of reader.receive(chunk)) {
          // Where a text is cut is no matter; what it says is.
          if (incoming.is === 'nativeText')
            texts[incoming.descriptor] = (texts[incoming.descriptor] ?? '') + incoming.text;
          else if (incoming.is !== 'report') seen.push(incoming);
          else
            seen.push([
              incoming.message.is,
              outcomeOf(() => fromWire(incoming.message.field('value') ?? null)),
            ]);
        }
      return { seen, texts };
    });
  },
};

/** Everything that is fuzzed. */
export const targets: readonly [Target, ...Target[]] = [clixml, fragments, runner, ...conversations];

/** However the bytes are cut, the same must come out. */
function requireSame(input: Uint8Array, read: (chunks: readonly Uint8Array[]) => unknown): void {
  const whole = outcomeOf(() => read([input]));
  const cut = outcomeOf(() => read(randomChunks(input, input.length, Math.max(1, input.length >> 4))));
  if (!isDeepStrictEqual(whole, cut)) throw new Error('what is read depends on how the bytes come');
}

function outcomeOf(read: () => unknown): Outcome {
  const before = Date.now();
  try {
    return { is: 'read', value: read() };
  } catch (error) {
    if (error instanceof RemoteProtocolError) return { is: 'refused', code: error.code };
    if (error instanceof RunspaceError && error.code === 'ENGINE_PROTOCOL_ERROR')
      return { is: 'refused', code: error.code };
    throw error;
  } finally {
    const tookMs = Date.now() - before;
    if (tookMs > longestMs) throw new Error(`reading took ${String(tookMs)} ms`);
  }
}
