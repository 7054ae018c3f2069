import type { Value } from './value';

/** What a host call that waits for a person is answered with. */
export type HostReply =
  | { readonly is: 'value'; readonly value: Value }
  /** There is no answer, and the script is told why. */
  | { readonly is: 'refused'; readonly message: string }
  /** The call's own default, as if the person had just pressed Enter; a call without one is unanswered. */
  | { readonly is: 'default' }
  /** Nobody is there to answer, and it is not to be waited for: HOST_CALL_UNANSWERED. */
  | { readonly is: 'unanswered' };
