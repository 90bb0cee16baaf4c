import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import Hapi from '@hapi/hapi';
import t from 'tap';
import { createTls, TLS_OPTIONS, type Tls } from '../../core/http/tls.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const dataDir = t.testdir();
const started = performance.now();
const first = await createTls(dataDir, ['records.example.org', '10.1.2.3']);
const tookMs = performance.now() - started;

t.test('the certificates', async (t) => {
  const leaf = new X509Certificate(first.cert);
  const ca = new X509Certificate(first.ca);
  t.same(leaf.subjectAltName?.split(', ').sort(), ['DNS:localhost', 'DNS:records.example.org', 'IP Address:0:0:0:0:0:0:0:1', 'IP Address:10.1.2.3', 'IP Address:127.0.0.1']);
  t.ok(leaf.checkIssued(ca) && leaf.verify(ca.publicKey));
  t.ok(ca.ca && !leaf.ca);
  t.same(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1'], 'server authentication and nothing else');
  t.ok(leaf.validToDate.getTime() - leaf.validFromDate.getTime() <= 397 * DAY_MS);
  t.equal(ca.publicKey.asymmetricKeyDetails?.modulusLength, 3072);
  t.equal(leaf.publicKey.asymmetricKeyDetails?.modulusLength, 2048);
  t.ok(BigInt(`0x${leaf.serialNumber}`) > 0n && leaf.serialNumber.length === 32 && leaf.serialNumber !== ca.serialNumber);
  t.ok(tookMs < 5000, `took ${Math.round(tookMs)} ms`);
});

t.test('files', async (t) => {
  for (const name of ['ca-key.pem', 'server-key.pem']) t.equal(statSync(`${dataDir}/tls/${name}`).mode & 0o777, 0o600, name);
  t.equal(statSync(`${dataDir}/tls`).mode & 0o777, 0o700);
  t.equal(readFileSync(first.caFile, 'utf8'), first.ca);
  t.notMatch(first.ca, 'PRIVATE KEY');
});

t.test('a handshake', async (t) => {
  const server = Hapi.server({ port: 0, host: '127.0.0.1', tls: { key: first.key, cert: first.cert, ...TLS_OPTIONS } });
  server.route({ method: 'GET', path: '/', handler: (message) => (message.raw.req.socket as import('node:tls').TLSSocket).getProtocol() });
  await server.start();
  t.teardown(() => server.stop());
  const { port } = server.listener.address() as AddressInfo;
  const get = (options: ConnectionOptions): Promise<string> => new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, agent: false, ...options }, (answer) => answer.setEncoding('utf8').once('data', resolve));
    sent.on('error', reject).end();
  });

  t.equal(await get({ ca: first.ca }), 'TLSv1.3', 'by address');
  for (const servername of ['localhost', 'records.example.org']) t.equal(await get({ ca: first.ca, servername }), 'TLSv1.3', servername);
  await t.rejects(get({ ca: first.ca, servername: 'elsewhere.example.org' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  await t.rejects(get({}), { code: /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN/ }, 'nobody trusts it without the authority');
  await t.rejects(get({ ca: first.ca, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }), /alert protocol version/, 'TLS 1.2 is refused');
});

t.test('kept, renewed, replaced', async (t) => {
  const same = (one: Tls, other: Tls): [boolean, boolean] => [one.ca === other.ca, one.cert === other.cert];
  t.same(same(await createTls(dataDir, ['records.example.org', '10.1.2.3']), first), [true, true], 'the next start takes what is there');
  t.same(same(await createTls(dataDir, []), first), [true, true], 'a name more in the certificate does no harm');
  const renamed = await createTls(dataDir, ['new.example.org']);
  t.same(same(renamed, first), [true, false], 'a new name: a new certificate under the same authority');
  const at = Date.now();
  t.same(same(await createTls(dataDir, ['new.example.org'], at + 366 * DAY_MS), renamed), [true, true], '31 days before its end it stays');
  const renewed = await createTls(dataDir, ['new.example.org'], at + 368 * DAY_MS);
  t.same(same(renewed, renamed), [true, false], '29 days before its end it is renewed');
  const old = await createTls(dataDir, ['new.example.org'], at + 3260 * DAY_MS);
  t.not(old.ca, first.ca, 'an authority that would end before its next certificate is replaced');
  t.ok(new X509Certificate(old.cert).verify(new X509Certificate(old.ca).publicKey));
  t.equal(readFileSync(old.caFile, 'utf8'), old.ca);
});

t.test('two programs that start at once agree on one authority', async (t) => {
  const folder = t.testdir();
  const [one, other] = await Promise.all([createTls(folder, []), createTls(folder, [])]);
  t.equal(one.ca, other.ca);
  for (const { ca, cert } of [one, other]) t.ok(new X509Certificate(cert).verify(new X509Certificate(ca).publicKey));
});
