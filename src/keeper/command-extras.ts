import { RunspaceError } from '../core/error';
import type { Value } from '../core/value';
import { preferenceNames, type ActionPreference, type Preferences } from '../engine/engine';
import {
  ActionPreference as ProtoPreference,
  type Command,
  type Preferences as ProtoPreferences,
} from '../gen/runspace/v1/pipeline';
import type { Secrets } from './secrets';
import { valueFromProto } from './value-from-proto';

/** Values for `$Using:` expressions. Throws INVALID_ARGUMENT naming the expression. */
export function usingValuesOf(
  command: Command,
  secrets: Secrets,
): readonly (readonly [expression: string, value: Value])[] {
  return Object.entries(command.usingValues).map(([expression, value]) => {
    const path = `command.using_values.${expression}`;
    if (expression.trim() === '')
      throw new RunspaceError('INVALID_ARGUMENT', 'command.using_values has a value without a name', {
        facts: { path: 'command.using_values' },
      });
    return [expression, valueFromProto(value, path, secrets)] as const;
  });
}

/** What the command wants its streams to do. Errors: INVALID_ARGUMENT, UNSUPPORTED for BREAK. */
export function preferencesOf(message: ProtoPreferences | undefined): Preferences {
  if (message === undefined) return {};
  const chosen = preferenceNames.flatMap((name) => {
    const preference = preferenceOf(message[name], `command.preferences.${name}`);
    return preference === undefined ? [] : [[name, preference] as const];
  });
  return Object.fromEntries(chosen);
}

function preferenceOf(preference: ProtoPreference, path: string): ActionPreference | undefined {
  switch (preference) {
    case ProtoPreference.ACTION_PREFERENCE_UNSPECIFIED:
      return undefined;
    case ProtoPreference.ACTION_PREFERENCE_SILENTLY_CONTINUE:
      return 'SilentlyContinue';
    case ProtoPreference.ACTION_PREFERENCE_STOP:
      return 'Stop';
    case ProtoPreference.ACTION_PREFERENCE_CONTINUE:
      return 'Continue';
    case ProtoPreference.ACTION_PREFERENCE_INQUIRE:
      return 'Inquire';
    case ProtoPreference.ACTION_PREFERENCE_IGNORE:
      return 'Ignore';
    case ProtoPreference.ACTION_PREFERENCE_BREAK:
      throw new RunspaceError(
        'UNSUPPORTED',
        `${path} is Break, and there is no debugger to break in; use Stop or Continue`,
        { facts: { path } },
      );
  }
  // A number off the wire that this version has no name for.
  throw new RunspaceError('INVALID_ARGUMENT', `${path} ${String(preference)} is unknown`, {
    facts: { path },
  });
}
