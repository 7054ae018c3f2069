import { auditTexts } from './audit-files';
import type { AuditEntry } from './entry';

/** Which entries are wanted; what is left out does not matter. */
export interface AuditFilter {
  /** Milliseconds since 1970. */
  readonly since?: number;
  readonly until?: number;
  readonly principal?: string;
  readonly event?: string;
  /** A session's id, the beginning of it, or its name. */
  readonly session?: string;
  readonly target?: string;
}

/** More older files than anyone keeps; those that aren't there cost nothing. */
const mostOlderFiles = 100;

/**
 * The entries that a filter lets through, the oldest first, of the current file and so many older ones. Lines that a crash
 * tore are passed over.
 */
export function* readAudit(
  folder: string,
  filter: AuditFilter = {},
  olderFiles = mostOlderFiles,
): Generator<AuditEntry> {
  for (const text of auditTexts(folder, olderFiles)) {
    for (const line of text.split('\n')) {
      const entry = parsed(line);
      if (entry !== undefined && matches(entry, filter)) yield entry;
    }
  }
}

function matches(entry: AuditEntry, filter: AuditFilter): boolean {
  const time = Date.parse(entry.time);
  const inSession = 'session' in entry ? entry : undefined;
  return (
    (filter.since === undefined || time >= filter.since) &&
    (filter.until === undefined || time < filter.until) &&
    (filter.principal === undefined || entry.principal === filter.principal) &&
    (filter.event === undefined || entry.event === filter.event) &&
    (filter.target === undefined || inSession?.target === filter.target) &&
    (filter.session === undefined || isMeant(inSession, filter.session))
  );
}

function isMeant(entry: { session: string; name: string } | undefined, reference: string): boolean {
  if (entry === undefined) return false;
  return entry.session.startsWith(reference.toLowerCase()) || entry.name === reference;
}

function parsed(line: string): AuditEntry | undefined {
  if (line === '') return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isEntry(value) ? value : undefined;
  } catch {
    return undefined; // A torn line.
  }
}

function isEntry(value: unknown): value is AuditEntry {
  return typeof value === 'object' && value !== null && 'time' in value && 'event' in value;
}
