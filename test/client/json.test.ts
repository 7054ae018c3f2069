import { recordToJson, toJson, type SessionRecord } from '../../clients/typescript';

const origin = {
  PSComputerName: 'localhost',
  RunspaceId: 'r1',
  PSShowComputerName: true,
  sessionId: 's1',
  sessionName: 'work',
  pipelineId: 'p1',
};
const numbered = { sequence: 3n, time: new Date(0), ...origin };

describe('toJson', () => {
  test('64-bit numbers are text, bytes base64, times RFC 3339, durations seconds, a oneof its own name', () => {
    const message = {
      number: 2n ** 53n + 1n,
      bytes: new Uint8Array([255]),
      at: new Date(1_500),
      wait: { seconds: 1n, nanos: 500_000_000 },
      kind: { $case: 'int32', value: 0 },
    };
    expect(toJson(message)).toEqual({
      number: '9007199254740993',
      bytes: '/w==',
      at: '1970-01-01T00:00:01.500Z',
      wait: '1.5s',
      int32: 0,
    });
  });

  test.each([
    [NaN, 'NaN'],
    [-Infinity, '-Infinity'],
    [-0, '-0'],
    [0.1, 0.1],
  ])('the number %p is written so that it reads back', (number, json) => {
    expect(toJson({ kind: { $case: 'double', value: number } })).toEqual({ double: json });
  });

  test('fields with their default value are left out, or written where that is asked for', () => {
    const message = {
      name: '',
      count: 0,
      none: [],
      state: 'WAITING_UNSPECIFIED',
      exitCode: 0,
      absent: undefined,
    };
    expect([toJson(message), toJson(message, 'emit')]).toEqual([
      { exitCode: 0 },
      { name: '', count: 0, none: [], state: 'WAITING_UNSPECIFIED', exitCode: 0 },
    ]);
  });
});

describe('recordToJson', () => {
  test("P62 P127 a record says number, time, stream, value and where it comes from, under PowerShell's names", () => {
    const record: SessionRecord = {
      ...numbered,
      stream: 'output',
      value: { kind: { $case: 'int32', value: 42 } },
      tag: '',
      text: '',
      displayed: false,
    };
    expect(recordToJson(record)).toEqual({
      sequence: '3',
      time: '1970-01-01T00:00:00.000Z',
      stream: 'output',
      value: { int32: 42 },
      PSComputerName: 'localhost',
      RunspaceId: 'r1',
      PSShowComputerName: true,
      sessionId: 's1',
      sessionName: 'work',
      pipelineId: 'p1',
    });
  });

  test('exit code 0 is said, no exit code is not', () => {
    const final = {
      ...numbered,
      stream: 'final',
      state: 'FINAL_STATE_COMPLETED' as never,
      problem: undefined,
    } as const;
    expect([
      recordToJson({ ...final, exitCode: 0 }),
      recordToJson({ ...final, exitCode: undefined }),
    ]).toEqual([
      expect.objectContaining({ exitCode: 0 }),
      expect.not.objectContaining({ exitCode: expect.anything() }),
    ]);
  });

  test('a gap says which numbers are gone and why', () => {
    const gap: SessionRecord = {
      ...origin,
      stream: 'gap',
      from: 5n,
      to: 9n,
      reason: 'REASON_DROPPED' as never,
    };
    expect(recordToJson(gap)).toMatchObject({ stream: 'gap', from: '5', to: '9', reason: 'REASON_DROPPED' });
  });
});
