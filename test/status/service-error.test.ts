import { Metadata, status } from '@grpc/grpc-js';
import { errorCodes, RunspaceError } from '../../src/core/error';
import { silentLog, type Log } from '../../src/core/log';
import { QuotaFailure, RetryInfo } from '../../src/gen/google/rpc/error_details';
import { Status } from '../../src/gen/google/rpc/status';
import { fromServiceError, toServiceError } from '../../src/status/service-error';

const detailsOf = (error: unknown) => {
  const [bytes] = toServiceError(error, silentLog).metadata.get('grpc-status-details-bin');
  return Status.decode(Buffer.from(bytes ?? '')).details;
};

test('every reason keeps its code, message and facts over the wire', () => {
  for (const code of errorCodes) {
    const error = new RunspaceError(code, 'what happened and what to do', { facts: { session: 'work' } });
    const back = fromServiceError(toServiceError(error, silentLog));
    expect([back.code, back.message, back.facts]).toEqual([code, error.message, error.facts]);
  }
});

test('an unknown error shows an id to the caller and its stack to the log only', () => {
  const logged: unknown[] = [];
  const log: Log = { ...silentLog, error: (_event, error, facts) => logged.push(error, facts?.['errorId']) };
  const cause = new Error('the secret path /home/someone');
  const shown = fromServiceError(toServiceError(cause, log));
  expect(shown.code).toBe('INTERNAL');
  expect(shown.message).not.toContain('secret');
  expect(logged).toEqual([cause, shown.facts['errorId']]);
});

test('a recovering daemon says when to try again', () => {
  const detail = detailsOf(new RunspaceError('RECOVERING', 'wait')).find((each) =>
    each.typeUrl.endsWith('RetryInfo'),
  );
  expect(RetryInfo.decode(detail?.value ?? new Uint8Array()).retryDelay?.seconds).toBe(1n);
});

test('a full queue carries a QuotaFailure that names the session', () => {
  const error = new RunspaceError('QUEUE_FULL', 'at most 100', { facts: { session: 'work', limit: '100' } });
  const detail = detailsOf(error).find((each) => each.typeUrl.endsWith('QuotaFailure'));
  expect(QuotaFailure.decode(detail?.value ?? new Uint8Array()).violations[0]?.subject).toBe('work');
});

test('a huge message and lone surrogates still fit into headers', () => {
  const error = new RunspaceError('INVALID_ARGUMENT', `\ud800${'x'.repeat(100_000)}`, {
    facts: { path: 'y'.repeat(100_000) },
  });
  const sent = toServiceError(error, silentLog);
  expect(encodeURI(sent.details).length + JSON.stringify(sent.metadata.toJSON()).length).toBeLessThan(16_000);
});

test('an abort is CANCELLED and is not logged as an error', () => {
  const log: Log = {
    ...silentLog,
    error: () => {
      throw new Error('logged');
    },
  };
  expect(toServiceError(new DOMException('gone', 'AbortError'), log).code).toBe(status.CANCELLED);
});

test('a status without our details becomes the nearest reason, details of others are not trusted', () => {
  const bare = (code: status, metadata = new Metadata()) =>
    fromServiceError(Object.assign(new Error('m'), { code, details: 'm', metadata })).code;
  const garbage = new Metadata();
  garbage.set('grpc-status-details-bin', Buffer.from([0xff, 0xff, 0xff]));
  expect(bare(status.RESOURCE_EXHAUSTED)).toBe('MESSAGE_TOO_LARGE');
  expect(bare(status.UNIMPLEMENTED)).toBe('UNIMPLEMENTED');
  expect(bare(status.INTERNAL, garbage)).toBe('INTERNAL');
});
