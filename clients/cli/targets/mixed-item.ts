import type { Target } from '../../typescript';
import type { GivenFlag } from '../words';

/** One item of --targets: what the flags of a line of its own would say, or a place as it was before. */
export type MixedItem =
  | { readonly is: 'line'; readonly flags: readonly GivenFlag[] }
  | { readonly is: 'place'; readonly target: Target; readonly flags: readonly GivenFlag[] };
