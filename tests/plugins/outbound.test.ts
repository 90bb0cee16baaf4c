import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { Fault } from '../../core/errors.ts';
import { arePublic, createOutbound, isPublicAddress } from '../../core/http/outbound.ts';

const codeOf = async (call: Promise<unknown>): Promise<string> => call.then(() => 'answered', (error: unknown) => (error instanceof Fault ? error.code : String(error)));

t.test('addresses of the public internet', async (t) => {
  for (const address of ['1.1.1.1', '8.8.8.8', '172.15.255.255', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '::ffff:8.8.8.8']) t.ok(isPublicAddress(address), address);
  for (const address of [
    '0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.168.1.1', '192.0.2.1', '198.18.0.1', '224.0.0.1', '255.255.255.255',
    '::', '::1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', 'fe80::1', 'fc00::1', 'fd12::1', 'ff02::1', '2001:db8::1', '2002:7f00:1::', '2001::1', '64:ff9b::7f00:1', 'localhost', '',
  ]) t.notOk(isPublicAddress(address), address);
  t.ok(arePublic(['1.1.1.1', '2606:4700:4700::1111']));
  for (const addresses of [['1.1.1.1', '127.0.0.1'], ['fd12::1', '1.1.1.1'], []]) t.notOk(arePublic(addresses), `a name of ${addresses.join(' and ') || 'nothing'}`);
});

t.test('calls that lead inside are not made', async (t) => {
  const outbound = createOutbound([]);
  for (const url of [
    'https://127.0.0.1/', 'https://127.1/', 'https://0x7f000001/', 'https://2130706433/', 'https://[::1]/', 'https://[::ffff:127.0.0.1]/', 'https://localhost/', 'https://169.254.169.254/latest/meta-data/', 'http://example.com/', 'https://user:pass@example.com/', 'file:///etc/passwd',
  ]) t.equal(await codeOf(outbound(new URL(url))), 'plugin.address_refused', url);
});

t.test('what the operator allows', async (t) => {
  const seen: { method: string; url: string; body: string; type: string | undefined }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => { body += chunk.toString(); }).on('end', () => {
      seen.push({ method: request.method as string, url: request.url as string, body, type: request.headers['content-type'] });
      if (request.url === '/away') response.writeHead(302, { location: 'http://127.0.0.1:1/secret' }).end();
      else if (request.url === '/large') response.writeHead(200).end(Buffer.alloc(6 * 1024 * 1024));
      else if (request.url === '/hangup') request.socket.destroy();
      else response.writeHead(201, { 'content-type': 'application/json' }).end('{"taken":true}');
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const outbound = createOutbound([host]);

  const answer = await outbound(new URL(`http://${host}/hook`), { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } });
  t.match([answer.status, await answer.json(), seen], [201, { taken: true }, [{ method: 'POST', url: '/hook', body: '{"a":1}', type: 'application/json' }]]);
  t.equal((await outbound(new URL(`http://${host}/away`))).status, 302, 'a redirect is shown, not followed');
  t.equal(seen.length, 2);
  t.equal(await codeOf(outbound(new URL(`http://${host}/large`))), 'plugin.unreachable');
  t.equal(await codeOf(outbound(new URL(`http://${host}/hangup`))), 'plugin.unreachable');
  t.equal(await codeOf(createOutbound([])(new URL(`http://${host}/hook`))), 'plugin.address_refused', 'for others it stays closed');
});
