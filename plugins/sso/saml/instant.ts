import { refuse } from '../refusal.ts';
import type { SamlRules } from './settings.ts';
import type { XmlElement } from './xml.ts';

/** A message older than this answers nothing any more, whatever its own limits say. */
export const MAX_MESSAGE_AGE_MS = 10 * 60_000;

/** saml-core-2.0-os 1.3.3: UTC, with a Z, no other zone. Date.parse alone would take "2026" and "1/1/2099". */
export function instantOf(value: string): Date {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(value)) refuse('saml.time');
  const instant = new Date(value);
  return Number.isNaN(instant.getTime()) ? refuse('saml.time') : instant;
}

export const attributeInstant = (element: XmlElement, name: string): Date | null => {
  const value = element.attributes.get(name);
  return value === undefined ? null : instantOf(value);
};

/** Neither from the future nor from long ago. */
export function checkIssueInstant(element: XmlElement, { clockSkewMs }: SamlRules, now: Date): void {
  const issued = attributeInstant(element, 'IssueInstant') ?? refuse('saml.time');
  if (issued.getTime() > now.getTime() + clockSkewMs || issued.getTime() < now.getTime() - MAX_MESSAGE_AGE_MS - clockSkewMs) refuse('saml.time');
}

/** `NotBefore` is inclusive, `NotOnOrAfter` exclusive (saml-core-2.0-os 2.5.1.2); each is moved by the skew in the sender's favour. */
export function checkWindow(element: XmlElement, { clockSkewMs }: SamlRules, now: Date): void {
  const notBefore = attributeInstant(element, 'NotBefore');
  const notOnOrAfter = attributeInstant(element, 'NotOnOrAfter');
  if (notBefore && notOnOrAfter && notBefore >= notOnOrAfter) refuse('saml.time');
  if (notBefore && now.getTime() < notBefore.getTime() - clockSkewMs) refuse('saml.time');
  if (notOnOrAfter && now.getTime() >= notOnOrAfter.getTime() + clockSkewMs) refuse('saml.time');
}
