import { HostCallPolicy } from '../typescript';

/** What becomes of questions that nobody answers, as it is written on the command line. */
export const hostCallPolicies = {
  wait: HostCallPolicy.HOST_CALL_POLICY_WAIT,
  fail: HostCallPolicy.HOST_CALL_POLICY_FAIL,
  default: HostCallPolicy.HOST_CALL_POLICY_DEFAULT,
} as const;

/** Whether that is the name of one, in lower case. */
export function isHostCallPolicyName(text: string): text is keyof typeof hostCallPolicies {
  return Object.hasOwn(hostCallPolicies, text);
}
