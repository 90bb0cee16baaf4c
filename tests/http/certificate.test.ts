import { rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import Hapi from '@hapi/hapi';
import t from 'tap';
import { readConfig } from '../../core/config.ts';
import { keepCertificate, readCertificate } from '../../core/http/certificate.ts';
import { createTls, TLS_OPTIONS } from '../../core/http/tls.ts';
import { createLog } from '../../core/log.ts';

const EVERY_MS = 15;

t.test('a certificate that was renewed is shown without a restart, and one that is not whole is not', async (t) => {
  const folder = t.testdir({ first: {}, second: {} });
  const [one, two] = await Promise.all([createTls(`${folder}/first`, []), createTls(`${folder}/second`, [])]);
  const files = { cert: `${folder}/chain.pem`, key: `${folder}/key.pem` };
  const put = (name: 'cert' | 'key', text: string) => writeFileSync(files[name], text);
  put('cert', one.cert);
  put('key', one.key);
  const config = readConfig('production', { WARDKEEP_TLS_CERT_FILE: files.cert, WARDKEEP_TLS_KEY_FILE: files.key });
  const shown = await readCertificate(config);
  t.match(shown, { cert: one.cert, caFile: null });

  const server = Hapi.server({ port: 0, host: '127.0.0.1', tls: { key: shown.key, cert: shown.cert, ...TLS_OPTIONS } });
  server.route({ method: 'GET', path: '/', handler: () => 'here' });
  await server.start();
  t.teardown(() => server.stop());
  const { port } = server.listener.address() as AddressInfo;
  const open = (options: object = {}) => new Promise<TLSSocket>((resolve, reject) => {
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () => resolve(socket));
    socket.once('error', reject);
  });
  const serial = async () => {
    const socket = await open();
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  };
  const first = await serial();
  const lines: string[] = [];
  const standing = await open();
  t.teardown(keepCertificate(server, shown, () => readCertificate(config), createLog('info', (line) => lines.push(line)), EVERY_MS));

  put('cert', two.cert);
  while (!lines.some((line) => line.includes('cannot be renewed'))) await sleep(EVERY_MS);
  t.equal(await serial(), first, 'the key is not there yet');
  rmSync(files.key);
  await sleep(3 * EVERY_MS);
  t.equal(await serial(), first);
  put('key', two.key);
  while (!lines.some((line) => line.includes('another certificate'))) await sleep(EVERY_MS);
  const second = await serial();
  t.not(second, first);
  await t.rejects(open({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }), /alert protocol version/, 'still TLS 1.3 alone');

  standing.write('GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
  let answer = '';
  for await (const chunk of standing) answer += String(chunk);
  t.match(answer, /200 OK[^]*here/, 'a connection that stood goes on');
  t.notMatch(lines.join(), /PRIVATE|BEGIN/);
});

t.test('the local authority has one made', async (t) => {
  const dataDir = t.testdir();
  const config = readConfig('production', { WARDKEEP_DATA_DIR: dataDir });
  const made = await readCertificate(config);
  t.equal(made.caFile, `${dataDir}/tls/ca.pem`);
  t.same(await readCertificate(config), made, 'and keeps it');
});
