// Shows every page with invented data at https://localhost:8499: `node scripts/styleguide.ts`. For eyes and axe-core; the program never serves this.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Hapi, { type Request } from '@hapi/hapi';
import { assetsPlugin } from '../core/http/assets.ts';
import { headersPlugin } from '../core/http/headers.ts';
import { createTls, TLS_OPTIONS } from '../core/http/tls.ts';
import { createViews, viewsPlugin } from '../core/http/views.ts';
import { anonymous, anonymousPages, contactTabPages, layout, pages } from '../tests/http/samples.ts';

const PORT = 8499;

const { key, cert, caFile } = await createTls(join(tmpdir(), 'wardkeep-styleguide'), []);
const server = Hapi.server({ host: 'localhost', port: PORT, tls: { key, cert, ...TLS_OPTIONS } });
await server.register([
  { plugin: headersPlugin },
  { plugin: assetsPlugin },
  { plugin: viewsPlugin, options: { views: createViews(), layout: (request: Request) => (request.path.slice(1) in anonymousPages ? anonymous : layout) } },
]);
for (const [name, context] of Object.entries({ ...pages, ...anonymousPages })) {
  server.route({ method: 'GET', path: `/${name}`, handler: (_request, h) => h.page(name, context) });
}
for (const [tab, context] of Object.entries(contactTabPages)) {
  server.route({ method: 'GET', path: `/contacts/page/${tab}`, handler: (_request, h) => h.page('contacts/page', context) });
}
await server.start();
console.log(`${server.info.uri}/styleguide (authority: ${caFile})\n${server.table().map((route) => route.path).filter((path) => !path.startsWith('/assets')).join('\n')}`);
