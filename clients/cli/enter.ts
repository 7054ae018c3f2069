import type { RunspaceClient, Session } from '../typescript';
import type { Context } from './context';
import { exitCodes } from './exit-code';
import { toHistory } from './history';
import { hostCallsOf } from './host-calls';
import { lineSource, type CompleteLine, type LineSource } from './line-source';
import { Presence } from './presence';
import { reasonOf, reportFailure } from './report';
import { displayOption, showPipeline } from './show-pipeline';
import { openSession } from './open-session';
import { onlyPlace, resolveWhere } from './targets/resolve';
import { temporary } from './targets/temporary';
import { UsageError } from './failure';
import { isUnfinished, type Language } from './unfinished';

/** Runs `runspace enter`: lines in, each run in the session, until there are no more. */
export async function runEnter(context: Context): Promise<number> {
  const [name] = context.positionals;
  const where = await resolveWhere(context, name);
  using client = await context.connect();
  switch (where.is) {
    case 'own':
      throw new UsageError(
        'runspace enter needs a session, or a target to make one at; see: runspace enter --help',
      );
    case 'mix':
      throw new UsageError('runspace enter is about one session');
    case 'sessions':
      return await enterSession(context, client, await client.sessions.get(name ?? ''));
    case 'places': {
      const session = await openSession(context, client, await temporary(onlyPlace(where)));
      try {
        return await enterSession(context, client, session);
      } finally {
        await session.remove();
      }
    }
  }
}

async function enterSession(context: Context, client: RunspaceClient, session: Session): Promise<number> {
  using presence = await Presence.begin(client, session.id, { takeOver: context.has('take-over') });
  using lines = lineSource(toHistory(await context.stateFolder()), completionIn(client, session.id));
  const prompt = new EnteredSession(context, client, session);
  if (lines.isInteractive) await prompt.refresh();
  for (;;) {
    const entry = await readEntry(lines, prompt);
    if (entry === undefined) return lines.isInteractive ? exitCodes.ok : prompt.lastExitCode;
    await prompt.submit(entry);
    if (lines.isInteractive) await prompt.refresh();
    const loss = presence.loss;
    if (loss !== undefined) throw loss;
  }
}

/** What the session's engine offers for the end of a line; nothing where it can't, or is busy. */
function completionIn(client: RunspaceClient, session: string): CompleteLine {
  return async (line) => {
    try {
      const { completions, replaceFrom, replaceTo } = await client.sessions.complete(session, line, {
        timeoutMs: 5_000,
      });
      return replaceTo === line.length ? [completions, line.slice(replaceFrom)] : [[], line];
    } catch {
      return [[], line]; // A key that offers nothing is no failure of the prompt.
    }
  };
}

/** History lies in the state folder, and only there. */
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

const languages: Readonly<Record<string, Language>> = {
  powershell: 'powershell',
  javascript: 'javascript',
  python: 'python',
  bash: 'bash',
};

const prompts: Readonly<Record<Language, string>> = {
  powershell: 'PS',
  javascript: 'JS',
  python: 'PY',
  bash: 'bash',
};

class EnteredSession {
  readonly language: Language;
  /** The prompt of a new entry, as PowerShell shows it: `[target]: PS path> `. */
  first: string;
  /** Of the last entry that ran. */
  lastExitCode: number = exitCodes.ok;
  readonly #context: Context;
  readonly #client: RunspaceClient;
  readonly #session: Session;

  constructor(context: Context, client: RunspaceClient, session: Session) {
    this.#context = context;
    this.#client = client;
    this.#session = session;
    this.language = languages[session.info.engine] ?? 'javascript';
    this.first = `[${session.info.target}]: ${prompts[this.language]}> `;
  }

  /** Asks a PowerShell session for its current location, for the prompt. A busy one keeps the prompt it has. */
  async refresh(): Promise<void> {
    if (this.language !== 'powershell') return;
    const script = '$ExecutionContext.SessionState.Path.CurrentLocation.Path';
    try {
      for await (const path of this.#session.invoke(script, { noWait: true, acknowledge: true }).values()) {
        if (typeof path === 'string') this.first = `[${this.#session.info.target}]: PS ${path}> `;
      }
    } catch {
      // It may not be asked (no language mode), or runs something else: the prompt stays.
    }
  }

  /** Runs an entry. What goes wrong is told, and the next entry may follow, unless the session is over. */
  async submit(entry: string): Promise<void> {
    const { size } = this.#context.terminal;
    const options = {
      ...(size === undefined ? {} : { terminal: size }),
      ...(await displayOption(this.#context)),
    };
    try {
      this.lastExitCode = await showPipeline({
        context: this.#context,
        client: this.#client,
        session: this.#session.name,
        onInterrupt: 'stop',
        unattended: hostCallsOf(this.#context) ?? 'fail',
        isShell: this.language === 'bash',
        open: async (signal) => this.#session.invoke(entry, { acknowledge: true, signal, ...options }),
      });
    } catch (error) {
      if (endings.has(reasonOf(error))) throw error;
      await reportFailure(this.#context.terminal, error, 'table');
      this.lastExitCode = exitCodes.failed;
    }
  }
}
