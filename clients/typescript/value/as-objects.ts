import { toValue } from './to-value';

/**
 * What JSON held, with its objects as objects with properties, as ConvertFrom-Json has them, instead of as tables. One
 * that PowerShell could not have (an empty name, two that differ by case only) stays a table.
 */
export function asObjects(parsed: unknown): unknown {
  if (Array.isArray(parsed)) return parsed.map(asObjects);
  if (typeof parsed !== 'object' || parsed === null) return parsed;
  if ('kind' in parsed && isNumberValue(parsed.kind)) return parsed; // As parseJson keeps a number that is a double.
  const entries = Object.entries(parsed).map(([name, value]) => [name, asObjects(value)] as const);
  const names = new Set(entries.map(([name]) => name.toLowerCase()));
  if (names.has('') || names.size < entries.length) return new Map(entries);
  return {
    kind: {
      $case: 'object',
      value: {
        typeNames: ['System.Management.Automation.PSCustomObject', 'System.Object'],
        text: undefined,
        base: undefined,
        adapted: [],
        extended: entries.map(([name, value]) => ({ name, value: toValue(value), isMemberSet: false })),
        referenceId: 0,
      },
    },
  };
}

function isNumberValue(kind: unknown): boolean {
  return typeof kind === 'object' && kind !== null && '$case' in kind && 'value' in kind;
}
