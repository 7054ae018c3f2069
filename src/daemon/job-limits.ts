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

interface Form {
  readonly usual: string;
  readonly pattern: RegExp;
  /** What it must be, for people. */
  readonly what: string;
}

const forms = {
  'job-keep': { usual: '7d', pattern: /^(\d+)(s|m|h|d)$/i, what: 'a time such as 12h or 7d' },
  'job-keep-count': { usual: '1000', pattern: /^(\d+)()$/, what: 'a number such as 1000' },
  'job-keep-size': {
    usual: '1GiB',
    pattern: /^(\d+)(|kib|mib|gib|tib)$/i,
    what: 'a size such as 500MiB or 2GiB',
  },
} as const satisfies Readonly<Record<string, Form>>;

/** How long finished jobs are kept: `job-keep` (a time), `job-keep-count`, `job-keep-size`. Error: CONFIGURATION_INVALID. */
export function readJobLimits(setting: (key: string) => string | undefined): JobLimits {
  const read = (option: keyof typeof forms): number => {
    const { usual, pattern, what } = forms[option];
    const text = setting(option) ?? usual;
    const [, digits, unit = ''] = pattern.exec(text.trim()) ?? [];
    const number = Number(digits) * (units[unit.toLowerCase()] ?? NaN);
    if (Number.isSafeInteger(number)) return number;
    throw new RunspaceError('CONFIGURATION_INVALID', `${option} is "${text}", and must be ${what}`, {
      facts: { option, value: text },
    });
  };
  return { keptMs: read('job-keep'), most: read('job-keep-count'), mostBytes: read('job-keep-size') };
}
