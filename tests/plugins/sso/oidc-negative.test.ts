import t from 'tap';
import { beginSignIn } from '../../../plugins/sso/oidc/begin-sign-in.ts';
import { completeSignIn } from '../../../plugins/sso/oidc/complete-sign-in.ts';
import { discoverProvider } from '../../../plugins/sso/oidc/discover.ts';
import type { OidcConnection } from '../../../plugins/sso/oidc/settings.ts';
import { SsoRefusal } from '../../../plugins/sso/refusal.ts';
import { CLIENT_ID, ISSUER, SUBJECT, halfHash, seconds, wrongProvider } from './oidc-wrong-provider.ts';
import type { Faults } from './oidc-wrong-provider.ts';

type Return = (good: URLSearchParams) => string;
const returned: Return = (good) => good.toString();

async function signIn(faults: Faults, change: Partial<OidcConnection> = {}, comeBack: Return = returned) {
  const provider = wrongProvider(faults, change);
  const configuration = await discoverProvider(provider.connection);
  const { url, pending } = await beginSignIn(configuration, provider.connection);
  provider.nonce = new URL(url).searchParams.get('nonce') ?? '';
  const query = comeBack(new URLSearchParams({ code: 'code', state: pending.state, iss: ISSUER }));
  return { identity: await completeSignIn(configuration, provider.connection, query, pending), provider, url: new URL(url), pending };
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'accepted', (error: unknown) => (error instanceof SsoRefusal ? error.code : error));

t.test('a good sign-in, and what the client asked for', async (t) => {
  const { identity, provider, url, pending } = await signIn({}, { acrValues: [], maxAuthenticationAgeS: 3_600 });
  t.match(identity, { issuer: ISSUER, subject: SUBJECT, sessionId: 'session-1', email: 'person@example.org', isEmailVerified: true });
  t.match(Object.fromEntries(url.searchParams), { response_type: 'code', client_id: CLIENT_ID, scope: 'openid email profile', code_challenge_method: 'S256', max_age: '3600', redirect_uri: provider.connection.redirectUri });
  t.equal(provider.lastTokenRequest?.get('redirect_uri'), provider.connection.redirectUri, 'letter for letter');
  t.equal(provider.lastTokenRequest?.get('code_verifier'), pending.codeVerifier);
  for (const value of [pending.state, pending.nonce, pending.codeVerifier]) t.ok(Buffer.from(value, 'base64url').length >= 32, '256 bits');
});

