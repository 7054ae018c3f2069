import type { SessionRecord } from '../../typescript';
import type { Terminal } from '../terminal';

type ProgressOf<Record> = Record extends { readonly stream: 'progress' } ? Record : never;
type Progress = ProgressOf<SessionRecord>;

const barWidth = 20;

/** Progress bars, a line each, children below their parents, written over; nothing where standard error is no terminal. */
export class ProgressLines {
  readonly #terminal: Terminal;
  readonly #bars = new Map<number, Progress>();
  /** Lines that are on the screen now. */
  #shown = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** The text that shows all bars with this one as it is now. */
  show(record: Progress): string {
    if (!this.#terminal.isShown) return '';
    this.#bars.delete(record.activityId);
    if (record.completed) this.#removeBelow(record.activityId);
    else this.#bars.set(record.activityId, record);
    const cleared = this.clear();
    const lines = this.#lines();
    this.#shown = lines.length;
    return cleared + lines.join('\n');
  }

  /** The text that takes the lines away until there is news of one of them. */
  clear(): string {
    const text = this.#shown === 0 ? '' : `\r\x1b[K${'\x1b[1A\x1b[K'.repeat(this.#shown - 1)}`;
    this.#shown = 0;
    return text;
  }

  #removeBelow(parent: number): void {
    for (const [id, { parentActivityId }] of [...this.#bars]) {
      if (parentActivityId !== parent || !this.#bars.delete(id)) continue;
      this.#removeBelow(id);
    }
  }

  #lines(): readonly string[] {
    const width = (this.#terminal.size?.columns ?? 80) - 1;
    const isTop = ({ activityId, parentActivityId }: Progress): boolean =>
      parentActivityId === activityId || !this.#bars.has(parentActivityId);
    const lines: string[] = [];
    const add = (bar: Progress, depth: number): void => {
      lines.push(`${'  '.repeat(depth)}${barText(bar)}`.slice(0, width));
      for (const child of this.#bars.values()) {
        if (child.parentActivityId === bar.activityId && child !== bar && depth < 8) add(child, depth + 1);
      }
    };
    for (const bar of this.#bars.values()) if (isTop(bar)) add(bar, 0);
    return lines;
  }
}

function barText({
  activity,
  statusDescription,
  currentOperation,
  percentComplete,
  secondsRemaining,
}: Progress): string {
  const parts = [
    `${activity}:`,
    ...(percentComplete < 0 ? [] : [barOf(percentComplete)]),
    statusDescription,
    currentOperation,
    ...(secondsRemaining < 0 ? [] : [`${timeText(secondsRemaining)} left`]),
  ];
  return parts
    .filter((part) => part !== '')
    .join(' ')
    .replace(/\p{Cc}/gu, ' ');
}

function barOf(percent: number): string {
  const filled = Math.round((Math.min(percent, 100) / 100) * barWidth);
  return `[${'#'.repeat(filled)}${' '.repeat(barWidth - filled)}] ${String(percent)} %`;
}

function timeText(seconds: number): string {
  const two = (number: number): string => String(Math.trunc(number)).padStart(2, '0');
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}
