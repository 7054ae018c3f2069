import { RunspaceError } from '../core/error';
import type { JobLimits } from '../job/jobs';

const day = 24 * 60 * 60 * 1_000;
const units: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: day,
  '': 1,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** How long finished jobs are kept: `job-keep` (a time), `job-keep-count`, `job-keep-size`. Error: CONFIGURATION_INVALID. */
export function readJobLimits(setting: (key: string) => string | undefined): JobLimits {
  return {
    keptMs: read('job-keep', setting('job-keep') ?? '7d', /^(\d+)(s|m|h|d)$/i, 'a time such as 12h or 7d'),
    most: read('job-keep-count', setting('job-keep-count') ?? '1000', /^(\d+)()$/, 'a number such as 1000'),
    mostBytes: read(
      'job-keep-size',
      setting('job-keep-size') ?? '1GiB',
      /^(\d+)(|kib|mib|gib|tib)$/i,
      'a size such as 500MiB or 2GiB',
    ),
  };
}

function read(option: string, text: string, form: RegExp, what: string): number {
  const [, digits, unit = ''] = form.exec(text.trim()) ?? [];
  const number = Number(digits) * (units[unit.toLowerCase()] ?? NaN);
  if (Number.isSafeInteger(number)) return number;
  throw new RunspaceError('CONFIGURATION_INVALID', `${option} is "${text}", and must be ${what}`, {
    facts: { option, value: text },
  });
}
