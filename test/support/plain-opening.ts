/** What a session on this machine is opened with that needs nothing special. */
export const plainOpening = {
  preparation: undefined,
  quotas: undefined,
  runAs: undefined,
  place: undefined,
  credential: undefined,
  delegatedToken: '',
  warmPool: undefined,
  findDaemon: false,
} as const;
