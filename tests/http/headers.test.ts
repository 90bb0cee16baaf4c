import t from 'tap';
import { assetUrl } from '../../core/http/assets.ts';
import { openSite } from '../support/site.ts';
import { edgeServer } from './edge-server.ts';

const server = await edgeServer();

/** The policy as a table, so that a directive that is loosened or lost shows by name. */
const POLICY = {
  'default-src': "'none'", 'script-src': "'self'", 'style-src': "'self'", 'img-src': "'self' data:", 'font-src': "'self'", 'connect-src': "'self'", 'form-action': "'self'",
  'frame-ancestors': "'none'", 'base-uri': "'none'", 'require-trusted-types-for': "'script'", 'trusted-types': "'none'",
};

const scenarios: { name: string; url: string; method?: string; status: number; says: RegExp; type: RegExp }[] = [
  { name: 'a page', url: '/page', status: 200, says: /<html/, type: /^text\/html/ },
  { name: 'a refusal', url: '/missing', status: 404, says: /There is no such contact\.[\s\S]*contact\.not_found · request /, type: /^text\/html/ },
  { name: 'an unknown address', url: '/nowhere', status: 404, says: /route\.not_found/, type: /^text\/html/ },
  { name: 'a fault of ours', url: '/broken', status: 500, says: /system\.fault/, type: /^text\/html/ },
  { name: 'a refusal of the API', url: '/api/v1/missing', status: 404, says: /"code":"contact\.not_found"/, type: /^application\/problem\+json/ },
  { name: 'a forged form', url: '/save', method: 'POST', status: 403, says: /request\.forged/, type: /^text\/html/ },
  { name: 'a malformed address', url: '/%zz', status: 400, says: /request\.invalid/, type: /^text\/html/ },
  { name: 'an asset under a stale name', url: '/assets/app.000000000000.css', status: 404, says: /route\.not_found/, type: /^text\/html/ },
  { name: 'a page that needs a session', url: '/private', status: 302, says: /^/, type: /^/ },
];

for (const { name, url, method = 'GET', status, says, type } of scenarios) {
  t.test(name, async (t) => {
    const { statusCode, headers, payload } = await server.inject({ url, method });
    t.equal(statusCode, status);
    t.match(payload, says);
    t.match(String(headers['content-type'] ?? ''), type);
    t.notMatch(payload, /Achterberg|at .*\.ts:|select \*/, 'neither stack nor message');
    t.equal(headers['cache-control'], 'no-store');
    const policy = Object.fromEntries(String(headers['content-security-policy']).split('; ').map((part) => [part.split(' ')[0], part.slice(part.indexOf(' ') + 1)]));
    t.same(policy, POLICY);
    t.match(headers, {
      'strict-transport-security': /^max-age=(3[1-9]\d{6}|[4-9]\d{7}|\d{9,})/, // a year at least, ASVS 5.0 V3.4.1
      'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin', 'cross-origin-resource-policy': 'same-origin', 'permissions-policy': /camera=\(\).*publickey-credentials-get=\(self\)/,
    });
  });
}

t.test('the composed program puts them on its refusals too', async (t) => {
  const { server: whole } = await openSite(t);
  const asked = { 'a page': '/sign-in', 'a refusal': '/nowhere', 'a refusal of the API': '/api/v1/contacts', 'the way to the sign-in': '/contacts' };
  for (const [name, url] of Object.entries(asked)) {
    const { headers } = await whole.inject(url);
    t.match(headers, { 'content-security-policy': /default-src 'none'/, 'strict-transport-security': /max-age/, 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' }, name);
  }
  const refused = await whole.inject({ url: '/sign-in', method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } });
  t.equal(refused.statusCode, 403);
  t.match(String(refused.headers['set-cookie']), /__Host-wk_pre=/, 'the cookie that the forms on a refusal’s page need');
});

t.test('a hashed asset is cached for good and guarded all the same', async (t) => {
  const { headers } = await server.inject(assetUrl('app.css'));
  t.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
  t.match(headers, { 'content-security-policy': /default-src 'none'/, 'x-content-type-options': 'nosniff' });
});

t.test('a line said once', async (t) => {
  const form = await server.inject('/token');
  const pre = String(form.headers['set-cookie']).split(';')[0] ?? '';
  const saved = await server.inject({ method: 'POST', url: '/said', headers: { cookie: pre, 'sec-fetch-site': 'same-origin' }, payload: { _csrf: form.payload } });
  const said = String(saved.headers['set-cookie']).split(';')[0] ?? '';
  const page = await server.inject({ url: '/page', headers: { cookie: `${pre}; ${said}` } });
  t.match(page.payload, 'Contact saved.');
  t.match(String(page.headers['set-cookie']), /__Host-wk_flash=; Max-Age=0/);
  for (const foreign of ['x', Buffer.from('[{"kind":"evil","text":"x"}]').toString('base64url'), Buffer.from('{}').toString('base64url')]) {
    t.equal((await server.inject({ url: '/page', headers: { cookie: `__Host-wk_flash=${foreign}` } })).statusCode, 200, 'a foreign cookie says nothing and breaks nothing');
  }
});

t.test('the theme is a cookie that a plain form sets', async (t) => {
  const choose = (theme: string, back: string, site = 'same-origin'): ReturnType<typeof server.inject> => server.inject({ method: 'POST', url: '/theme', headers: { 'sec-fetch-site': site }, payload: { theme, back } });
  const dark = await choose('dark', '/contacts?status=new');
  t.match(dark.headers, { location: '/contacts?status=new', 'set-cookie': [/^__Host-wk_theme=dark; Max-Age=31536000; .*Secure; HttpOnly; SameSite=Lax; Path=\/$/] });
  t.equal((await choose('dark', '/', 'cross-site')).statusCode, 403);
  t.match((await server.inject({ url: '/page', headers: { cookie: '__Host-wk_theme=dark' } })).payload, 'data-theme="dark"');
  t.match((await server.inject({ url: '/page', headers: { cookie: '__Host-wk_theme=%22onload' } })).payload, 'data-theme="auto"');
  for (const away of ['https://evil.example/', '//evil.example', '/\\evil.example', '/\tx', 'javascript:alert(1)', '', '/x\r\nset-cookie: a=b']) {
    t.equal((await choose('light', away)).headers['location'], '/', JSON.stringify(away));
  }
});
