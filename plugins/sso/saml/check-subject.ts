import { refuse } from '../refusal.ts';
import { attributeInstant, checkWindow } from './instant.ts';
import { BEARER, SAML, TRANSIENT } from './names.ts';
import type { PendingRequest, SamlConnection } from './settings.ts';
import { childOf, childrenOf, textOf } from './xml.ts';
import type { XmlElement } from './xml.ts';

export type Subject = { readonly nameId: string; readonly format: string | null; readonly confirmedUntil: Date };

/**
 * saml-profiles-2.0-os 4.1.4.2 and 4.1.4.3: one bearer confirmation, for our address, in time, for the request this browser carried. These
 * values stand inside the signature even where the Response's own attributes do not. A transient NameID names nobody the next time.
 */
export function checkSubject(assertion: XmlElement, connection: SamlConnection, pending: PendingRequest, now: Date): Subject {
  const subject = childOf(assertion, SAML, 'Subject') ?? refuse('saml.subject');
  const nameId = childOf(subject, SAML, 'NameID') ?? refuse('saml.subject');
  const name = textOf(nameId);
  const format = nameId.attributes.get('Format') ?? null;
  if (name === '' || name.length > 256 || format === TRANSIENT) refuse('saml.subject');
  const confirmations = childrenOf(subject, SAML, 'SubjectConfirmation').filter((each) => each.attributes.get('Method') === BEARER);
  if (confirmations.length !== 1) refuse('saml.subject');
  const data = childOf(confirmations[0] as XmlElement, SAML, 'SubjectConfirmationData') ?? refuse('saml.subject');
  if (data.attributes.get('Recipient') !== connection.service.consumerUrl) refuse('saml.recipient');
  checkWindow(data, connection.rules, now);
  const confirmedUntil = attributeInstant(data, 'NotOnOrAfter') ?? refuse('saml.time');
  const inResponseTo = data.attributes.get('InResponseTo');
  if (pending === null ? inResponseTo !== undefined : inResponseTo !== pending.id) refuse('saml.in_response_to');
  return { nameId: name, format, confirmedUntil };
}
