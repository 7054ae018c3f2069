import { decodeMessage, encodeMessage, type MessageType } from '../../src/psrp/message';
import { nodeCodec } from '../../src/engine/powershell/node-codec';
import { readClixml } from '../../src/psrp/clixml/reader';
import { fragmentsOf, Reassembler } from '../../src/psrp/fragment';
import { invocationStates, isFinalState } from '../../src/psrp/states';
import { bytewise, randomChunks } from '../support/chunks';
import { replayToClient, replayToServer } from '../support/replay';
import { bytesFrom, transcripts, winrmMessages } from '../support/transcripts';

describe.each(transcripts().map((transcript) => [transcript.name, transcript] as const))(
  'the recorded conversation %s',
  (_, transcript) => {
    const fromServer = bytesFrom(transcript, 'server');
    const fromClient = bytesFrom(transcript, 'client');
    const clientEvents = replayToClient(transcript, [fromServer]);
    const serverEvents = replayToServer([fromClient]);

    test('leads the client half to the recorded final states and the end', () => {
      const finals = clientEvents.flatMap((event) =>
        event.type === 'pipelineState' && isFinalState(event.state)
          ? [invocationStates.indexOf(event.state)]
          : [],
      );
      expect(finals).toEqual(transcript.facts.pipelineStates);
      expect(clientEvents.at(-1)).toEqual({ type: 'poolClosed' });
    });

    test('gives the client half an event for every message of the server', () => {
      const counted = clientEvents.filter(
        (event) => event.type !== 'pipelineClosed' && event.type !== 'poolClosed',
      );
      const messages = Object.values(transcript.facts.messages.server).reduce(
        (total, count) => total + count,
        0,
      );
      expect(counted).toHaveLength(messages);
    });

    test('shows the server half the recorded scripts and the end', () => {
      const scripts = serverEvents.flatMap((event) =>
        event.type === 'pipelineCreated' ? event.spec.commands.map((command) => command.text) : [],
      );
      expect(scripts).toEqual(transcript.facts.scripts);
      expect(serverEvents.at(-1)).toEqual({ type: 'poolClosed' });
    });

    test('means the same byte by byte', () => {
      expect(replayToClient(transcript, bytewise(fromServer))).toEqual(clientEvents);
      expect(replayToServer(bytewise(fromClient))).toEqual(serverEvents);
    });

    test('means the same in random chunks', () => {
      for (let seed = 1; seed <= 5; seed++) {
        expect(replayToClient(transcript, randomChunks(fromServer, seed))).toEqual(clientEvents);
        expect(replayToServer(randomChunks(fromClient, seed))).toEqual(serverEvents);
      }
    });
  },
);

describe('messages of Windows PowerShell', () => {
  const messages = winrmMessages().map((message) => [`${message.scenario} ${message.seq}`, message] as const);

  test.each(messages)('%s is read from its fragments', (_, recorded) => {
    const data = Buffer.concat(recorded.fragmentsBase64.map((text) => Buffer.from(text, 'base64')));
    const [whole, ...others] = new Reassembler(10_000_000).receive(data);
    const bytes = whole?.is === 'message' ? whole.bytes : new Uint8Array(0);
    expect(others).toHaveLength(0);
    expect(decodeMessage(bytes, nodeCodec)).toEqual({
      destination: recorded.destination,
      type: recorded.messageType,
      runspacePoolId: recorded.rpid,
      pipelineId: recorded.pid,
      payload: recorded.payload,
    });
  });

  test.each(messages.filter(([, { bom }]) => !bom))('%s is written to the same bytes', (_, recorded) => {
    const message = {
      destination: recorded.destination,
      type: recorded.messageType as MessageType,
      runspacePoolId: recorded.rpid,
      pipelineId: recorded.pid,
      payload: recorded.payload,
    };
    const fragments = fragmentsOf(encodeMessage(message, nodeCodec), recorded.objectId);
    expect(fragments.map((bytes) => Buffer.from(bytes).toString('base64'))).toEqual(recorded.fragmentsBase64);
  });

  test.each(messages.filter(([, { payload }]) => payload !== ''))(
    '%s has a payload that can be read',
    (_, recorded) => {
      expect(readClixml(recorded.payload)).toBeDefined();
    },
  );
});
