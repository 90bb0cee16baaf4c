import { createHash } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import { authorizationCodeGrant, fetchUserInfo } from 'openid-client';
import type { Configuration, IDToken } from 'openid-client';
import { SsoRefusal, refuse } from '../refusal.ts';
import type { OidcRefusalCode } from '../refusal.ts';
import type { OidcConnection, OidcIdentity, PendingSignIn } from './settings.ts';

/**
 * The browser is back. State, `iss` (RFC 9207), code, PKCE, nonce, signature, audience, times and max_age are checked by openid-client with
 * what is handed to it here; what it leaves open is checked below. Throws `SsoRefusal`.
 * @param query of the request to our redirect URI; the URI itself is ours, never the request's host.
 */
export async function completeSignIn(configuration: Configuration, connection: OidcConnection, query: string, pending: PendingSignIn): Promise<OidcIdentity> {
  const tokens = await refusing('oidc.id_token', () =>
    authorizationCodeGrant(configuration, returnUrl(connection, query), {
      expectedState: pending.state,
      expectedNonce: pending.nonce,
      pkceCodeVerifier: pending.codeVerifier,
      idTokenExpected: true,
      ...(connection.maxAuthenticationAgeS !== null ? { maxAge: connection.maxAuthenticationAgeS } : {}),
    }),
  );
  const claims = tokens.claims() ?? refuse('oidc.id_token');
  const idToken = tokens.id_token ?? refuse('oidc.id_token');
  checkClaims(claims, connection);
  checkAccessTokenHash(claims, idToken, tokens.access_token);
  const more = await readUserInfo(configuration, tokens.access_token, claims);
  return identityOf(claims, more, idToken);
}

/** A parameter twice is read differently by different readers (RFC 6749 3.1: MUST NOT). */
function returnUrl({ redirectUri }: OidcConnection, query: string): URL {
  const url = new URL(redirectUri);
  const parameters = new URLSearchParams(query);
  if (new Set(parameters.keys()).size !== parameters.size) refuse('oidc.response');
  url.search = parameters.toString();
  return url;
}

function checkClaims(claims: IDToken, connection: OidcConnection): void {
  if (claims.iss !== connection.issuer) refuse('oidc.identity');
  // OpenID Connect Core 2: 255 ASCII characters at the most; a number or an object names nobody.
  if (typeof claims.sub !== 'string' || !/^[\x21-\x7e][\x20-\x7e]{0,254}$/.test(claims.sub)) refuse('oidc.identity');
  if (claims.azp !== undefined && claims.azp !== connection.clientId) refuse('oidc.identity');
  // 3.1.3.7: an audience beside us that we do not know is not to be trusted.
  if ((Array.isArray(claims.aud) ? claims.aud : [claims.aud]).some((audience) => audience !== connection.clientId)) refuse('oidc.identity');
  if (Math.abs(Date.now() / 1_000 - claims.iat) > 600 + connection.clockToleranceS) refuse('oidc.id_token');
  if (connection.acrValues.length > 0 && !connection.acrValues.includes(String(claims.acr))) refuse('oidc.second_factor');
}

/** 3.1.3.8: optional in the code flow, but where it stands it has to be right. EdDSA's hash is not agreed on, so it is left there. */
function checkAccessTokenHash({ at_hash: given }: IDToken, idToken: string, accessToken: string): void {
  const [, bits] = /(256|384|512)$/.exec(decodeProtectedHeader(idToken).alg ?? '') ?? [];
  if (given === undefined || bits === undefined) return;
  const digest = createHash(`sha${bits}`).update(accessToken, 'ascii').digest();
  if (given !== digest.subarray(0, digest.length / 2).toString('base64url')) refuse('oidc.id_token');
}

async function readUserInfo(configuration: Configuration, accessToken: string, claims: IDToken): Promise<Readonly<Record<string, unknown>>> {
  if (claims['email'] !== undefined || !configuration.serverMetadata().userinfo_endpoint) return {};
  return refusing('oidc.userinfo', () => fetchUserInfo(configuration, accessToken, claims.sub));
}

/** What the signed token says is not overruled by what the endpoint says. */
function identityOf(claims: IDToken, more: Readonly<Record<string, unknown>>, idToken: string): OidcIdentity {
  const all: Record<string, unknown> = Object.assign(Object.create(null), more, claims);
  const text = (name: string): string | null => (typeof all[name] === 'string' && all[name] !== '' ? (all[name] as string) : null);
  return {
    issuer: claims.iss,
    subject: claims.sub,
    sessionId: text('sid'),
    email: text('email'),
    isEmailVerified: all['email_verified'] === true,
    name: text('name'),
    acr: typeof claims.acr === 'string' ? claims.acr : null,
    amr: Array.isArray(claims.amr) ? claims.amr.filter((each): each is string => typeof each === 'string') : [],
    authenticatedAt: typeof claims.auth_time === 'number' ? new Date(claims.auth_time * 1_000) : null,
    claims: all,
    idToken,
  };
}

async function refusing<T>(code: OidcRefusalCode, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof SsoRefusal ? error : new SsoRefusal(code, { cause: error });
  }
}
