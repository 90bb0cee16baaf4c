import { createHash } from 'node:crypto';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import t from 'tap';
import { assetUrl } from '../../core/http/assets.ts';
import { listAssets, readAsset } from '../../core/read-asset.ts';
import { edgeServer } from './edge-server.ts';

const server = await edgeServer();
const NAMES: [string, RegExp][] = [['app.css', /^text\/css; charset=utf-8$/], ['webauthn.js', /^text\/javascript; charset=utf-8$/], ['theme.js', /^text\/javascript/], ['icon.svg', /^image\/svg\+xml/]];

for (const [name, type] of NAMES) {
  t.test(name, async (t) => {
    const url = assetUrl(name);
    const plain = await server.inject(url);
    t.equal(plain.statusCode, 200);
    t.match(String(plain.headers['content-type']), type);
    t.notOk(plain.headers['content-encoding']);
    const hash = createHash('sha256').update(plain.rawPayload).digest('hex').slice(0, 12);
    t.equal(url, `/assets/${name.replace('.', `.${hash}.`)}`, 'the name is the hash of what it gives');

    const brotli = await server.inject({ url, headers: { 'accept-encoding': 'gzip, deflate, br' } });
    t.equal(brotli.headers['content-encoding'], 'br');
    t.same(brotliDecompressSync(brotli.rawPayload), plain.rawPayload);
    const gzip = await server.inject({ url, headers: { 'accept-encoding': 'gzip' } });
    t.equal(gzip.headers['content-encoding'], 'gzip');
    t.same(gunzipSync(gzip.rawPayload), plain.rawPayload);
    t.match(String(brotli.headers['vary']), 'accept-encoding');

    const etag = String(brotli.headers['etag']);
    const again = await server.inject({ url, headers: { 'accept-encoding': 'gzip, deflate, br', 'if-none-match': etag } });
    t.equal(again.statusCode, 304);
    t.not(etag, gzip.headers['etag'], 'two encodings are two representations (RFC 9110 8.8.3.3)');
  });
}

t.test('only the table is served', async (t) => {
  for (const url of ['/assets/../core/config.ts', '/assets/%2e%2e/package.json', '/assets/app.css', '/assets/', '/core/http/public/css/base.css']) t.equal((await server.inject(url)).statusCode, 404, url);
  t.throws(() => assetUrl('nowhere.css'), /No asset is called "nowhere.css"/);
});

t.test('every style sheet and script in the folder is served', async (t) => {
  const css = (await server.inject(assetUrl('app.css'))).payload;
  for (const path of listAssets('core/http/public/css', '.css')) t.match(css, readAsset(path).toString('utf8').trim(), path);
  for (const path of listAssets('core/http/public/js', '.js')) t.ok(assetUrl(path.split('/').at(-1) ?? ''), path);
});

t.test('scripts use no sink that Trusted Types refuses, and build no code from text', async (t) => {
  for (const path of listAssets('core/http/public/js', '.js')) t.notMatch(readAsset(path).toString('utf8'), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|parseFromString|\.style\b/, path);
});
