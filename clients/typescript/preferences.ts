import { ActionPreference, type Preferences } from './gen/runspace/v1/pipeline';

/** What a command does when it writes to a stream, PowerShell's names. */
export type PreferenceName = 'SilentlyContinue' | 'Stop' | 'Continue' | 'Inquire' | 'Ignore';

/** Preferences of one command, PowerShell's common parameters; other engines pass over them. */
export interface CommandPreferences {
  readonly verbose?: PreferenceName;
  readonly debug?: PreferenceName;
  readonly error?: PreferenceName;
  readonly warning?: PreferenceName;
  readonly information?: PreferenceName;
  readonly progress?: PreferenceName;
}

const messages: Readonly<Record<PreferenceName, ActionPreference>> = {
  SilentlyContinue: ActionPreference.ACTION_PREFERENCE_SILENTLY_CONTINUE,
  Stop: ActionPreference.ACTION_PREFERENCE_STOP,
  Continue: ActionPreference.ACTION_PREFERENCE_CONTINUE,
  Inquire: ActionPreference.ACTION_PREFERENCE_INQUIRE,
  Ignore: ActionPreference.ACTION_PREFERENCE_IGNORE,
};

/** The names of all preferences. */
export const preferenceNames = Object.keys(messages) as readonly PreferenceName[];

/** The preferences as a message; undefined where none is chosen. */
export function toPreferences(chosen: CommandPreferences | undefined): Preferences | undefined {
  if (chosen === undefined) return undefined;
  const message = (name: PreferenceName | undefined): ActionPreference =>
    name === undefined ? ActionPreference.ACTION_PREFERENCE_UNSPECIFIED : messages[name];
  return {
    verbose: message(chosen.verbose),
    debug: message(chosen.debug),
    error: message(chosen.error),
    warning: message(chosen.warning),
    information: message(chosen.information),
    progress: message(chosen.progress),
  };
}
