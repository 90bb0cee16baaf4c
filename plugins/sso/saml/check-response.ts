import { refuse } from '../refusal.ts';
import { checkStatus } from './check-structure.ts';
import { checkIssuer } from './check-issuer.ts';
import { checkIssueInstant } from './instant.ts';
import type { PendingRequest, SamlConnection } from './settings.ts';
import type { XmlElement } from './xml.ts';

/** What the envelope says (saml-core-2.0-os 3.2.2). Where the envelope is not signed, what it says can only refuse, never admit. */
export function checkResponse(response: XmlElement, isSigned: boolean, connection: SamlConnection, pending: PendingRequest, now: Date): void {
  if (response.attributes.get('Version') !== '2.0') refuse('saml.version');
  checkStatus(response);
  checkIssuer(response, connection, true);
  checkIssueInstant(response, connection.rules, now);
  // saml-bindings-2.0-os 3.5.5.2: a signed message over POST MUST name its destination.
  const destination = response.attributes.get('Destination');
  if (destination === undefined ? isSigned : destination !== connection.service.consumerUrl) refuse('saml.destination');
  const inResponseTo = response.attributes.get('InResponseTo');
  if (pending === null && inResponseTo === undefined && !connection.rules.allowUnsolicited) refuse('saml.unsolicited');
  if (pending === null ? inResponseTo !== undefined : inResponseTo !== pending.id) refuse('saml.in_response_to');
}
