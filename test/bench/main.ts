import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { commandLine } from './command-line';
import { growth } from './growth';
import { journal } from './journal';
import { describeMachine, loadNow } from './machine';
import { memory } from './memory';
import { readOptions, type Options } from './options';
import { places, powershellHere } from './places';
import { reader } from './reader';
import type { Part, Row } from './result';
import { roundTrip } from './round-trip';
import { sessionOpen } from './session-open';
import { tableOf } from './table';
import { throughput } from './throughput';

/**
 * Measures what shared/performance.md names, beside PowerShell's own client (peer) and what the same costs without us
 * (limit), in one run and by turns: `make bench`, or `make bench ARGS='round-trip reader --effort 2'`.
 */
const parts: readonly Part[] = [
  sessionOpen,
  roundTrip,
  throughput,
  reader,
  journal,
  memory,
  commandLine,
  growth,
];

/** One part, as it went. */
interface Outcome {
  readonly name: string;
  readonly how: string;
  readonly seconds: number;
  /** Load of the machine when it began and when it ended. */
  readonly load: readonly [before: number, after: number];
  readonly rows: readonly Row[];
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), parts);
  if (options.isHelpWanted) {
    print(
      'make bench ARGS="[PART …] [--effort N] [--full]"   N multiplies the rounds; --full (FULL=1) adds the long parts',
    );
    for (const { name, how } of parts) print(`  ${name}: ${how}`);
    return;
  }
  const powershell = powershellHere();
  const machine = describeMachine();
  print(
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.platform}, node ${machine.node}`,
  );
  print(
    powershell === undefined
      ? 'No PowerShell here: neither engine nor peer.'
      : `PowerShell: ${kindOf(powershell)}`,
  );
  if (options.effort !== 1) print(`Effort ${options.effort}: so many times the rounds that are named.`);
  const outcomes: Outcome[] = [];
  for (const part of parts) {
    if (options.parts.includes(part.name)) outcomes.push(await measure(part, { powershell, options }));
  }
  const result = { date: new Date().toISOString(), machine, effort: options.effort, parts: outcomes };
  mkdirSync(path.dirname(places.result), { recursive: true });
  writeFileSync(places.result, `${JSON.stringify(result, undefined, 2)}\n`);
}

async function measure(
  part: Part,
  { powershell, options }: { powershell: string | undefined; options: Options },
): Promise<Outcome> {
  const before = loadNow();
  const start = performance.now();
  const rows = await part.run({ powershell, effort: options.effort });
  const seconds = (performance.now() - start) / 1000;
  const load = [before, loadNow()] as const;
  print(
    `\n## ${part.name} (${seconds.toFixed(0)} s, load ${load.map((one) => one.toFixed(1)).join(' to ')})`,
  );
  print(`${part.how}.\n\n${tableOf(rows)}`);
  return { name: part.name, how: part.how, seconds, load, rows };
}

/** Not its path: that names this machine. */
function kindOf(powershell: string): string {
  return powershell === places.minimalHost ? 'the bundled minimal host' : path.basename(powershell);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
