import type { AuditEntry } from '../audit/entry';
import { readAudit, type AuditFilter } from '../audit/read';
import { RunspaceError } from '../core/error';
import { StateLayout } from '../store/state-layout';

/** Flags of `runspaced audit`. */
export interface AuditFlags {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly principal?: string | undefined;
  readonly event?: string | undefined;
  readonly session?: string | undefined;
  readonly target?: string | undefined;
}

/** Prints what the audit log of this state folder holds: a line each for people, or the entries themselves. Error: INVALID_ARGUMENT. */
export function* auditLines(
  home: string,
  flags: AuditFlags,
  { format, now }: { readonly format: string; readonly now: number },
): Generator<string> {
  const show = formats[format];
  if (show === undefined)
    throw new RunspaceError('INVALID_ARGUMENT', `there is no format "${format}"; choose table or ndjson`);
  for (const entry of readAudit(new StateLayout(home).auditFolder, filterOf(flags, now))) yield show(entry);
}

const formats: Readonly<Record<string, (entry: AuditEntry) => string>> = {
  table: lineOf,
  ndjson: (entry) => JSON.stringify(entry),
  json: (entry) => JSON.stringify(entry),
};

function filterOf({ since, until, ...others }: AuditFlags, now: number): AuditFilter {
  return {
    ...defined(others),
    ...(since === undefined ? {} : { since: timeOf(since, now) }),
    ...(until === undefined ? {} : { until: timeOf(until, now) }),
  };
}

function defined(texts: Readonly<Record<string, string | undefined>>): AuditFilter {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined));
}

const unitMs: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };

/** A time (ISO 8601), or how long ago: `90s`, `15m`, `2h`, `7d`. */
function timeOf(text: string, now: number): number {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * (unitMs[unit] ?? 0);
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new RunspaceError(
    'INVALID_ARGUMENT',
    `"${text}" is neither a time, such as 2026-01-31T12:00:00Z, nor how long ago, such as 2h`,
  );
}

function lineOf(entry: AuditEntry): string {
  const { time, principal, client, event, peer, ...facts } = entry;
  const who = `${principal}${client === '' ? '' : ` (${client})`}${peer === undefined ? '' : ` from ${peer}`}`;
  return [time, event.padEnd(18), who, ...Object.entries(facts).flatMap(pairsOf)].join('  ');
}

/** A script's trace has facts of its own. */
function pairsOf([name, fact]: readonly [string, unknown]): readonly string[] {
  if (typeof fact === 'object' && fact !== null)
    return Object.entries(fact).map(([inner, value]) => `${name}.${inner}=${shown(value)}`);
  return [`${name}=${shown(fact)}`];
}

/** On one line, and no more than a terminal is to see of it: what callers choose must not steer it. */
function shown(fact: unknown): string {
  const text = typeof fact === 'string' ? fact : JSON.stringify(fact);
  return /^[\w.:@/-]+$/.test(text) ? text : JSON.stringify(text);
}
