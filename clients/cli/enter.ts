import type { RunspaceClient, Session } from '../typescript';
import type { Context } from './context';
import { exitCodes } from './exit-code';
import { toHistory } from './history';
import { lineSource, type LineSource } from './line-source';
import { placeOf } from './place';
import { Presence } from './presence';
import { reasonOf, reportFailure } from './report';
import { showPipeline } from './show-pipeline';
import { isUnfinished, type Language } from './unfinished';

/** Runs `runspace enter`: lines in, each run in the session, until there are no more. */
export async function runEnter(context: Context): Promise<number> {
  using client = await context.connect();
  const session = await client.sessions.get(context.positionals[0] ?? '');
  using presence = await Presence.begin(client, session.id, { takeOver: context.has('take-over') });
  using lines = lineSource(toHistory(await historyFolder(context)));
  const prompt = new EnteredSession(context, client, session);
  for (;;) {
    const entry = await readEntry(lines, prompt);
    if (entry === undefined) return lines.isInteractive ? exitCodes.ok : prompt.lastExitCode;
    await prompt.submit(entry);
    const loss = presence.loss;
    if (loss !== undefined) throw loss;
  }
}

/** History lies in the state folder, and only there. */
async function historyFolder(context: Context): Promise<string | undefined> {
  const flags = { home: context.text('home'), address: context.text('address') };
  const place = placeOf({ flags, environment: context.environment, settings: await context.settings() });
  return place.is === 'home' ? place.home : undefined;
}

/** One entry, of as many lines as it takes; undefined: there are no more. */
async function readEntry(lines: LineSource, prompt: EnteredSession): Promise<string | undefined> {
  let entry = '';
  for (;;) {
    const line = await lines.next(entry === '' ? prompt.first : '>> ');
    if (line.is === 'end') return entry === '' ? undefined : entry;
    if (line.is === 'interrupted') {
      entry = '';
      continue;
    }
    if (entry === '' && /^\s*exit\s*;?\s*$/i.test(line.text)) return undefined;
    if (line.text.trim() === '' && entry !== '') return entry;
    entry = entry === '' ? line.text : `${entry}\n${line.text}`;
    if (entry.trim() === '') entry = '';
    else if (!isUnfinished(entry, prompt.language)) return entry;
  }
}

const endings: ReadonlySet<string> = new Set([
  'SESSION_NOT_FOUND',
  'SESSION_BROKEN',
  'SESSION_CLOSED',
  'EXPIRED',
]);

class EnteredSession {
  readonly language: Language;
  /** The prompt of a new entry, as PowerShell shows it. */
  readonly first: string;
  /** Of the last entry that ran. */
  lastExitCode: number = exitCodes.ok;
  readonly #context: Context;
  readonly #client: RunspaceClient;
  readonly #session: Session;

  constructor(context: Context, client: RunspaceClient, session: Session) {
    this.#context = context;
    this.#client = client;
    this.#session = session;
    this.language = session.info.engine === 'powershell' ? 'powershell' : 'javascript';
    this.first = `[${session.info.target}]: ${this.language === 'powershell' ? 'PS' : 'JS'}> `;
  }

  /** Runs an entry. What goes wrong is told, and the next entry may follow, unless the session is over. */
  async submit(entry: string): Promise<void> {
    try {
      this.lastExitCode = await showPipeline({
        context: this.#context,
        client: this.#client,
        session: this.#session.name,
        onInterrupt: 'stop',
        open: async (signal) => this.#session.invoke(entry, { acknowledge: true, signal }),
      });
    } catch (error) {
      if (endings.has(reasonOf(error))) throw error;
      await reportFailure(this.#context.terminal, error, 'table');
      this.lastExitCode = exitCodes.failed;
    }
  }
}
