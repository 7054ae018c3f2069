import { RunspaceError } from '../core/error';

/** Refuses what no process can have in its environment. Error: INVALID_ARGUMENT, naming the variable. */
export function checkEnvironment(environment: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(environment)) {
    const why = problemOf(name, value);
    if (why === undefined) continue;
    throw new RunspaceError('INVALID_ARGUMENT', `the environment variable ${JSON.stringify(name)} ${why}`, {
      facts: { field: 'environment', variable: name },
    });
  }
}

function problemOf(name: string, value: string): string | undefined {
  if (name === '') return 'has no name; give it one or leave it out';
  if (name.includes('=')) return 'has a "=" in its name; names end at the first one';
  if (name.includes('\0') || value.includes('\0')) return 'holds a zero character; no variable can';
  return undefined;
}
