import { readClixml } from '../../src/psrp/clixml/reader';
import { writeClixml } from '../../src/psrp/clixml/writer';
import { hostInformation, readRecord, recordMessage, type WrittenRecord } from '../../src/psrp/records';
import { stringValue, type Value } from '../../src/core/value';
import { bytesFrom, transcripts, winrmMessages } from '../support/transcripts';
import { replayToClient } from '../support/replay';

/** The records of a recorded conversation, without the raw values. */
function recordsOf(name: string): Partial<WrittenRecord>[] {
  const transcript = transcripts().find((one) => one.name === name);
  if (transcript === undefined) throw new Error(`there is no transcript ${name}`);
  return replayToClient(transcript, [bytesFrom(transcript, 'server')]).flatMap((event) =>
    event.type === 'record' ? [event.record] : [],
  );
}

test('an error record tells message, exception, id, category, target and stack', () => {
  expect(recordsOf('stream-error')[0]).toMatchObject({
    stream: 'error',
    message: 'one',
    exceptionType: 'Microsoft.PowerShell.Commands.WriteErrorException',
    fullyQualifiedErrorId: 'E1',
    category: 'InvalidData',
    categoryMessage: 'InvalidData: (5:Int32) [Write-Error], WriteErrorException',
    scriptStackTrace: 'at <ScriptBlock>, <No file>: line 1',
    targetObject: { type: 'int32', value: 5 },
  });
});

test('what a native program writes to its standard error is an error record', () => {
  expect(recordsOf('native-command')[0]).toMatchObject({
    stream: 'error',
    message: 'err1',
    fullyQualifiedErrorId: 'NativeCommandError',
    exceptionType: 'System.Management.Automation.RemoteException',
  });
});

test('verbose, debug and warning carry their text', () => {
  expect(recordsOf('stream-verbose-debug')).toEqual([
    { stream: 'verbose', message: 'v1' },
    { stream: 'debug', message: 'd1' },
  ]);
  expect(recordsOf('stream-warning')[0]).toEqual({ stream: 'warning', message: 'careful' });
});

test('information carries text, tags and source, and Write-Host its host part', () => {
  expect(recordsOf('stream-information')).toMatchObject([
    { stream: 'information', message: 'plain', tags: [], source: 'Write-Information' },
    { stream: 'information', message: '@{k=1}', tags: ['a'] },
    { stream: 'information', message: 'hosted', tags: ['PSHOST'], host: { noNewLine: false } },
  ]);
  expect(recordsOf('write-host').slice(0, 2)).toMatchObject([
    { message: 'green', host: { foreground: 10, noNewLine: false } },
    { message: 'a-b', host: { noNewLine: true } },
  ]);
});

test('progress is read in full', () => {
  const recorded = winrmMessages().find((message) => message.messageType === 'PROGRESS_RECORD');
  expect(readRecord('PROGRESS_RECORD', readClixml(recorded?.payload ?? ''))).toEqual({
    stream: 'progress',
    activity: 'Preparing modules for first use.',
    activityId: 0,
    parentActivityId: -1,
    statusDescription: ' ',
    currentOperation: '',
    percentComplete: -1,
    secondsRemaining: -1,
    completed: true,
  });
});

test('a warning with its invocation keeps it', () => {
  const recorded = winrmMessages().find(
    (message) =>
      message.messageType === 'DEBUG_RECORD' && message.payload.includes('SerializeInvocationInfo">true'),
  );
  const record = readRecord('DEBUG_RECORD', readClixml(recorded?.payload ?? ''));
  expect(record).toMatchObject({ stream: 'debug', message: 'Start Block', invocation: { type: 'object' } });
});

test('a target that is only referred to is found in the record', () => {
  const target: Value = { type: 'object', typeNames: ['T'], adapted: [], extended: [], referenceId: 4 };
  const extended = [
    { name: 'First', value: target },
    { name: 'TargetObject', value: { type: 'reference', referenceId: 4 } as const },
  ];
  const record = readRecord('ERROR_RECORD', { type: 'object', typeNames: [], adapted: [], extended });
  expect(record).toMatchObject({ targetObject: target });
});

test('an error record without anything is still one', () => {
  expect(readRecord('ERROR_RECORD', stringValue('odd'))).toEqual({
    stream: 'error',
    message: 'odd',
    value: stringValue('odd'),
  });
});

const written: WrittenRecord[] = [
  { stream: 'output', value: { type: 'int32', value: 4 } },
  { stream: 'warning', message: 'w' },
  { stream: 'verbose', message: 'v' },
  { stream: 'debug', message: 'd' },
  { stream: 'information', value: stringValue('i'), message: 'i', tags: ['a', 'b'], source: 's' },
  hostInformation('h', { noNewLine: true, foreground: 4 }),
  {
    stream: 'progress',
    activity: 'a',
    activityId: 2,
    parentActivityId: 1,
    statusDescription: 's',
    currentOperation: 'c',
    percentComplete: 50,
    secondsRemaining: 3,
    completed: false,
  },
];

test.each(written.map((record) => [record.stream, record] as const))(
  '%s is written as it is read',
  (_, record) => {
    const [type, payload] = recordMessage(record);
    expect(readRecord(type, readClixml(writeClixml(payload)))).toEqual(record);
  },
);

test('an error of our own is written as it is read', () => {
  const record: WrittenRecord = {
    stream: 'error',
    message: 'm',
    exceptionType: 'System.IO.IOException',
    fullyQualifiedErrorId: 'F',
    category: 'ReadError',
    categoryMessage: 'c',
    scriptStackTrace: 'at x',
    recommendedAction: 'do',
    targetObject: stringValue('t'),
  };
  const [type, payload] = recordMessage(record);
  expect(readRecord(type, readClixml(writeClixml(payload)))).toMatchObject(record);
});
