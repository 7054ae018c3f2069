import { readClixml } from '../../src/psrp/clixml/reader';
import { writeClixml } from '../../src/psrp/clixml/writer';
import {
  hostCallValue,
  hostMethods,
  hostResponseValue,
  readHostCall,
  readHostResponse,
  type HostCall,
} from '../../src/psrp/host-call';
import { hostInfoValue, readHostInfo, type HostInfo } from '../../src/psrp/host-info';
import { bytesFrom, transcripts } from '../support/transcripts';
import { replayToClient } from '../support/replay';

test('host methods have the numbers of the protocol', () => {
  const numbers = ['GetName', 'WriteLine3', 'Prompt', 'PromptForChoiceMultipleSelection'] as const;
  expect(numbers.map((name) => hostMethods.indexOf(name) + 1)).toEqual([1, 17, 23, 56]);
});

test('recorded host calls are read with method and parameters', () => {
  const transcript = transcripts().find((one) => one.name === 'write-host');
  const events =
    transcript === undefined ? [] : replayToClient(transcript, [bytesFrom(transcript, 'server')]);
  expect(events.flatMap((event) => (event.type === 'pipelineHostCall' ? [event.call] : []))).toMatchObject([
    {
      method: 'WriteLine3',
      needsResponse: false,
      parameters: [{ value: 10 }, { value: 0 }, { type: 'string', value: 'green' }],
    },
    { method: 'Write1', parameters: [{ value: 'a-b' }] },
    { method: 'WriteLine2', parameters: [{ value: 'line' }] },
    { method: 'WriteErrorLine', parameters: [{ value: 'eline' }] },
  ]);
});

const call: HostCall = {
  callId: 7n,
  method: 'PromptForChoice',
  parameters: [{ type: 'string', value: 'caption' }, { type: 'null' }],
  needsResponse: true,
};

test('a call is written as it is read', () => {
  expect(readHostCall(readClixml(writeClixml(hostCallValue(call))))).toEqual(call);
});

test('an answer names call and method', () => {
  const value = hostResponseValue(call, { is: 'value', value: { type: 'int32', value: 1 } });
  expect(readHostResponse(readClixml(writeClixml(value)))).toEqual({
    callId: 7n,
    method: 'PromptForChoice',
    value: { type: 'int32', value: 1 },
    error: undefined,
  });
});

test.each([
  ['without an id', '<Obj RefId="0"><MS><I32 N="mi">11</I32></MS></Obj>'],
  ['with an unknown method', '<Obj RefId="0"><MS><I64 N="ci">1</I64><I32 N="mi">999</I32></MS></Obj>'],
])('a call %s breaks the protocol', (_, payload) => {
  expect(() => readHostCall(readClixml(payload))).toThrow(
    expect.objectContaining({ code: 'HOST_CALL_MALFORMED' }) as Error,
  );
});

const size = (columns: number, rows: number) => ({ columns, rows });
const infos: HostInfo[] = [
  { is: 'none' },
  { is: 'text' },
  {
    is: 'console',
    defaultData: {
      foregroundColor: 6,
      backgroundColor: 5,
      cursorPosition: size(0, 18),
      windowPosition: size(1, 2),
      cursorSize: 25,
      bufferSize: size(120, 3000),
      windowSize: size(120, 50),
      maxWindowSize: size(120, 51),
      maxPhysicalWindowSize: size(320, 104),
      windowTitle: 'title',
    },
  },
];

test.each(infos.map((info) => [info.is, info] as const))('a host of kind %s is told as it is', (_, info) => {
  expect(readHostInfo(readClixml(writeClixml(hostInfoValue(info))))).toEqual(info);
});
