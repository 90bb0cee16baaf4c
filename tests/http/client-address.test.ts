import Hapi from '@hapi/hapi';
import t from 'tap';
import { clientAddressPlugin } from '../../core/http/client-address.ts';

async function addressSeen(trustProxy: boolean, forwarded: string | undefined): Promise<string> {
  const server = Hapi.server();
  await server.register({ plugin: clientAddressPlugin, options: { trustProxy } });
  server.route({ method: 'GET', path: '/', handler: (request) => request.plugins.client?.ip ?? 'none' });
  const { payload } = await server.inject({ url: '/', remoteAddress: '192.0.2.10', headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } });
  return payload;
}

t.test('the client is who connects, unless a trusted proxy says otherwise', async (t) => {
  t.equal(await addressSeen(false, '203.0.113.7'), '192.0.2.10', 'a header alone convinces nobody');
  t.equal(await addressSeen(true, '198.51.100.1, 203.0.113.7'), '203.0.113.7', 'the proxy adds the last one');
  t.equal(await addressSeen(true, '203.0.113.7, <script>'), '192.0.2.10', 'what is no address is not believed');
  t.equal(await addressSeen(true, undefined), '192.0.2.10');
});
