/** What an engine may be able to do, by the names that DescribeSession gives. */
export const abilityNames = [
  /** ResetSession. */
  'reset',
  /** CompleteInput. */
  'completeInput',
  /** Command.using_values. */
  'usingValues',
  /** Command.preferences have an effect. */
  'preferences',
  /** Command.invocation_info. */
  'invocationInfo',
  /** Commands may ask their host. */
  'hostCalls',
  /** Secure strings are taken and written. */
  'secureStrings',
  /** SessionOptions.culture and ui_culture. */
  'cultures',
] as const;

/** One of them. */
export type Ability = (typeof abilityNames)[number];
