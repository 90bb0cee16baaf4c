import Hapi, { type Request, type Server } from '@hapi/hapi';
import { assetsPlugin } from '../../core/http/assets.ts';
import { headersPlugin } from '../../core/http/headers.ts';
import { createTls, TLS_OPTIONS } from '../../core/http/tls.ts';
import { createViews, viewsPlugin } from '../../core/http/views.ts';
import { anonymous, anonymousPages, contactTabPages, layout, pages } from './samples.ts';

export const GALLERY = [...Object.keys(pages), ...Object.keys(anonymousPages), ...Object.keys(contactTabPages).map((tab) => `contacts/page/${tab}`)];

/** Every page with invented data over HTTPS, under the program's own headers. Not started yet. */
export async function galleryServer(dataDir: string, port: number): Promise<Server> {
  const { key, cert } = await createTls(dataDir, []);
  const server = Hapi.server({ host: 'localhost', port, tls: { key, cert, ...TLS_OPTIONS } });
  await server.register([
    { plugin: headersPlugin },
    { plugin: assetsPlugin },
    { plugin: viewsPlugin, options: { views: createViews(), layout: (request: Request) => (request.path.slice(1) in anonymousPages ? anonymous : layout) } },
  ]);
  for (const [name, context] of Object.entries({ ...pages, ...anonymousPages })) server.route({ method: 'GET', path: `/${name}`, handler: (_request, h) => h.page(name, context) });
  for (const [tab, context] of Object.entries(contactTabPages)) server.route({ method: 'GET', path: `/contacts/page/${tab}`, handler: (_request, h) => h.page('contacts/page', context) });
  server.route({ method: 'GET', path: '/session/{act}', handler: () => ({ seconds: 28_800, mayStay: true }) }); // what every page after sign-in asks
  return server;
}
