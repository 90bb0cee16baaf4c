import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';
import t from 'tap';
import { beginSignIn } from '../../../plugins/sso/oidc/begin-sign-in.ts';
import { completeSignIn } from '../../../plugins/sso/oidc/complete-sign-in.ts';
import { discoverProvider } from '../../../plugins/sso/oidc/discover.ts';
import { endSessionUrl } from '../../../plugins/sso/oidc/end-session.ts';
import type { OidcConnection } from '../../../plugins/sso/oidc/settings.ts';
import { verifyLogoutToken } from '../../../plugins/sso/oidc/verify-logout-token.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { BrowserStandIn, fetchTrusting } from './browser-stand-in.ts';
import { memoryStore } from './saml-consumers.ts';

const RETURN = 'https://clinic.example.org/plugins/sso/mission/oidc/return';
const { ca, key, cert } = makeCertificate();

/** oidc-provider over TLS on loopback, with our client in it and a door that catches its logout tokens. */
async function startProvider() {
  const server = createServer({ key, cert });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const logoutTokens: string[] = [];
  const provider = new Provider(origin, {
    clients: [{ client_id: 'clinic', client_secret: 'a-secret-of-at-least-thirty-two-letters', redirect_uris: [RETURN], post_logout_redirect_uris: ['https://clinic.example.org/sign-in'], backchannel_logout_uri: `${origin}/caught`, backchannel_logout_session_required: true }],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'k1', use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['a test key for cookies'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: true } },
    pkce: { required: () => true },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, email: `${sub}@example.org`, email_verified: true, name: 'A Person' }) }),
    fetch: async (url, init) => {
      const answer = await fetchTrusting(ca)(String(url), { method: init?.method ?? 'GET', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: String(init?.body ?? '') });
      return answer;
    },
  });
  const handle = provider.callback();
  server.on('request', (request, response) => {
    if (request.url !== '/caught') return void handle(request, response);
    let body = '';
    request.on('data', (chunk) => (body += chunk)).on('end', () => {
      logoutTokens.push(new URLSearchParams(body).get('logout_token') ?? '');
      response.writeHead(200).end();
    });
  });
  return { origin, logoutTokens, close: () => new Promise((done) => { server.closeAllConnections(); server.close(done); }) };
}

t.test('against oidc-provider over TLS', async (t) => {
  t.capture(console, 'warn'); // it warns about its development pages
  const peer = await startProvider();
  t.teardown(() => peer.close());
  const connection: OidcConnection = { issuer: peer.origin, clientId: 'clinic', clientSecret: 'a-secret-of-at-least-thirty-two-letters', scopes: ['email', 'profile'], acrValues: [], maxAuthenticationAgeS: 3_600, clockToleranceS: 30, redirectUri: RETURN, afterSignOutUri: 'https://clinic.example.org/sign-in', fetch: fetchTrusting(ca) };
  const configuration = await discoverProvider(connection);
  const browser = new BrowserStandIn(ca);

  const started = await beginSignIn(configuration, connection);
  let page = await browser.get(started.url);
  page = await browser.submit(page, { login: 'person', password: 'any' });
  page = await browser.submit(page, {}, RETURN);
  t.ok(page.url.startsWith(`${RETURN}?`), 'back with a code');
  const query = new URL(page.url).search.slice(1);
  const identity = await completeSignIn(configuration, connection, query, started.pending);
  t.match(identity, { issuer: peer.origin, subject: 'person', email: 'person@example.org', isEmailVerified: true, name: 'A Person' });
  t.ok(identity.sessionId && identity.authenticatedAt);
  await t.rejects(completeSignIn(configuration, connection, query, started.pending), { code: 'oidc.id_token' }, 'the code is spent');

  const elsewhere = await beginSignIn(configuration, connection);
  const second = await browser.get(elsewhere.url, RETURN);
  await t.rejects(completeSignIn(configuration, connection, new URL(second.url).search.slice(1), { ...elsewhere.pending, codeVerifier: started.pending.codeVerifier }), { code: 'oidc.id_token' }, 'a verifier of another sign-in');

  const end = endSessionUrl(configuration, connection, identity.idToken, 'bye') ?? '';
  const ended = await browser.submit(await browser.get(end), { logout: 'yes' }, 'https://clinic.example.org/');
  t.equal(ended.url, 'https://clinic.example.org/sign-in?state=bye', 'signed out there, and back');
  t.equal(peer.logoutTokens.length, 1);
  t.same(await verifyLogoutToken(configuration, connection, peer.logoutTokens[0], memoryStore()), { subject: 'person', sessionId: identity.sessionId });
});

t.test('an authority nobody trusts', async (t) => {
  const peer = await startProvider();
  t.teardown(() => peer.close());
  const connection = { issuer: peer.origin, clientId: 'clinic', clientSecret: null, scopes: [], acrValues: [], maxAuthenticationAgeS: null, clockToleranceS: 30, redirectUri: RETURN, afterSignOutUri: RETURN, fetch: fetchTrusting(makeCertificate().ca) };
  await t.rejects(discoverProvider(connection), { code: 'oidc.discovery' });
});
