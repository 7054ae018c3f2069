import { UsageError } from './failure';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7 };

/**
 * A time in ms: `12h`, `1h30m`, `1.5s`, `250ms`, `hh:mm:ss` as PowerShell writes it, or a bare number of milliseconds.
 * Throws UsageError, naming `what`.
 */
export function parseDuration(text: string, what: string): number {
  const ms = bareMs(text) ?? clockMs(text) ?? unitsMs(text.toLowerCase());
  if (ms !== undefined && Number.isSafeInteger(Math.round(ms))) return ms;
  const remedy = 'write it as 12h, 30m, 45s, 250ms, 1h30m, 01:30:00, or in milliseconds';
  throw new UsageError(`${what}: '${text}' is no time; ${remedy}`, 'INVALID_ARGUMENT', {
    metadata: { value: text },
  });
}

function bareMs(text: string): number | undefined {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** `[d.]hh:mm:ss[.fff]`. */
function clockMs(text: string): number | undefined {
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)$/.exec(text);
  if (match === null) return undefined;
  const [, days = '0', hours, minutes, seconds] = match;
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 6e4 + Number(seconds) * 1e3;
}

function unitsMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  return parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (unitMs[unit] ?? 0), 0);
}

/** A time as a table shows it, in its two largest units: `1h59m`, `42s`, `3d4h`. */
export function showDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1e3));
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([number]) => number > 0);
  if (first < 0) return '0s';
  const shown = parts.slice(first, first + 2).filter(([number]) => number > 0);
  return shown.map(([number, unit]) => `${String(number)}${unit}`).join('');
}
