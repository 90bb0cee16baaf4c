import t from 'tap';
import { discoverProvider } from '../../../plugins/sso/oidc/discover.ts';
import { endSessionUrl } from '../../../plugins/sso/oidc/end-session.ts';
import { verifyLogoutToken } from '../../../plugins/sso/oidc/verify-logout-token.ts';
import { SsoRefusal } from '../../../plugins/sso/refusal.ts';
import { CLIENT_ID, ISSUER, SUBJECT, goodClaims, seconds, wrongProvider } from './oidc-wrong-provider.ts';
import type { Faults } from './oidc-wrong-provider.ts';
import { memoryStore } from './saml-consumers.ts';

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };
let count = 0;
const good = () => ({ iss: ISSUER, sub: SUBJECT, sid: 'session-1', aud: CLIENT_ID, iat: seconds(), exp: seconds() + 120, jti: `t${++count}`, events: EVENTS });

async function take(faults: Faults, type = 'logout+jwt', claims: object = good()) {
  const provider = wrongProvider(faults);
  return verifyLogoutToken(await discoverProvider(provider.connection), provider.connection, await provider.sign(claims as never, type), memoryStore());
}
const codeOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'accepted', (error: unknown) => (error instanceof SsoRefusal ? error.code : error));

// Named as in openid-certification/conformance-suite, openid/client/logout.
const CASES: Record<string, [faults: Faults, code: string, type?: string]> = {
  'backchannel-logout': [{}, 'accepted'],
  'of the type before the recommendation': [{}, 'accepted', 'JWT'],
  'wrong-iss': [{ claims: { iss: 'https://evil.test' } }, 'oidc.logout_token'],
  'wrong-aud': [{ claims: { aud: 'another' } }, 'oidc.logout_token'],
  'wrong-alg': [{ algorithm: 'HS256' }, 'oidc.logout_token'],
  'alg-none': [{ algorithm: 'none' }, 'oidc.logout_token'],
  'invalid signature': [{ signs: 'unknown' }, 'oidc.logout_token'],
  'no-event': [{ claims: { events: undefined } }, 'oidc.logout_token'],
  'wrong-event': [{ claims: { events: { 'urn:example:event': {} } } }, 'oidc.logout_token'],
  'an event that is no object': [{ claims: { events: { 'http://schemas.openid.net/event/backchannel-logout': true } } }, 'oidc.logout_token'],
  'with-nonce': [{ claims: { nonce: 'x' } }, 'oidc.logout_token'],
  'neither subject nor session': [{ claims: { sub: undefined, sid: undefined } }, 'oidc.logout_token'],
  'subject alone': [{ claims: { sid: undefined } }, 'accepted'],
  'session alone': [{ claims: { sub: undefined } }, 'accepted'],
  'no id': [{ claims: { jti: undefined } }, 'oidc.logout_token'],
  'no iat': [{ claims: { iat: undefined } }, 'oidc.logout_token'],
  'no exp': [{ claims: { exp: undefined } }, 'oidc.logout_token'],
  expired: [{ claims: { exp: seconds() - 120 } }, 'oidc.logout_token'],
  'of an hour ago': [{ claims: { iat: seconds() - 3_600, exp: seconds() + 3_600 } }, 'oidc.logout_token'],
  'of another type': [{}, 'oidc.logout_token', 'at+jwt'],
};

t.test('logout tokens', async (t) => {
  for (const [name, [faults, code, type]] of Object.entries(CASES)) t.equal(await codeOf(take(faults, type)), code, name);
  t.equal(await codeOf(take({}, 'JWT', goodClaims('nonce'))), 'oidc.logout_token', 'an ID token');
});

t.test('what it says, and once only', async (t) => {
  const provider = wrongProvider();
  const configuration = await discoverProvider(provider.connection);
  const token = await provider.sign(good() as never, 'logout+jwt');
  const store = memoryStore();
  t.same(await verifyLogoutToken(configuration, provider.connection, token, store), { subject: SUBJECT, sessionId: 'session-1' });
  t.equal(await codeOf(verifyLogoutToken(configuration, provider.connection, token, store)), 'oidc.replayed');
  for (const nonsense of [undefined, '', 'x.y.z', 'x'.repeat(100_000), {}]) t.equal(await codeOf(verifyLogoutToken(configuration, provider.connection, nonsense, store)), 'oidc.logout_token');
});

t.test('signing out there from here', async (t) => {
  const provider = wrongProvider();
  const url = new URL(endSessionUrl(await discoverProvider(provider.connection), provider.connection, 'token', 'state') ?? '');
  t.equal(url.origin + url.pathname, `${ISSUER}/end`);
  t.match(Object.fromEntries(url.searchParams), { id_token_hint: 'token', post_logout_redirect_uri: provider.connection.afterSignOutUri, state: 'state', client_id: CLIENT_ID });
  const without = wrongProvider({ metadata: { end_session_endpoint: undefined } });
  t.equal(endSessionUrl(await discoverProvider(without.connection), without.connection, 'token', 'state'), null);
});
