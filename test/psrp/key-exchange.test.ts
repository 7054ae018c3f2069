import { nodeCodec as codec } from '../../src/engine/powershell/node-codec';
import { nodeCryptography as cryptography } from '../../src/engine/powershell/node-cryptography';
import { RemoteProtocolError } from '../../src/psrp/errors';
import {
  newSessionKey,
  openPlainSecureString,
  openSecureString,
  openSessionKey,
  publicKeyBlob,
  sealPlainSecureString,
  sealSecureString,
  sealSessionKey,
} from '../../src/psrp/key-exchange';

const platform = { codec, cryptography };
const key = cryptography.generateRsaKey();
const sessionKey = newSessionKey(cryptography);

test('the public key is a CAPI PUBLICKEYBLOB of 2048 bits', () => {
  const blob = Buffer.from(publicKeyBlob(key, codec), 'base64');
  expect(blob.subarray(0, 20).toString('hex')).toBe(
    '06020000' + '00a40000' + '52534131' + '00080000' + '01000100',
  );
  expect(blob.subarray(20)).toEqual(Buffer.from(key.modulus).reverse());
});

test('the session key is a CAPI SIMPLEBLOB of 268 bytes', () => {
  const blob = Buffer.from(sealSessionKey(sessionKey, key, platform), 'base64');
  expect(blob.subarray(0, 12).toString('hex')).toBe('010200001066000000a40000');
  expect(blob).toHaveLength(268);
});

test('a secure string survives under the session key, lone surrogates included', () => {
  const sealed = sealSecureString('p4ss \ud83d', sessionKey, platform);
  expect(openSecureString(sealed, sessionKey, platform)).toBe('p4ss \ud83d');
});

test('another key opens nothing', () => {
  const sealed = sealSecureString('p4ss', sessionKey, platform);
  expect(openSecureString(sealed, newSessionKey(cryptography), platform)).not.toBe('p4ss');
});

test('a secure string of 2.4 is base64 of UTF-16', () => {
  expect(sealPlainSecureString('p4ss', codec)).toBe('cAA0AHMAcwA=');
  expect(openPlainSecureString('cAA0AHMAcwA=', codec)).toBe('p4ss');
});

const other = sealSessionKey(sessionKey, cryptography.generateRsaKey(), platform);
const blob = Buffer.from(sealSessionKey(sessionKey, key, platform), 'base64');

test.each([
  ['no base64', '***'],
  ['too short', blob.subarray(0, 200).toString('base64')],
  ['a wrong head', Buffer.concat([Buffer.from([9]), blob.subarray(1)]).toString('base64')],
  ['sealed with another key', other],
  ['no number of ours', Buffer.concat([blob.subarray(0, 12), Buffer.alloc(256, 255)]).toString('base64')],
])('a session key that is %s breaks the protocol', (_, text) => {
  expect(() => openSessionKey(text, key, codec)).toThrow(RemoteProtocolError);
});
