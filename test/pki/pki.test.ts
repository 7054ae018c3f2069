import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { checkServerIdentity, connect, createServer, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { writeBundle } from '../../src/pki/bundle';
import { PkiFolder, type Bundle } from '../../src/pki/pki-folder';
import { temporaryFolder } from '../support/temporary-folder';

async function fleet() {
  const folder = temporaryFolder();
  const pki = new PkiFolder(join(folder.path, 'pki'), () => new Date());
  await pki.init('the fleet');
  return { folder, pki, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

/** What a real TLS server and a real TLS client with these certificates say of each other. */
async function handshake(
  server: Bundle,
  client: Bundle,
  { host, crl }: { host: string; crl?: string },
): Promise<string> {
  const listener = createServer(
    {
      cert: server.own.certificate,
      key: server.own.key,
      ca: server.authority,
      requestCert: true,
      rejectUnauthorized: true,
      ...(crl === undefined ? {} : { crl }),
    },
    (socket: TLSSocket) => socket.end(String(socket.getPeerCertificate().subject.CN)),
  );
  listener.on('tlsClientError', () => undefined);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  try {
    const socket = connect({
      host: '127.0.0.1',
      port,
      ca: client.authority,
      cert: client.own.certificate,
      key: client.own.key,
      minVersion: 'TLSv1.2',
      checkServerIdentity: (_host, certificate) => checkServerIdentity(host, certificate),
    });
    const [first] = await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => ['closed'])]);
    return String(first);
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  } finally {
    listener.close();
  }
}

test('P22 P23: server and client of one authority accept each other, by name and by address', async () => {
  using around = await fleet();
  const server = await around.pki.issue({ is: 'server', names: ['b.example.com', '127.0.0.2', '::1'] });
  const client = await around.pki.issue({ is: 'client', name: 'alice' });
  const said = await Promise.all(
    ['b.example.com', '127.0.0.2', '::1', 'c.example.com', '127.0.0.3'].map((host) =>
      handshake(server, client, { host }),
    ),
  );
  expect(said).toEqual([
    'alice',
    'alice',
    'alice',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ]);
});

test('a client of another authority, a client certificate as a server and a revoked client are refused', async () => {
  using around = await fleet();
  using other = await fleet();
  const server = await around.pki.issue({ is: 'server', names: ['127.0.0.1'] });
  const alice = await around.pki.issue({ is: 'client', name: 'alice' });
  const mallory = await other.pki.issue({ is: 'client', name: 'alice' });
  await around.pki.revoke('alice');
  const crl = readFileSync(join(around.folder.path, 'pki', 'crl.pem'), 'utf8');
  const bob = await around.pki.issue({ is: 'client', name: 'bob' });
  const host = '127.0.0.1';
  expect({
    bob: await handshake(server, bob, { host, crl }),
    revoked: await handshake(server, alice, { host, crl }),
    other: await handshake(server, { ...mallory, authority: alice.authority }, { host, crl }),
    wrongUse: await handshake(alice, bob, { host }),
  }).toEqual({
    bob: 'bob',
    revoked: expect.not.stringMatching(/^alice$/),
    other: expect.not.stringMatching(/^alice$/),
    wrongUse: expect.not.stringMatching(/^bob$/),
  });
});

test('keys are readable by their owner alone, and never overwritten', async () => {
  using around = await fleet();
  const use = { is: 'client', name: 'alice' } as const;
  const out = join(around.folder.path, 'out');
  const paths = writeBundle(out, use, await around.pki.issue(use));
  const keys = [...paths.filter((path) => path.endsWith('.key')), join(around.folder.path, 'pki', 'ca.key')];
  expect(keys.map((path) => statSync(path).mode & 0o077)).toEqual([0, 0]);
  const again = await around.pki.issue(use);
  expect(() => writeBundle(out, use, again)).toThrow('is there already');
  await expect(around.pki.init('again')).rejects.toThrow('already');
});

test('what was issued is listed, revoked ones with their day; one that is not there is an error', async () => {
  using around = await fleet();
  await around.pki.issue({ is: 'server', names: ['b'] });
  await around.pki.issue({ is: 'client', name: 'alice' });
  const [, alice] = around.pki.issued();
  await around.pki.revoke(alice?.thumbprint.toUpperCase().match(/../g)?.join(':') ?? '');
  expect(
    around.pki.issued().map(({ use, subject, revokedAt }) => [use, subject, revokedAt !== undefined]),
  ).toEqual([
    ['server', 'b', false],
    ['client', 'alice', true],
  ]);
  await expect(around.pki.revoke('alice')).rejects.toThrow('no valid certificate');
  await expect(around.pki.issue({ is: 'client', name: 'a/../b c' })).rejects.toThrow('is no name');
});