// Named as in openid-certification/conformance-suite, openid/client, and panva/openid-client, conformance/modules; the code flow's part of both.
const ID_TOKENS: Record<string, [faults: Faults, code: string]> = {
  'idtoken-sig-rs256': [{}, 'accepted'],
  'idtoken-sig-ps256': [{ algorithm: 'PS256' }, 'accepted'],
  'idtoken-sig-es256': [{ algorithm: 'ES256' }, 'accepted'],
  'kid-absent-single-jwks': [{ kid: null }, 'accepted'],
  'ignores-unparseable-key-in-jwks': [{ jwks: [{ kty: 'OKP', crv: 'X999', x: 'AA', kid: 'odd' }] }, 'oidc.id_token'],
  'idtoken-sig-none / invalid-null-alg': [{ algorithm: 'none' }, 'oidc.id_token'],
  'invalid-sig-rs256 / invalid-signature': [{ signs: 'unknown' }, 'oidc.id_token'],
  'invalid-sig-es256': [{ algorithm: 'ES256', signs: 'unknown' }, 'oidc.id_token'],
  'invalid-sig-hs256': [{ algorithm: 'HS256' }, 'oidc.id_token'],
  'signature cut off': [{ changeToken: (token) => token.replace(/[^.]*$/, '') }, 'oidc.id_token'],
  'signature of another token': [{ changeToken: (token) => token.replace(/\.([^.]*)\./, (_, payload: string) => `.${Buffer.from(Buffer.from(payload, 'base64url').toString().replace(SUBJECT, 'person-2')).toString('base64url')}.`) }, 'oidc.id_token'],
  'kid-absent-multiple-jwks': [{ kid: null, twoKeys: true }, 'oidc.id_token'],
  'kid of another algorithm': [{ kid: 'es' }, 'oidc.id_token'],
  'kid nobody has': [{ kid: 'nobody' }, 'oidc.id_token'],
  'invalid-iss': [{ claims: { iss: 'https://evil.test' } }, 'oidc.id_token'],
  'invalid-iss with a slash': [{ claims: { iss: `${ISSUER}/` } }, 'oidc.id_token'],
  'missing-iss': [{ claims: { iss: undefined } }, 'oidc.id_token'],
  'invalid-aud': [{ claims: { aud: 'another' } }, 'oidc.id_token'],
  'missing-aud': [{ claims: { aud: undefined } }, 'oidc.id_token'],
  'invalid-secondary-aud': [{ claims: { aud: [CLIENT_ID, 'another'] } }, 'oidc.id_token'],
  'invalid-secondary-aud with azp': [{ claims: { aud: [CLIENT_ID, 'another'], azp: CLIENT_ID } }, 'oidc.identity'],
  'azp of another client': [{ claims: { azp: 'another' } }, 'oidc.identity'],
  'missing-sub': [{ claims: { sub: undefined } }, 'oidc.id_token'],
  'empty sub': [{ claims: { sub: '' } }, 'oidc.identity'],
  'sub that is a number': [{ claims: { sub: 1 } }, 'oidc.id_token'],
  'sub of a thousand letters': [{ claims: { sub: 'x'.repeat(1_000) } }, 'oidc.identity'],
  'sub beyond ASCII': [{ claims: { sub: 'pérson' } }, 'oidc.identity'],
  'missing-iat': [{ claims: { iat: undefined } }, 'oidc.id_token'],
  'iat-is-week-in-past': [{ claims: { iat: seconds() - 604_800 } }, 'oidc.id_token'],
  'iat in the future': [{ claims: { iat: seconds() + 3_600 } }, 'oidc.id_token'],
  'missing-exp': [{ claims: { exp: undefined } }, 'oidc.id_token'],
  'invalid-expired-exp': [{ claims: { exp: seconds() - 120 } }, 'oidc.id_token'],
  'exp a quarter of a minute ago': [{ claims: { exp: seconds() - 15 } }, 'accepted'],
  'nbf in the future': [{ claims: { nbf: seconds() + 120 } }, 'oidc.id_token'],
  'invalid-nonce': [{ claims: { nonce: 'another' } }, 'oidc.id_token'],
  'missing-nonce': [{ claims: { nonce: undefined } }, 'oidc.id_token'],
  'userinfo-invalid-sub': [{ claims: { email: undefined }, userinfo: { sub: 'person-2' } }, 'oidc.userinfo'],
  'userinfo without sub': [{ claims: { email: undefined }, userinfo: { sub: undefined } }, 'oidc.userinfo'],
  'scope-userinfo-claims': [{ claims: { email: undefined } }, 'accepted'],
  'no id token': [{ tokenAnswer: { id_token: undefined } }, 'oidc.id_token'],
  'id token that is no token': [{ tokenAnswer: { id_token: 'x' } }, 'oidc.id_token'],
  'encrypted-idtoken nobody asked for': [{ changeToken: (token) => `${token}.x.y` }, 'oidc.id_token'],
  'no access token': [{ tokenAnswer: { access_token: undefined } }, 'oidc.id_token'],
  'token type nobody asked for': [{ tokenAnswer: { token_type: 'mac' } }, 'oidc.id_token'],
  'token endpoint refuses': [{ tokenStatus: 400, tokenAnswer: { error: 'invalid_grant' } }, 'oidc.id_token'],
  'token endpoint redirects': [{ tokenStatus: 302 }, 'oidc.id_token'],
  'claims that are no object': [{ changeToken: (token) => token.replace(/\.[^.]*\./, `.${Buffer.from('[]').toString('base64url')}.`) }, 'oidc.id_token'],
};

t.test('ID tokens', async (t) => {
  for (const [name, [faults, code]] of Object.entries(ID_TOKENS)) t.equal(await codeOf(signIn(faults)), code, name);
});

const RETURNS: Record<string, [comeBack: Return, code: string, faults?: Faults]> = {
  'invalid-state': [(good) => (good.set('state', 'another'), good.toString()), 'oidc.id_token'],
  'missing-state': [(good) => (good.delete('state'), good.toString()), 'oidc.id_token'],
  'two states': [(good) => `state=another&${good.toString()}`, 'oidc.response'],
  'two codes': [(good) => `${good.toString()}&code=another`, 'oidc.response'],
  'missing code': [(good) => (good.delete('code'), good.toString()), 'oidc.id_token'],
  'an error': [(good) => (good.delete('code'), good.set('error', 'access_denied'), good.toString()), 'oidc.id_token'],
  'an error and a code': [(good) => (good.set('error', 'access_denied'), good.toString()), 'oidc.id_token'],
  'invalid-iss of the response (RFC 9207, mix-up)': [(good) => (good.set('iss', 'https://evil.test'), good.toString()), 'oidc.id_token'],
  'remove-authorization-response-iss, where the provider promised it': [(good) => (good.delete('iss'), good.toString()), 'oidc.id_token', { metadata: { authorization_response_iss_parameter_supported: true } }],
  'remove-authorization-response-iss, where it did not': [(good) => (good.delete('iss'), good.toString()), 'accepted'],
  'an implicit answer': [(good) => (good.delete('code'), good.set('id_token', 'x'), good.toString()), 'oidc.id_token'],
  'a signed answer nobody asked for (JARM)': [() => 'response=x', 'oidc.id_token'],
};

