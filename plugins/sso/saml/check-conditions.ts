import { refuse } from '../refusal.ts';
import { checkWindow } from './instant.ts';
import { SAML } from './names.ts';
import type { SamlConnection } from './settings.ts';
import { childOf, childrenOf, textOf } from './xml.ts';
import type { XmlElement } from './xml.ts';

const UNDERSTOOD = new Set(['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction']);

/**
 * saml-core-2.0-os 2.5.1: restrictions are joined by AND, the audiences inside one by OR, and a condition we do not know makes the assertion
 * indeterminate, which is no. 4.1.4.2 of the profiles demands an audience; OneTimeUse is kept for every assertion anyway.
 */
export function checkConditions(assertion: XmlElement, connection: SamlConnection, now: Date): void {
  const conditions = childOf(assertion, SAML, 'Conditions') ?? refuse('saml.audience');
  checkWindow(conditions, connection.rules, now);
  if (conditions.children.some((child) => child.namespace !== SAML || !UNDERSTOOD.has(child.name))) refuse('saml.structure');
  const restrictions = childrenOf(conditions, SAML, 'AudienceRestriction');
  if (restrictions.length === 0) refuse('saml.audience');
  for (const restriction of restrictions) {
    const audiences = childrenOf(restriction, SAML, 'Audience').map(textOf);
    if (!audiences.includes(connection.service.entityId)) refuse('saml.audience');
  }
}
