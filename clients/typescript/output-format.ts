import { ValueFormat } from './gen/runspace/v1/pipeline';

/** In which form output values are sent as text. */
export type OutputTextFormat = 'clixml' | 'json';

/** The form as the API has it. */
export function toValueFormat(format: OutputTextFormat | undefined): ValueFormat {
  switch (format) {
    case undefined:
      return ValueFormat.VALUE_FORMAT_VALUE;
    case 'clixml':
      return ValueFormat.VALUE_FORMAT_CLIXML;
    case 'json':
      return ValueFormat.VALUE_FORMAT_JSON;
  }
}
