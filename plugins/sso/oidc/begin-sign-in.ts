import { buildAuthorizationUrl, calculatePKCECodeChallenge, randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client';
import type { Configuration } from 'openid-client';
import type { OidcConnection, PendingSignIn } from './settings.ts';

/** Where to send the browser (OpenID Connect Core 3.1.2.1, RFC 7636 S256, RFC 9700 2.1.1), and what its return will have to match. `isAnew`: whatever session there is. */
export async function beginSignIn(configuration: Configuration, connection: OidcConnection, isAnew = false): Promise<{ url: string; pending: PendingSignIn }> {
  const pending = { state: randomState(), nonce: randomNonce(), codeVerifier: randomPKCECodeVerifier() };
  const url = buildAuthorizationUrl(configuration, {
    redirect_uri: connection.redirectUri,
    scope: [...new Set(['openid', ...connection.scopes])].join(' '),
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await calculatePKCECodeChallenge(pending.codeVerifier),
    code_challenge_method: 'S256',
    ...(isAnew ? { prompt: 'login' } : {}),
    ...(connection.acrValues.length > 0 ? { acr_values: connection.acrValues.join(' ') } : {}),
    ...(connection.maxAuthenticationAgeS !== null ? { max_age: String(connection.maxAuthenticationAgeS) } : {}),
  });
  return { url: url.href, pending };
}