t.test('what the browser brings back', async (t) => {
  for (const [name, [comeBack, code, faults]] of Object.entries(RETURNS)) t.equal(await codeOf(signIn(faults ?? {}, {}, comeBack)), code, name);
});

const DISCOVERIES: Record<string, [metadata: Record<string, unknown>, code: string]> = {
  'discovery-openid-configuration': [{}, 'accepted'],
  'discovery-issuer-mismatch': [{ issuer: 'https://evil.test' }, 'oidc.discovery'],
  'an issuer with a slash more': [{ issuer: `${ISSUER}/` }, 'oidc.discovery'],
  "Entra's template for every tenant": [{ issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' }, 'oidc.discovery'],
  'no issuer': [{ issuer: undefined }, 'oidc.discovery'],
  'no authorization endpoint': [{ authorization_endpoint: undefined }, 'oidc.discovery'],
  'no keys': [{ jwks_uri: undefined }, 'oidc.discovery'],
  'an authorization endpoint without TLS': [{ authorization_endpoint: 'http://op.example.org/auth' }, 'oidc.discovery'],
  'a script as authorization endpoint': [{ authorization_endpoint: 'javascript:alert(1)' }, 'oidc.discovery'],
  'plain PKCE only': [{ code_challenge_methods_supported: ['plain'] }, 'oidc.discovery'],
  'HMAC signatures only': [{ id_token_signing_alg_values_supported: ['HS256', 'none'] }, 'oidc.discovery'],
};

t.test('discovery', async (t) => {
  for (const [name, [metadata, code]] of Object.entries(DISCOVERIES)) t.equal(await codeOf(discoverProvider(wrongProvider({ metadata }).connection)), code, name);
  for (const issuer of ['not a url', 'https://op.example.org?x=1', 'https://user@op.example.org', 'file:///etc/passwd']) t.equal(await codeOf(discoverProvider(wrongProvider({}, { issuer }).connection)), 'oidc.discovery', issuer);
});

t.test('how and when they signed in there', async (t) => {
  t.equal(await codeOf(signIn({ claims: { acr: 'urn:mfa' } }, { acrValues: ['urn:mfa'] })), 'accepted');
  t.equal(await codeOf(signIn({ claims: { acr: 'urn:password' } }, { acrValues: ['urn:mfa'] })), 'oidc.second_factor');
  t.equal(await codeOf(signIn({}, { acrValues: ['urn:mfa'] })), 'oidc.second_factor', 'no acr at all');
  t.equal(await codeOf(signIn({ claims: { auth_time: seconds() - 7_200 } }, { maxAuthenticationAgeS: 3_600 })), 'oidc.id_token');
  t.equal(await codeOf(signIn({ claims: { auth_time: undefined } }, { maxAuthenticationAgeS: 3_600 })), 'oidc.id_token');
});

t.test('an e-mail is verified only if the provider says so; a claim cannot set a prototype', async (t) => {
  t.equal((await signIn({ claims: { email_verified: 'true' } })).identity.isEmailVerified, false);
  t.equal((await signIn({ claims: { email_verified: undefined } })).identity.isEmailVerified, false);
  const { identity } = await signIn({ claims: { ['__proto__']: { admin: true } } });
  t.equal((identity as unknown as { admin?: boolean }).admin, undefined);
  t.equal((identity.claims as { admin?: boolean }).admin, undefined);
});

t.test('keys: kept, and fetched again when a new one signs', async (t) => {
  const provider = wrongProvider();
  const configuration = await discoverProvider(provider.connection);
  const again = async () => {
    const { url, pending } = await beginSignIn(configuration, provider.connection);
    provider.nonce = new URL(url).searchParams.get('nonce') ?? '';
    return completeSignIn(configuration, provider.connection, new URLSearchParams({ code: 'c', state: pending.state, iss: ISSUER }).toString(), pending);
  };
  const fetched = (): number => provider.requested.filter((url) => url.endsWith('/jwks')).length;
  await again();
  await again();
  t.equal(fetched(), 1, 'kept');
  await provider.rotate();
  t.equal(await codeOf(again()), 'oidc.id_token', 'a key nobody knows, within the minute that keeps a provider from being flooded');
  const later = await discoverProvider(provider.connection);
  const { url, pending } = await beginSignIn(later, provider.connection);
  provider.nonce = new URL(url).searchParams.get('nonce') ?? '';
  t.equal((await completeSignIn(later, provider.connection, new URLSearchParams({ code: 'c', state: pending.state, iss: ISSUER }).toString(), pending)).subject, SUBJECT);
});

t.test('hashes of what came beside the token', async (t) => {
  t.equal(await codeOf(signIn({ claims: { at_hash: halfHash('access') } })), 'accepted');
  t.equal(await codeOf(signIn({ claims: { at_hash: halfHash('another') } })), 'oidc.id_token', 'invalid-athash');
});
