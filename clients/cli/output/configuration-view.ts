import { toJson, type ConfigurationInfo } from '../../typescript';
import type { View } from './objects';
import { shownEnum } from './session-view';
import { oneLine } from './table';

/** How session configurations are shown. */
export const configurationView: View<ConfigurationInfo> = {
  columns: [
    { title: 'Name', of: ({ name }) => name },
    { title: 'Engine', of: ({ engine }) => engine },
    { title: 'Source', of: ({ source }) => shownEnum(source, 'CONFIGURATION_SOURCE_') },
    { title: 'Version', align: 'right', of: ({ version }) => version.toString() },
    { title: 'RunAsUser', of: ({ runAsUser }) => runAsUser },
    { title: 'LanguageMode', of: ({ languageMode }) => shownEnum(languageMode, 'LANGUAGE_MODE_') },
    { title: 'Description', of: descriptionOf },
  ],
  name: ({ name }) => name,
  json: (configuration) => toJson(configuration, 'emit'),
};

/** Of one that can't be used, why. */
function descriptionOf({ description, problem }: ConfigurationInfo): string {
  return oneLine(problem === undefined ? description : `can't be used: ${problem.message}`);
}
