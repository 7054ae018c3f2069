import { CreateSessionRequest } from '../../src/gen/runspace/v1/session';
import { StartPipelineRequest } from '../../src/gen/runspace/v1/pipeline';
import { Value } from '../../src/gen/runspace/v1/value';
import { withoutClearTexts } from '../../src/rpc/without-clear-texts';

function secret(text: string): Value {
  return {
    kind: { $case: 'secureString', value: { secretId: '', textUtf16: Buffer.from(text, 'utf16le') } },
  };
}

/** A request with a secret wherever one can stand. */
function requestWith(text: string): StartPipelineRequest {
  const list = Value.fromPartial({
    kind: { $case: 'list', value: { items: [{ kind: undefined }, secret(text)] } },
  });
  const adapted = [{ name: 'Password', value: secret(text) }];
  const object = Value.fromPartial({ kind: { $case: 'object', value: { adapted, base: list } } });
  const key = Value.fromPartial({ kind: { $case: 'string', value: 'k' } });
  const value = Value.fromPartial({
    kind: { $case: 'dictionary', value: { entries: [{ key, value: object }] } },
  });
  const command = { script: 'x', arguments: [{ name: 'a', value }], usingValues: { b: object } };
  return StartPipelineRequest.fromPartial({ requestId: 'r', command });
}

const fingerprinted = (text: string) =>
  StartPipelineRequest.encode(withoutClearTexts(requestWith(text))).finish();

test('P66 what a fingerprint is made of holds no clear text, and the same whatever the secret is', () => {
  const bytes = Buffer.from(fingerprinted('hunter2'));
  expect(bytes.includes(Buffer.from('hunter2', 'utf16le'))).toBe(false);
  expect(bytes.equals(fingerprinted('something else'))).toBe(true);
  expect(bytes.includes('Password')).toBe(true);
});

test('P66 application arguments have their secrets left out too', () => {
  const request = CreateSessionRequest.fromPartial({
    options: { applicationArguments: { a: secret('hunter2') } },
  });
  const { options } = withoutClearTexts(request);
  expect(options?.applicationArguments['a']?.kind).toMatchObject({ value: { textUtf16: new Uint8Array() } });
  expect(request.options?.applicationArguments['a']).toMatchObject(secret('hunter2'));
});

test('a request without secrets stays the very object that it is', () => {
  const request = StartPipelineRequest.fromPartial({
    command: {
      script: 'x',
      arguments: [{ value: { kind: { $case: 'bytes', value: new Uint8Array([1]) } } }],
    },
  });
  expect(withoutClearTexts(request)).toBe(request);
});
