import { defaultQuotaLimits, planQuota, type PipelineUsage, type QuotaPlan } from '../../src/journal/quota';

const day = 24 * 3600 * 1000;
const nowMs = 100 * day;
const limits = { unreadBytes: 1000, keptPipelineBytes: 64, keptSessionBytes: 200, keptMs: 7 * day };

function finished(id: string, bytes: number, unreadBytes: number): PipelineUsage {
  return { id, bytes, unreadBytes, finishedAtMs: nowMs - day };
}

function running(bytes: number, unreadBytes: number): PipelineUsage {
  return { id: 'running', bytes, unreadBytes, finishedAtMs: undefined };
}

function plan(pipelines: readonly PipelineUsage[], whenFull: 'block' | 'drop' = 'block'): QuotaPlan {
  return planQuota({ pipelines, limits, whenFull, nowMs });
}

const everything = { upTo: 'last', bytes: Number.POSITIVE_INFINITY, reason: 'expired' };

test('the limits are those of the design', () => {
  expect(defaultQuotaLimits).toEqual({
    unreadBytes: 1073741824,
    keptPipelineBytes: 67108864,
    keptSessionBytes: 1073741824,
    keptMs: 604800000,
  });
});

test('within all limits nothing is freed and the pipeline may write', () => {
  expect(plan([finished('a', 60, 0), running(900, 850)])).toEqual({ free: [], writer: 'mayWrite' });
});

test('seven days after it finished everything of a pipeline goes, read or not', () => {
  const overdue = { ...finished('a', 50, 50), finishedAtMs: nowMs - 7 * day };
  const young = { ...finished('b', 50, 50), finishedAtMs: nowMs - 6.9 * day };
  expect(plan([overdue, young]).free).toEqual([{ id: 'a', ...everything }]);
});

test('what is acknowledged goes beyond the limit of its pipeline, also while it runs', () => {
  expect(plan([finished('a', 100, 0), running(500, 400)]).free).toEqual([
    { id: 'a', upTo: 'acknowledged', bytes: 36, reason: 'expired' },
    { id: 'running', upTo: 'acknowledged', bytes: 36, reason: 'expired' },
  ]);
});

test('what is acknowledged goes beyond the limit of the session, from the oldest pipeline on', () => {
  const five = ['a', 'b', 'c', 'd', 'e'].map((id) => finished(id, 50, 0));
  expect(plan([...five, running(64, 0)]).free).toEqual([
    { id: 'a', upTo: 'acknowledged', bytes: 50, reason: 'expired' },
    { id: 'b', upTo: 'acknowledged', bytes: 50, reason: 'expired' },
    { id: 'c', upTo: 'acknowledged', bytes: 14, reason: 'expired' },
  ]);
});

test('at the unread limit finished pipelines go whole, the oldest first, before the running one is blocked', () => {
  expect(plan([finished('a', 100, 100), finished('b', 100, 100), running(850, 850)])).toEqual({
    free: [{ id: 'a', ...everything }],
    writer: 'mayWrite',
  });
});

test('over the unread limit finished pipelines keep what nobody has read while nothing runs', () => {
  expect(plan([finished('a', 700, 700), finished('b', 700, 700)]).free).toEqual([]);
});

test('when there is nothing finished left the running pipeline waits in mode block', () => {
  expect(plan([finished('a', 100, 100), running(1000, 1000)])).toEqual({
    free: [{ id: 'a', ...everything }],
    writer: 'mustWait',
  });
});

test('in mode drop its own oldest output goes instead, with what is acknowledged before it', () => {
  expect(plan([running(1060, 1010)], 'drop')).toEqual({
    free: [{ id: 'running', upTo: 'last', bytes: 61, reason: 'dropped' }],
    writer: 'mayWrite',
  });
});
