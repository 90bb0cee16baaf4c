import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, createBrotliCompress, gzip } from 'node:zlib';
import type { Plugin } from '@hapi/hapi';
import { readAsset } from '../read-asset.ts';

/**
 * Every file a page may load, by the name that templates use. A name made of several files is their concatenation: the style sheets'
 * order is the cascade's.
 */
const FILES: Record<string, readonly string[]> = {
  'app.css': ['node_modules/modern-normalize/modern-normalize.css', ...['tokens', 'base', 'shell', 'forms', 'components', 'tables', 'records', 'print', 'forced-colors'].map((name) => `core/http/public/css/${name}.css`)],
  'theme.js': ['core/http/public/js/theme.js'],
  'copy.js': ['core/http/public/js/copy.js'],
  'show-password.js': ['core/http/public/js/show-password.js'],
  'confirm.js': ['core/http/public/js/confirm.js'],
  'typeahead.js': ['core/http/public/js/typeahead.js'],
  'upload.js': ['core/http/public/js/upload.js'],
  'poll.js': ['core/http/public/js/poll.js'],
  'session-end.js': ['core/http/public/js/session-end.js'],
  'passkey.js': ['core/http/public/js/passkey.js'],
  'webauthn.js': ['node_modules/@simplewebauthn/browser/dist/bundle/index.umd.min.js'],
  'icon.svg': ['core/http/public/icons/icon.svg'],
};

const TYPES: Record<string, string> = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8', svg: 'image/svg+xml' };
const YEAR_S = 31_536_000;
const PAGE_BROTLI_QUALITY = 4;

type Asset = { url: string; type: string; etag: string; plain: Buffer; gzip(): Promise<Buffer>; brotli(): Promise<Buffer> };

// Read at the first page and kept: some 80 kB, and a hashed name can only ever mean these bytes.
let shelf: Map<string, Asset> | undefined;

function assets(): Map<string, Asset> {
  shelf ??= new Map(Object.entries(FILES).map(([name, paths]) => [name, load(name, paths)]));
  return shelf;
}

function load(name: string, paths: readonly string[]): Asset {
  const plain = Buffer.concat(paths.map(readAsset));
  const hash = createHash('sha256').update(plain).digest('hex').slice(0, 12);
  const dot = name.lastIndexOf('.');
  return {
    url: `/assets/${name.slice(0, dot)}.${hash}${name.slice(dot)}`,
    type: TYPES[name.slice(dot + 1)] ?? 'application/octet-stream',
    etag: hash,
    plain,
    gzip: once(() => promisify(gzip)(plain, { level: 9 })),
    brotli: once(() => promisify(brotliCompress)(plain, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } })),
  };
}

/** Squeezing as hard as it goes takes a tenth of a second for the style sheet: at the first request for it, beside the event loop, not at every start. */
function once(squeeze: () => Promise<Buffer>): () => Promise<Buffer> {
  let squeezed: Promise<Buffer> | undefined;
  return () => (squeezed ??= squeeze());
}

/** `/assets/app.3f2a9c1b77d0.css` for `app.css`. Throws on a name that is not in the table. */
export function assetUrl(name: string): string {
  const asset = assets().get(name);
  if (!asset) throw new Error(`No asset is called "${name}"; add it to FILES in core/http/assets.ts.`);
  return asset.url;
}

export const assetsPlugin: Plugin<void> = {
  name: 'wardkeep-assets',
  register(server) {
    // Teaches hapi's negotiation Brotli. Pages are squeezed as they go out, so at a level that costs what gzip does.
    server.encoder('br', () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: PAGE_BROTLI_QUALITY } }));
    for (const asset of assets().values()) {
      server.route({
        method: 'GET',
        path: asset.url,
        options: { auth: false, plugins: { headers: { immutable: true } } },
        async handler(request, h) {
          const accepted = request.info.acceptEncoding;
          const response = accepted === 'br' ? h.response(await asset.brotli()).compressed('br')
            : accepted === 'gzip' ? h.response(await asset.gzip()).compressed('gzip')
              : h.response(asset.plain);
          return response.type(asset.type).etag(asset.etag, { weak: false, vary: true }).vary('accept-encoding')
            .header('cache-control', `public, max-age=${YEAR_S}, immutable`);
        },
      });
    }
    // Browsers ask for this by themselves; it has no hash, so it is not cached for good.
    server.route({
      method: 'GET',
      path: '/favicon.ico',
      options: { auth: false },
      handler: (_request, h) => h.redirect(assetUrl('icon.svg')),
    });
  },
};

declare module '@hapi/hapi' {
  interface PluginSpecificConfiguration {
    /** `immutable`: this route serves content whose address names its hash. */
    headers?: { immutable: true };
  }
}
