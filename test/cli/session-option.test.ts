import { HostCallPolicy } from '../../clients/typescript';
import { readSessionOptions, sessionOptionNames } from '../../clients/cli/session-option';

describe('P57 the grammar of session options', () => {
  test.each([
    ['IdleTimeout=12h', { idleTimeoutMs: 43_200_000 }],
    ['idletimeout=43200000', { idleTimeoutMs: 43_200_000 }],
    ['IdleTimeoutMSec=60000', { idleTimeoutMs: 60_000 }],
    ['IdleTimeout=-1', {}],
    ['OpenTimeout=1m30s', { openTimeoutMs: 90_000 }],
    ['OpenTimeoutMSec=5000', { openTimeoutMs: 5_000 }],
    ['MaximumReceivedObjectSize=1MB', { maximumReceivedObjectSize: 1_048_576 }],
    ['maximumReceivedObjectSize = 1000', { maximumReceivedObjectSize: 1_000 }],
    ['Lifetime=1d', { lifetimeMs: 86_400_000 }],
    ['ApplicationArguments={"a":1,"b":["x,y"]}', { applicationArguments: { a: 1, b: ['x,y'] } }],
    ['HostCalls=Fail', { hostCalls: HostCallPolicy.HOST_CALL_POLICY_FAIL }],
    ['', {}],
  ])('%s', (text, choices) => {
    expect(readSessionOptions([text])).toEqual({ choices, buffering: undefined, warnings: [] });
  });

  test.each([
    ['OutputBufferingMode=Drop', 'drop'],
    ['outputbufferingmode=none', 'block'],
    ['OutputBufferingMode=Block', 'block'],
  ])('%s', (text, buffering) => {
    expect(readSessionOptions([text])).toEqual({ choices: {}, buffering, warnings: [] });
  });

  test('several stand in one text or in several, and the later of two wins', () => {
    expect(readSessionOptions(['OutputBufferingMode=Drop,IdleTimeout=1h', 'IdleTimeout=2h'])).toEqual({
      choices: { idleTimeoutMs: 7_200_000 },
      buffering: 'drop',
      warnings: [],
    });
  });

  test('an unknown name is refused with the list of all', () => {
    expect(() => readSessionOptions(['IdleTimeuot=1h'])).toThrow(
      expect.objectContaining({
        reason: 'OPTION_UNKNOWN',
        message: expect.stringContaining(sessionOptionNames.join(', ')),
      }),
    );
  });

  test.each(['ProxyAccessType=None'])('%s is known and means nothing here, which a warning says', (text) => {
    expect(readSessionOptions([text])).toEqual({
      choices: {},
      buffering: undefined,
      warnings: [expect.stringMatching(/^OPTION_HAS_NO_EFFECT: .*transport local/)],
    });
  });

  test.each([
    ['Culture=de-DE', { culture: 'de-DE' }],
    ['uiculture=en-GB', { uiCulture: 'en-GB' }],
    ['CancelTimeoutMSec=0', { cancelTimeoutMs: 0x7fffffff }],
    ['CancelTimeout=2s', { cancelTimeoutMs: 2_000 }],
    ['OperationTimeout=1500', { operationTimeoutMs: 1_500 }],
    ['MaximumReceivedDataSizePerCommandMB=1MB', { maximumReceivedDataSizePerCommand: 1_048_576 }],
    ['MaximumConnectionRedirectionCount=1', { maximumRedirection: 1 }],
    ['SkipCACheck', { skipCaCheck: true }],
    ['SkipCNCheck=false', { skipCnCheck: false }],
    ['MaxConnectionRetryCount=3', { maximumConnectionRetryCount: 3 }],
  ])('P57 %s is what the daemon gets', (text, choices) => {
    expect(readSessionOptions([text])).toEqual({ choices, buffering: undefined, warnings: [] });
  });

  test.each([
    'IdleTimeout=soon',
    'IdleTimeout',
    'IdleTimeout=',
    'OutputBufferingMode=Sometimes',
    'MaximumReceivedObjectSize=1XB',
    'MaxConnectionRetryCount=many',
    'SkipCACheck=perhaps',
    'ApplicationArguments=[1]',
  ])('%s is refused by name', (text) => {
    const [name = ''] = text.split('=');
    expect(() => readSessionOptions([text])).toThrow(
      expect.objectContaining({ reason: 'INVALID_ARGUMENT', message: expect.stringContaining(name) }),
    );
  });

  test('encryption is never switched off', () => {
    expect(() => readSessionOptions(['NoEncryption'])).toThrow(
      expect.objectContaining({ reason: 'UNSUPPORTED' }),
    );
  });
});
