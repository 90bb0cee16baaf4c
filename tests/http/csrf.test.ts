import type { ServerInjectResponse } from '@hapi/hapi';
import t from 'tap';
import { checkToken, isSameOrigin, mintToken } from '../../core/http/csrf.ts';
import { edgeServer, KEY, ORIGIN } from './edge-server.ts';

const server = await edgeServer();
const SAME = { 'sec-fetch-site': 'same-origin' };
const SIGNED_IN = { cookie: 'session=s-1' };
const token = mintToken(KEY, 'session s-1');

const post = (headers: Record<string, string>, payload: object | string = { _csrf: token, name: 'Ada' }, url = '/save'): Promise<ServerInjectResponse> =>
  server.inject({ method: 'POST', url, headers, payload });

t.test('a token holds for its session and key alone', async (t) => {
  t.ok(checkToken(KEY, 'session s-1', token));
  t.notOk(checkToken(KEY, 'session s-2', token));
  t.notOk(checkToken(Buffer.alloc(32, 8), 'session s-1', token));
  t.notOk(checkToken(KEY, 'before s-1', token), 'a session id is not a pre-session cookie of the same text');
  for (const bad of [undefined, null, 7, '', 'x', [token], token.slice(0, -2), `${token}AA`, `${token.startsWith('A') ? 'B' : 'A'}${token.slice(1)}`]) t.notOk(checkToken(KEY, 'session s-1', bad), String(bad).slice(0, 12));
  t.not(mintToken(KEY, 'session s-1'), token, 'every page prints it under another mask (BREACH)');
});

t.test('where a request says it comes from', async (t) => {
  const table: [Record<string, string>, boolean][] = [
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'same-origin', origin: 'null' }, true], // what Referrer-Policy: no-referrer makes of our own forms
    [{ 'sec-fetch-site': 'same-site', origin: ORIGIN }, false],
    [{ 'sec-fetch-site': 'cross-site', origin: ORIGIN }, false],
    [{ 'sec-fetch-site': 'none' }, false],
    [{ origin: ORIGIN }, true],
    [{ origin: `${ORIGIN}.evil.example` }, false],
    [{ origin: 'http://records.example.org' }, false],
    [{ origin: 'null' }, false],
    [{}, false],
  ];
  for (const [headers, allowed] of table) t.equal(isSameOrigin(headers, ORIGIN), allowed, JSON.stringify(headers));
});

t.test('over HTTP', async (t) => {
  const right = await post({ ...SIGNED_IN, ...SAME });
  t.equal(right.statusCode, 200);
  t.same(JSON.parse(right.payload), { payload: { name: 'Ada' } }, 'the route does not see the field');
  t.equal((await post({ ...SIGNED_IN, ...SAME, 'x-csrf-token': token }, {})).statusCode, 200, 'the header will do');
  t.equal((await post({ ...SIGNED_IN, ...SAME, 'content-type': 'application/x-www-form-urlencoded' }, `_csrf=${token}&name=Ada`)).statusCode, 200, 'a plain form');

  const refused: [string, Promise<ServerInjectResponse>][] = [
    ['no token', post({ ...SIGNED_IN, ...SAME }, { name: 'Ada' })],
    ["another session's token", post({ ...SIGNED_IN, ...SAME }, { _csrf: mintToken(KEY, 'session s-2') })],
    ['another site, right token', post({ ...SIGNED_IN, 'sec-fetch-site': 'cross-site' })],
    ['nothing vouches for the origin', post(SIGNED_IN)],
    ['a token for no session at all', post(SAME)],
    ['two tokens', post({ ...SIGNED_IN, ...SAME, 'content-type': 'application/x-www-form-urlencoded' }, `_csrf=${token}&_csrf=${token}`)],
    ['bearer beside a cookie session', post({ ...SIGNED_IN, authorization: 'Bearer x' }, {})],
    ['DELETE', server.inject({ method: 'DELETE', url: '/save', headers: { ...SIGNED_IN, ...SAME } })],
    ['unknown address', post({ ...SIGNED_IN, 'sec-fetch-site': 'cross-site' }, {}, '/nowhere')],
  ];
  for (const [name, answer] of refused) {
    const { statusCode, payload } = await answer;
    t.equal(statusCode, 403, name);
    t.match(payload, 'request.forged', name);
  }
  t.equal((await post({ authorization: 'Bearer wk_x' }, { name: 'Ada' })).statusCode, 200, 'a bearer token alone needs neither check');
  t.equal((await server.inject({ url: '/page', headers: { 'sec-fetch-site': 'cross-site' } })).statusCode, 200, 'a link from a mail opens');
});

t.test('before sign-in the token is bound to a cookie of its own', async (t) => {
  const page = await server.inject('/token');
  const cookie = String(page.headers['set-cookie']);
  t.match(cookie, /^__Host-wk_pre=[\w-]{32}; Secure; HttpOnly; SameSite=Lax; Path=\/$/);
  const headers = { ...SAME, cookie: cookie.split(';')[0] ?? '' };
  t.equal((await post(headers, { _csrf: page.payload })).statusCode, 200);
  t.equal((await post({ ...SAME, cookie: `__Host-wk_pre=${'A'.repeat(32)}` }, { _csrf: page.payload })).statusCode, 403);
  t.equal((await post({ ...headers, cookie: `${headers.cookie}; session=s-1` }, { _csrf: page.payload })).statusCode, 403, 'it is worth nothing once signed in');
  const again = await server.inject({ url: '/token', headers });
  t.notOk(again.headers['set-cookie'], 'the cookie stays while it is sent, so two tabs both work');
});
