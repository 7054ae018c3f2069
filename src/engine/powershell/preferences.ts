import { nullValue, stringValue, type Value } from '../../core/value';
import { preferenceNames, type Preferences } from '../engine';
import type { Aside } from './aside';

type PreferenceName = (typeof preferenceNames)[number];

/** Preferences that are set, and how the session had them before. */
export interface SetPreferences {
  readonly preferences: Preferences;
  readonly before: readonly Value[];
}

/** Whether there is anything to set. */
export function hasPreferences(preferences: Preferences | undefined): preferences is Preferences {
  return preferences !== undefined && namesIn(preferences).length > 0;
}

/** Sets the session's preference variables; the answer is what they were, in order. */
export function setPreferences(preferences: Preferences): Aside {
  const names = namesIn(preferences);
  const before = names.map((name) => `"$(${variableOf(name)})"`);
  const sets = names.map((name) => `${variableOf(name)} = '${preferences[name] ?? ''}'`);
  return { script: [...before, ...sets].join('\n'), arguments: [] };
}

/** Gives the preference variables back what they were, but for those that the command set to something else. */
export function restorePreferences({ preferences, before }: SetPreferences): Aside {
  const names = namesIn(preferences);
  const parameters = names.map((name) => `[string]$${name}`).join(', ');
  const lines = names.map(
    (name) =>
      `if ("$(${variableOf(name)})" -eq '${preferences[name] ?? ''}') { ${variableOf(name)} = $${name} }`,
  );
  return {
    script: [`param(${parameters})`, ...lines].join('\n'),
    arguments: names.map((name, index) => ({ name, value: stringValue(textOfOld(before[index])) })),
  };
}

function textOfOld(value: Value = nullValue): string {
  return value.type === 'string' ? value.value : '';
}

function namesIn(preferences: Preferences): readonly PreferenceName[] {
  return preferenceNames.filter((name) => preferences[name] !== undefined);
}

function variableOf(name: PreferenceName): string {
  const stream = name === 'error' ? 'ErrorAction' : name.charAt(0).toUpperCase() + name.slice(1);
  return `$global:${stream}Preference`;
}
