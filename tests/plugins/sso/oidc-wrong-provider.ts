import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from 'jose';
import type { CryptoKey, JWK, JWTPayload } from 'jose';
import { createHash } from 'node:crypto';
import type { Fetch, OidcConnection } from '../../../plugins/sso/oidc/settings.ts';

/*
 * A provider that can be told to get one thing wrong, as the modules of the OpenID conformance suite do. It answers at the level of HTTP
 * messages, so everything of ours is the real thing.
 */
export const ISSUER = 'https://op.example.org';
export const CLIENT_ID = 'clinic';
export const CLIENT_SECRET = 'a-secret-of-at-least-thirty-two-letters';
export const REDIRECT_URI = 'https://clinic.example.org/plugins/sso/mission/oidc/return';
export const SUBJECT = 'person-1';

export type Faults = {
  /** Put over the good claims; undefined takes one away. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly algorithm?: 'RS256' | 'PS256' | 'ES256' | 'HS256' | 'none';
  readonly signs?: 'known' | 'unknown';
  readonly kid?: string | null;
  readonly twoKeys?: boolean;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly userinfo?: Readonly<Record<string, unknown>>;
  readonly changeToken?: (token: string) => string;
  readonly tokenAnswer?: Readonly<Record<string, unknown>>;
  readonly tokenStatus?: number;
  readonly jwks?: readonly JWK[];
};

type KeyPair = { publicKey: CryptoKey; privateKey: CryptoKey };
const pairs = { RS256: await generateKeyPair('RS256', { extractable: true }), other: await generateKeyPair('RS256', { extractable: true }), PS256: await generateKeyPair('PS256', { extractable: true }), ES256: await generateKeyPair('ES256', { extractable: true }) };

export type WrongProvider = {
  readonly connection: OidcConnection;
  faults: Faults;
  /** What the client sent to the token endpoint, last. */
  lastTokenRequest: URLSearchParams | null;
  readonly requested: string[];
  /** The nonce of the running sign-in, as the authorization endpoint would have kept it. */
  nonce: string;
  sign(claims: JWTPayload, type?: string): Promise<string>;
  rotate(): Promise<void>;
};

export function wrongProvider(faults: Faults = {}, change: Partial<OidcConnection> = {}): WrongProvider {
  let current: { kid: string; pair: KeyPair } = { kid: 'k1', pair: pairs.RS256 };
  const fetch: Fetch = async (url, { body }) => {
    provider.requested.push(url);
    switch (new URL(url).pathname) {
      case '/.well-known/openid-configuration': return json(metadata(provider.faults));
      case '/jwks': return json({ keys: provider.faults.jwks ?? (await publicKeys(current, provider.faults)) });
      case '/userinfo': return json({ sub: SUBJECT, email: 'person@example.org', email_verified: true, ...provider.faults.userinfo });
      default: {
        provider.lastTokenRequest = new URLSearchParams(String(body));
        const idToken = await provider.sign(goodClaims(provider.nonce));
        return json({ access_token: 'access', token_type: 'Bearer', id_token: (provider.faults.changeToken ?? String)(idToken), ...provider.faults.tokenAnswer }, provider.faults.tokenStatus);
      }
    }
  };
  const provider: WrongProvider = {
    connection: { issuer: ISSUER, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, scopes: ['email', 'profile'], acrValues: [], maxAuthenticationAgeS: null, clockToleranceS: 30, redirectUri: REDIRECT_URI, afterSignOutUri: 'https://clinic.example.org/sign-in', fetch, ...change },
    faults, lastTokenRequest: null, requested: [], nonce: '',
    sign: (claims, type) => signToken({ ...claims, ...provider.faults.claims } as JWTPayload, provider.faults, current, type),
    rotate: async () => {
      current = { kid: `k${Date.now()}`, pair: await generateKeyPair('RS256', { extractable: true }) };
    },
  };
  return provider;
}

export const seconds = (): number => Math.floor(Date.now() / 1_000);

export function goodClaims(nonce: string): JWTPayload {
  return { iss: ISSUER, sub: SUBJECT, aud: CLIENT_ID, iat: seconds(), exp: seconds() + 300, nonce, auth_time: seconds() - 5, sid: 'session-1', email: 'person@example.org', email_verified: true };
}

function metadata(faults: Faults): object {
  return {
    issuer: ISSUER, authorization_endpoint: `${ISSUER}/auth`, token_endpoint: `${ISSUER}/token`, userinfo_endpoint: `${ISSUER}/userinfo`, jwks_uri: `${ISSUER}/jwks`, end_session_endpoint: `${ISSUER}/end`,
    response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256', 'PS256', 'ES256', 'HS256', 'none'], code_challenge_methods_supported: ['S256'], ...faults.metadata,
  };
}

async function publicKeys(current: { kid: string; pair: KeyPair }, { twoKeys, kid }: Faults): Promise<JWK[]> {
  const named = async (pair: KeyPair, name: string, alg: string): Promise<JWK> => ({ ...(await exportJWK(pair.publicKey)), use: 'sig', alg, ...(kid === null ? {} : { kid: name }) });
  const first = await named(current.pair, current.kid, 'RS256');
  return [first, await named(pairs.PS256, 'ps', 'PS256'), await named(pairs.ES256, 'es', 'ES256'), ...(twoKeys ? [await named(pairs.other, 'k0', 'RS256')] : [])];
}

async function signToken(claims: JWTPayload, { algorithm = 'RS256', signs = 'known', kid }: Faults, current: { kid: string; pair: KeyPair }, type = 'JWT'): Promise<string> {
  const payload = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
  if (algorithm === 'none') return new UnsecuredJWT(payload).encode();
  const own = { RS256: { pair: current.pair, kid: current.kid }, PS256: { pair: pairs.PS256, kid: 'ps' }, ES256: { pair: pairs.ES256, kid: 'es' }, HS256: null }[algorithm];
  const header = { alg: algorithm, typ: type, ...(kid === null ? {} : { kid: kid ?? own?.kid ?? current.kid }) };
  if (own === null) return new SignJWT(payload).setProtectedHeader(header).sign(Buffer.from(CLIENT_SECRET));
  const strange = algorithm === 'ES256' ? await generateKeyPair('ES256') : pairs.other;
  return new SignJWT(payload).setProtectedHeader(header).sign(signs === 'known' ? own.pair.privateKey : strange.privateKey);
}

const json = (value: object, status = 200): Response => new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } });

/** OpenID Connect Core 3.1.3.6. */
export const halfHash = (value: string): string => createHash('sha256').update(value).digest().subarray(0, 16).toString('base64url');
