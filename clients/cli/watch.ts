import type { Json, WatchEvent } from '../typescript';
import type { Context } from './context';
import { exitCodes } from './exit-code';
import type { OutputFormat } from './flags';
import { Interrupts } from './interrupts';
import { toYaml } from './output/objects';
import { sessionView } from './output/session-view';

/** Runs `runspace watch`. */
export async function runWatch(context: Context): Promise<number> {
  const format = await context.format('table');
  using client = await context.connect();
  const leave = new AbortController();
  using interrupts = new Interrupts(() => leave.abort());
  try {
    for await (const event of client.sessions.watch({
      sessions: context.positionals,
      signal: leave.signal,
    })) {
      await context.terminal.out(await eventText(event, format));
    }
  } catch (error) {
    if (!leave.signal.aborted) throw error;
  }
  return exitCodes.interrupted;
}

async function eventText(event: WatchEvent, format: OutputFormat): Promise<string> {
  switch (format) {
    case 'table':
      return tableText(event);
    case 'name':
      return event.is === 'session' ? `${event.session.name}\n` : '';
    case 'json':
    case 'ndjson':
      return `${JSON.stringify(eventJson(event))}\n`;
    case 'yaml':
      return toYaml([eventJson(event)]);
  }
}

function eventJson(event: WatchEvent): Json {
  switch (event.is) {
    case 'session':
      return { event: 'session', session: sessionView.json(event.session) };
    case 'ready':
      return { event: 'ready' };
    case 'removed':
      return { event: 'removed', sessionId: event.sessionId };
  }
}

function tableText(event: WatchEvent): string {
  const now = new Date().toISOString();
  switch (event.is) {
    case 'session': {
      const cells = sessionView.columns.map(({ of }) => of(event.session)).filter((cell) => cell !== '');
      return `${now} ${cells.join(' ')}\n`;
    }
    case 'ready':
      return '';
    case 'removed':
      return `${now} removed ${event.sessionId}\n`;
  }
}
