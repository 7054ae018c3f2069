import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findingOf, tryOne, type Finding } from './run';
import { targets } from './targets';

const corpus = join(__dirname, 'corpus');
/** `make fuzz` says for how long, and from which seed on. */
const seconds = Number(process.env['FUZZ_SECONDS'] ?? '0');
const firstSeed = Number(process.env['FUZZ_SEED'] ?? '1');

test('what fuzzing has found once is read well ever after', () => {
  const findings = targets.flatMap((target) => {
    const folder = join(corpus, target.name);
    const names = existsSync(folder) ? readdirSync(folder) : [];
    return names.flatMap((name) => findingOf(target, readFileSync(join(folder, name))) ?? []);
  });
  expect(findings.map(shown)).toEqual([]);
});

test.each(targets.map((target) => [target.name, target] as const))(
  'broken input of %s is read or refused, the same however it comes, and nothing else happens',
  (_, target) => {
    const forMs = 1_000 + (seconds * 1_000) / targets.length;
    const findings = new Map<string, Finding>();
    const end = Date.now() + forMs;
    for (let seed = firstSeed; Date.now() < end && (seconds > 0 || seed <= 1_000); seed += 1) {
      const finding = tryOne(seed, [target]);
      // One of a kind is enough to mend it.
      if (finding !== undefined) findings.set(String(finding.error), finding);
    }
    for (const finding of findings.values()) keep(finding);
    expect([...findings.values()].map(shown)).toEqual([]);
  },
  60_000 + seconds * 1_000,
);

function keep({ target, name, input }: Finding): void {
  mkdirSync(join(corpus, target), { recursive: true });
  writeFileSync(join(corpus, target, name), input);
}

function shown({ target, name, error }: Finding): string {
  return `corpus/${target}/${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
