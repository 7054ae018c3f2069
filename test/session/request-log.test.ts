import { asPrincipal, asSessionId } from '../../src/core/ids';
import { RequestLog, type Request } from '../../src/session/request-log';
import { LineLog } from '../../src/store/line-log';
import { FakeClock } from '../support/fake-clock';
import { temporaryFolder } from '../support/temporary-folder';

const session = asSessionId('11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa');
const request: Request = { principal: asPrincipal('local:1'), id: 'r1', fingerprint: 'f1' };

function open(folder: string, clock: FakeClock): RequestLog {
  const { log, entries } = LineLog.open(`${folder}/requests.ndjson`);
  return new RequestLog(log, entries, clock);
}

test('a request that was done is recalled, also after a restart', () => {
  using folder = temporaryFolder();
  const clock = new FakeClock();
  open(folder.path, clock).remember(request, session);
  expect(open(folder.path, clock).recall(request)).toBe(session);
});

test('the same id with something else is refused', () => {
  using folder = temporaryFolder();
  const log = open(folder.path, new FakeClock());
  log.remember(request, session);
  expect(() => log.recall({ ...request, fingerprint: 'f2' })).toThrow(
    expect.objectContaining({ code: 'REQUEST_ID_REUSED' }),
  );
});

test("another principal's request of the same id is another request", () => {
  using folder = temporaryFolder();
  const log = open(folder.path, new FakeClock());
  log.remember(request, session);
  expect(log.recall({ ...request, principal: asPrincipal('local:2') })).toBeUndefined();
});

test('a request is forgotten after 24 hours', () => {
  using folder = temporaryFolder();
  const clock = new FakeClock();
  const log = open(folder.path, clock);
  log.remember(request, session);
  clock.advance(24 * 3_600_000 + 1);
  expect(log.recall(request)).toBeUndefined();
});

test('more requests than are kept push out the oldest', () => {
  using folder = temporaryFolder();
  const log = open(folder.path, new FakeClock());
  for (let n = 0; n <= 20_001; n += 1) log.remember({ ...request, id: `r${String(n)}` }, session);
  expect([log.recall({ ...request, id: 'r1' }), log.recall({ ...request, id: 'r20000' })]).toEqual([
    undefined,
    session,
  ]);
});

test.each(['', 'x'.repeat(129)])('a request id of %p is refused with INVALID_ARGUMENT', (id) => {
  using folder = temporaryFolder();
  const log = open(folder.path, new FakeClock());
  expect(() => log.recall({ ...request, id })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});
