/** Commands that may wait for their turn in one session. */
export const mostQueued = 100;
/** A stream of records says something at least this often. */
export const heartbeatMs = 15_000;
/** Records are gathered into batches of about this size; a larger record stands alone. */
export const batchBytes = 64 * 1024;
/** Bytes that may wait in one stream to the daemon before its writer waits. */
export const streamBufferBytes = 512 * 1024;
/** Input that waits for an engine: a sender's answer is held back beyond either. */
export const inputLimit = { items: 1_000, bytes: 1024 * 1024 } as const;
/** Characters of a command's text that listings show. */
export const shownCommandChars = 1_024;
/** How often a last record that found no room on the disk is tried again. */
export const finalRetryMs = 5_000;
/** How often everything is looked at that grows old: kept output, idle engines without a daemon. */
export const housekeepingMs = 3_600_000;
/** A keeper that no daemon has watched for this long closes its idle engines. */
export const abandonedMs = 24 * 3_600_000;
/** A keeper without any session leaves after this time. */
export const emptyGraceMs = 60_000;
/** Finished pipelines that stay listed when all of their output is acknowledged, and when it is not. */
export const mostListed = { acknowledged: 200, any: 5_000 } as const;
/** Removed pipelines whose request ids are still known, so that they are never run again. */
export const mostRemembered = 5_000;
/** Finished pipelines of a session whose journals stay open for the next reader. */
export const mostOpenJournals = 16;
/** A session's own records: the oldest go beyond this. */
export const sessionJournalBytes = 4 * 1024 * 1024;
/** Engine programs of one keeper. */
export const mostSessions = 50;
/** How long a command that is stopped because its session closes may take before its engine is ended with it. */
export const closeGraceMs = 2_000;
