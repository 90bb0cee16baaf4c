import { newId } from './authn-request.ts';
import { writerOf } from './node-saml.ts';
import type { SamlConnection } from './settings.ts';

export type SignedOutPerson = { readonly nameId: string; readonly nameIdFormat: string | null; readonly sessionIndex: string | null };

/** A signed LogoutRequest over the redirect binding (saml-profiles-2.0-os 4.4); null where the provider names no address for it. */
export async function createLogoutRequest(connection: SamlConnection, { nameId, nameIdFormat, sessionIndex }: SignedOutPerson, relayState: string): Promise<{ url: string; id: string } | null> {
  if (connection.provider.signOutUrl === null) return null;
  const id = newId();
  const person = { issuer: connection.provider.entityId, nameID: nameId, nameIDFormat: nameIdFormat ?? 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified', ...(sessionIndex ? { sessionIndex } : {}) };
  return { id, url: await writerOf(connection, id, false).getLogoutUrlAsync(person, relayState, {}) };
}

/** Our signed answer to the provider's LogoutRequest. */
export async function createLogoutResponse(connection: SamlConnection, requestId: string, relayState: string, isDone: boolean): Promise<string | null> {
  if (connection.provider.signOutUrl === null) return null;
  const request = { ID: requestId, issuer: connection.provider.entityId, nameID: '', nameIDFormat: '' };
  return writerOf(connection, newId(), false).getLogoutResponseUrlAsync(request, relayState, {}, isDone);
}
