import { buildEndSessionUrl } from 'openid-client';
import type { Configuration } from 'openid-client';
import type { OidcConnection } from './settings.ts';

/** OpenID Connect RP-Initiated Logout 1.0; null where the provider offers none. The address to come back to is ours and registered there. */
export function endSessionUrl(configuration: Configuration, connection: OidcConnection, idToken: string, state: string): string | null {
  if (!configuration.serverMetadata().end_session_endpoint) return null;
  return buildEndSessionUrl(configuration, { id_token_hint: idToken, post_logout_redirect_uri: connection.afterSignOutUri, state }).href;
}
