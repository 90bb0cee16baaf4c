import { ClientSecretBasic, ClientSecretPost, Configuration, None, allowInsecureRequests, clockTolerance, customFetch, discovery, enableNonRepudiationChecks } from 'openid-client';
import type { ClientAuth, CustomFetch, ServerMetadata } from 'openid-client';
import { SsoRefusal, refuse } from '../refusal.ts';
import type { Fetch, OidcConnection } from './settings.ts';

const KEPT_MS = 15 * 60_000;
/** Asymmetric only: with an HMAC the provider's answer would be signed by a secret that stands in our settings. */
export const SIGNING_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];

const known = new Map<string, { readonly until: number; readonly configuration: Promise<Configuration> }>();

/**
 * The provider's metadata and keys, kept for a quarter of an hour in this process; `key` names the workspace's connection and its version, so
 * that changed settings take effect at once. Keys that are not known yet are fetched again by the client (rotation).
 */
export function providerOf(key: string, connection: OidcConnection, now: number): Promise<Configuration> {
  const found = known.get(key);
  if (found && found.until > now) return found.configuration;
  for (const [other, { until }] of known) if (until <= now) known.delete(other);
  const configuration = discoverProvider(connection);
  known.set(key, { until: now + KEPT_MS, configuration });
  configuration.catch(() => known.delete(key)); // a failure is told to whoever waits, and not kept
  return configuration;
}

/** OpenID Connect Discovery 1.0 §4: fetched anew; the issuer inside must be the one asked for, letter for letter (4.3). */
export async function discoverProvider(connection: OidcConnection): Promise<Configuration> {
  const issuer = URL.canParse(connection.issuer) ? new URL(connection.issuer) : refuse('oidc.discovery');
  if (issuer.search !== '' || issuer.hash !== '' || issuer.username !== '') refuse('oidc.discovery');
  try {
    const configuration = await discovery(issuer, connection.clientId, { [clockTolerance]: connection.clockToleranceS, redirect_uris: [connection.redirectUri] }, None(), {
      [customFetch]: adapt(connection.fetch),
      // Whether plain HTTP may leave at all is the guard's to say; it stands in the operator's configuration.
      execute: issuer.protocol === 'http:' ? [allowInsecureRequests, enableNonRepudiationChecks] : [enableNonRepudiationChecks],
    });
    checkMetadata(configuration, connection);
    return withAuthentication(configuration, connection);
  } catch (error) {
    throw error instanceof SsoRefusal ? error : new SsoRefusal('oidc.discovery', { cause: error });
  }
}

function checkMetadata(configuration: Configuration, connection: OidcConnection): void {
  const metadata = configuration.serverMetadata();
  if (metadata.issuer !== connection.issuer || !metadata.authorization_endpoint || !metadata.token_endpoint || !metadata.jwks_uri) refuse('oidc.discovery');
  const methods = metadata.code_challenge_methods_supported;
  if (methods !== undefined && !methods.includes('S256')) refuse('oidc.discovery');
  for (const address of [metadata.authorization_endpoint, metadata.end_session_endpoint]) {
    if (address !== undefined && (!URL.canParse(address) || new URL(address).protocol !== new URL(connection.issuer).protocol)) refuse('oidc.discovery');
  }
  const offered = metadata.id_token_signing_alg_values_supported;
  if (Array.isArray(offered) && !offered.some((algorithm) => SIGNING_ALGORITHMS.includes(String(algorithm)))) refuse('oidc.discovery');
}

/** The same metadata with the way to authenticate that the provider understands; known only now. */
function withAuthentication(found: Configuration, connection: OidcConnection): Configuration {
  const { supportsPKCE: _, ...metadata } = found.serverMetadata();
  const offered = metadata.id_token_signing_alg_values_supported;
  if (Array.isArray(offered)) metadata.id_token_signing_alg_values_supported = offered.filter((each) => SIGNING_ALGORITHMS.includes(String(each)));
  const configuration = new Configuration(metadata as ServerMetadata, connection.clientId, { [clockTolerance]: connection.clockToleranceS }, authenticationOf(metadata.token_endpoint_auth_methods_supported, connection));
  configuration[customFetch] = adapt(connection.fetch);
  if (new URL(connection.issuer).protocol === 'http:') allowInsecureRequests(configuration);
  enableNonRepudiationChecks(configuration);
  return configuration;
}

/** RFC 8414 §2: absent means client_secret_basic. */
function authenticationOf(methods: readonly string[] = ['client_secret_basic'], { clientSecret }: OidcConnection): ClientAuth {
  if (clientSecret === null) return None();
  return methods.includes('client_secret_basic') ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret);
}

function adapt(fetch: Fetch): CustomFetch {
  return (url, { method, headers, body }) => {
    const text = body instanceof URLSearchParams ? body.toString() : body;
    if (text !== null && text !== undefined && typeof text !== 'string' && !(text instanceof Uint8Array)) throw new TypeError('The provider is sent forms only.');
    return fetch(url, { method, headers, ...(text === null || text === undefined ? {} : { body: text }) });
  };
}
