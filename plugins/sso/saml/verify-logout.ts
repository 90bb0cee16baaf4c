import { refuse } from '../refusal.ts';
import { checkIssuer } from './check-issuer.ts';
import { checkSignatures } from './check-signature-form.ts';
import { checkStatus } from './check-structure.ts';
import { attributeInstant, checkIssueInstant } from './instant.ts';
import { decodePost, decodeRedirect } from './message.ts';
import { DSIG, SAML, SAMLP } from './names.ts';
import { verifyRedirect } from './redirect-signature.ts';
import type { AssertionStore, SamlConnection } from './settings.ts';
import { readSigned } from './verify-signature.ts';
import { childOf, childrenOf, is, readXml, textOf } from './xml.ts';
import type { XmlElement } from './xml.ts';

export type LogoutRequest = { readonly kind: 'request'; readonly id: string; readonly nameId: string; readonly sessionIndexes: readonly string[]; readonly relayState: string };
export type LogoutResponse = { readonly kind: 'response'; readonly inResponseTo: string; readonly relayState: string };

/** A logout message over the redirect binding, signed in its query. Nothing is inflated before the signature held. */
export async function verifyRedirectLogout(connection: SamlConnection, query: string, store: AssertionStore, now: Date): Promise<LogoutRequest | LogoutResponse> {
  const { kind, message, relayState } = verifyRedirect(query, connection.provider.certificates);
  const root = readXml(decodeRedirect(message));
  return kind === 'SAMLRequest' ? readRequest(root, connection, relayState, store, now) : readResponse(root, connection, relayState, now);
}

/** The same over POST, signed in its XML. */
export async function verifyPostLogout(connection: SamlConnection, form: { SAMLRequest?: unknown; SAMLResponse?: unknown; RelayState?: unknown }, store: AssertionStore, now: Date): Promise<LogoutRequest | LogoutResponse> {
  if ((form.SAMLRequest === undefined) === (form.SAMLResponse === undefined)) refuse('saml.logout');
  const text = decodePost(form.SAMLRequest ?? form.SAMLResponse);
  const raw = readXml(text);
  const [signed] = checkSignatures(raw, [raw]);
  if (!signed) refuse('saml.signature.missing');
  const root = await readSigned(text, signed, connection.provider.certificates);
  const relayState = typeof form.RelayState === 'string' ? form.RelayState : '';
  return form.SAMLRequest !== undefined ? readRequest(root, connection, relayState, store, now) : readResponse(root, connection, relayState, now);
}

/** saml-core-2.0-os 3.7.1. An encrypted name is not asked for in our metadata. CVE-2023-40178: the request's own end counts. */
async function readRequest(root: XmlElement, connection: SamlConnection, relayState: string, store: AssertionStore, now: Date): Promise<LogoutRequest> {
  if (!is(root, SAMLP, 'LogoutRequest')) refuse('saml.logout');
  checkEnvelope(root, connection, now);
  const end = attributeInstant(root, 'NotOnOrAfter');
  if (end && now.getTime() >= end.getTime() + connection.rules.clockSkewMs) refuse('saml.time');
  const id = root.attributes.get('ID') ?? refuse('saml.logout');
  const nameId = textOf(childOf(root, SAML, 'NameID') ?? refuse('saml.logout'));
  if (nameId === '') refuse('saml.logout');
  if (!(await store.useOnce(connection.provider.entityId, id, new Date(now.getTime() + 3_600_000)))) refuse('saml.replayed');
  return { kind: 'request', id, nameId, sessionIndexes: childrenOf(root, SAMLP, 'SessionIndex').map(textOf), relayState };
}

function readResponse(root: XmlElement, connection: SamlConnection, relayState: string, now: Date): LogoutResponse {
  if (!is(root, SAMLP, 'LogoutResponse')) refuse('saml.logout');
  checkEnvelope(root, connection, now);
  checkStatus(root);
  return { kind: 'response', inResponseTo: root.attributes.get('InResponseTo') ?? refuse('saml.in_response_to'), relayState };
}

function checkEnvelope(root: XmlElement, connection: SamlConnection, now: Date): void {
  if (root.attributes.get('Version') !== '2.0') refuse('saml.version');
  checkIssuer(root, connection);
  checkIssueInstant(root, connection.rules, now);
  if (root.attributes.get('Destination') !== connection.service.logoutUrl) refuse('saml.destination');
  // A signed assertion inside a forged request is not a signed request (samlify issue 634).
  if (root.children.some((child) => !ALLOWED.has(`${child.namespace} ${child.name}`))) refuse('saml.structure');
}

const ALLOWED = new Set([`${SAML} Issuer`, `${DSIG} Signature`, `${SAML} NameID`, `${SAMLP} SessionIndex`, `${SAMLP} Status`]);
