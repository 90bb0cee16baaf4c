import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import type { Configuration } from 'openid-client';
import { refuse } from '../refusal.ts';
import { SIGNING_ALGORITHMS } from './discover.ts';
import type { OidcConnection } from './settings.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const MAX_AGE_S = 300;
const keySets = new WeakMap<Configuration, ReturnType<typeof createRemoteJWKSet>>();

/** One winner over all processes; the same store that remembers SAML assertions. */
export type TokenStore = { useOnce(issuer: string, tokenId: string, until: Date): Promise<boolean> };
export type LoggedOut = { readonly subject: string | null; readonly sessionId: string | null };

/** OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6. Throws `SsoRefusal`. */
export async function verifyLogoutToken(configuration: Configuration, connection: OidcConnection, token: unknown, store: TokenStore): Promise<LoggedOut> {
  if (typeof token !== 'string' || token.length > 16_384) refuse('oidc.logout_token');
  const { payload } = await jwtVerify(token, keySetOf(configuration, connection), {
    issuer: connection.issuer, audience: connection.clientId, algorithms: SIGNING_ALGORITHMS, clockTolerance: connection.clockToleranceS, maxTokenAge: MAX_AGE_S, requiredClaims: ['iat', 'exp', 'jti', 'events'],
  }).then((verified) => (isLogoutType(verified.protectedHeader.typ) ? verified : refuse('oidc.logout_token')), (error: unknown) => refuse('oidc.logout_token', error));
  checkLogoutClaims(payload);
  const until = new Date(((payload.iat ?? 0) + MAX_AGE_S + connection.clockToleranceS) * 1_000);
  if (!(await store.useOnce(connection.issuer, payload.jti ?? '', until))) refuse('oidc.replayed');
  return { subject: payload.sub ?? null, sessionId: typeof payload['sid'] === 'string' ? payload['sid'] : null };
}

/** An ID token must never pass for one (2.4: a nonce is prohibited for that reason). */
function checkLogoutClaims(payload: JWTPayload): void {
  const events = payload['events'];
  const event = typeof events === 'object' && events !== null ? (events as Record<string, unknown>)[EVENT] : undefined;
  if (typeof event !== 'object' || event === null || Array.isArray(event)) refuse('oidc.logout_token');
  if (payload['nonce'] !== undefined || !payload.jti) refuse('oidc.logout_token');
  if (typeof payload.sub !== 'string' && typeof payload['sid'] !== 'string') refuse('oidc.logout_token');
}

/** `logout+jwt` is recommended; providers from before it write JWT or nothing. Any other says that the token is something else. */
const isLogoutType = (type: string | undefined): boolean => type === undefined || ['jwt', 'logout+jwt'].includes(type.toLowerCase());

function keySetOf(configuration: Configuration, { fetch }: OidcConnection): ReturnType<typeof createRemoteJWKSet> {
  let keys = keySets.get(configuration);
  if (!keys) {
    keys = createRemoteJWKSet(new URL(configuration.serverMetadata().jwks_uri ?? ''), { [customFetch]: (url) => fetch(url, { method: 'GET', headers: { accept: 'application/json' } }) });
    keySets.set(configuration, keys);
  }
  return keys;
}
