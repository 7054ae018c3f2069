import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Audit } from '../../src/audit/audit';
import { AuditFiles } from '../../src/audit/audit-files';
import type { AuditEntry, CommandOutcome, InSession } from '../../src/audit/entry';
import { OpenCommands } from '../../src/audit/open-commands';
import { readAudit } from '../../src/audit/read';
import type { Log } from '../../src/core/log';
import { FakeClock } from '../support/fake-clock';
import { temporaryFolder } from '../support/temporary-folder';

const nothing = (): undefined => undefined;
const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const actor = { principal: 'local:1', client: 'a' };
const where: InSession = { session: 'id-1', name: 'work', target: 'localhost', transport: 'local' };

function auditIn(files: AuditFiles, scripts: 'digest' | 'text' = 'digest'): Audit {
  return new Audit({
    clock: new FakeClock(),
    log: silentLog,
    scripts,
    append: (entry) => files.append(entry),
  });
}

test('entries come back in order through every rotation, and the oldest file goes', () => {
  using folder = temporaryFolder();
  using files = new AuditFiles(folder.path, { bytesPerFile: 2_000, olderFiles: 2 });
  const audit = auditIn(files);
  for (let count = 1; count <= 100; count += 1)
    audit.note(actor, { event: 'commandStopped', pipeline: String(count), force: false, ...where });
  const kept = [...readAudit(folder.path)].map((entry) =>
    entry.event === 'commandStopped' ? Number(entry.pipeline) : 0,
  );
  const [first = 0] = kept;
  expect(kept).toEqual(Array.from({ length: 101 - first }, (_, index) => first + index));
  expect(kept.length).toBeLessThan(50);
  expect(readdirSync(folder.path).sort()).toEqual(['audit.1.ndjson', 'audit.2.ndjson', 'audit.ndjson']);
  for (const name of readdirSync(folder.path)) expect(statSync(join(folder.path, name)).mode & 0o077).toBe(0);
});

test('a line that a crash tore costs that line alone', () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, 'audit.ndjson'), '{"time":"2026-01-01T00:00:00.000Z","event":"sess');
  using files = new AuditFiles(folder.path, { bytesPerFile: 1e6, olderFiles: 1 });
  auditIn(files).note(actor, { event: 'sessionRemoved', ...where });
  expect([...readAudit(folder.path)].map(({ event }) => event)).toEqual(['sessionRemoved']);
});

test('what the disk refuses fails nobody', () => {
  const noted: string[] = [];
  const audit = new Audit({
    clock: new FakeClock(),
    log: { ...silentLog, error: (event) => noted.push(event) },
    scripts: 'digest',
    append: () => {
      throw new Error('ENOSPC');
    },
  });
  audit.note(actor, { event: 'daemonStopped', endSessions: false });
  expect(noted).toEqual(['audit entry not written']);
});

test.each([
  ['digest', { sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824' }],
  ['text', { sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824', text: 'hello' }],
] as const)('a script is kept as %s', (scripts, expected) => {
  using folder = temporaryFolder();
  using files = new AuditFiles(folder.path, { bytesPerFile: 1e6, olderFiles: 1 });
  expect(auditIn(files, scripts).traceOf('hello')).toEqual(expected);
});

test('the filters let through what they name, and nothing else', () => {
  using folder = temporaryFolder();
  mkdirSync(folder.path, { recursive: true });
  const entries = [
    { time: '2026-01-01T00:00:00.000Z', ...actor, event: 'sessionRemoved', ...where },
    {
      time: '2026-01-02T00:00:00.000Z',
      principal: 'cert:b',
      client: '',
      event: 'sessionRemoved',
      ...where,
      name: 'other',
      session: 'id-2',
    },
    { time: '2026-01-03T00:00:00.000Z', ...actor, event: 'denied', method: 'm', reason: 'r', message: 't' },
  ];
  writeFileSync(
    join(folder.path, 'audit.ndjson'),
    entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''),
  );
  const days = (filter: Parameters<typeof readAudit>[1]) =>
    [...readAudit(folder.path, filter)].map(({ time }) => time.slice(9, 10)).join('');
  expect({
    all: days({}),
    since: days({ since: Date.parse('2026-01-02T00:00:00Z') }),
    until: days({ until: Date.parse('2026-01-02T00:00:00Z') }),
    principal: days({ principal: 'cert:b' }),
    event: days({ event: 'denied' }),
    byName: days({ session: 'other' }),
    byId: days({ session: 'id-1' }),
    target: days({ target: 'localhost' }),
  }).toEqual({
    all: '123',
    since: '23',
    until: '1',
    principal: '2',
    event: '3',
    byName: '2',
    byId: '1',
    target: '12',
  });
});

describe('the end of a command', () => {
  function commands(outcomes: Record<string, CommandOutcome | undefined>) {
    const entries: AuditEntry[] = [];
    const audit = new Audit({
      clock: new FakeClock(),
      log: silentLog,
      scripts: 'digest',
      append: (entry) => entries.push(entry),
    });
    const open = new OpenCommands({
      audit,
      log: silentLog,
      outcomeOf: ({ pipeline }) => Promise.resolve(outcomes[pipeline]),
    });
    return { open, entries };
  }

  const ended = (entries: readonly AuditEntry[]) =>
    entries.map((entry) =>
      entry.event === 'commandEnded' ? `${entry.pipeline} ${entry.state}` : entry.event,
    );

  test('is taken down once, when it has come', async () => {
    const outcomes: Record<string, CommandOutcome | undefined> = {};
    const { open, entries } = commands(outcomes);
    open.add({ pipeline: 'p1', actor, where });
    await open.settle('id-1', '');
    outcomes['p1'] = { state: 'completed', reason: '' };
    await Promise.all([open.settle('id-1', ''), open.settle('id-1', '')]);
    await open.settle('id-1', '');
    expect(ended(entries)).toEqual(['p1 completed']);
  });

  test('of a command that a former daemon started is taken down by the next one', async () => {
    const { open, entries } = commands({ p2: { state: 'failed', reason: 'KEEPER_LOST' } });
    const time = '2026-01-01T00:00:00.000Z';
    const script = { sha256: '' };
    open.restore([
      { time, ...actor, event: 'commandStarted', pipeline: 'p1', script, ...where },
      { time, ...actor, event: 'commandEnded', pipeline: 'p1', state: 'completed', reason: '', ...where },
      { time, ...actor, event: 'commandStarted', pipeline: 'p2', script, ...where },
    ]);
    expect(open.sessions()).toEqual(['id-1']);
    await open.settle('id-1', '');
    expect(ended(entries)).toEqual(['p2 failed']);
  });
});
