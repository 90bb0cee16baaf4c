import { refuse } from '../refusal.ts';
import { ENTITY_FORMAT, SAML } from './names.ts';
import type { SamlConnection } from './settings.ts';
import { childOf, textOf } from './xml.ts';
import type { XmlElement } from './xml.ts';

/** saml-profiles-2.0-os 4.1.4.2: the issuer is the provider's entity id, of format entity or none. A Response may leave it out, an assertion may not. */
export function checkIssuer(element: XmlElement, { provider }: SamlConnection, isOptional = false): void {
  const issuer = childOf(element, SAML, 'Issuer');
  if (issuer === undefined) return isOptional ? undefined : refuse('saml.issuer');
  if (textOf(issuer) !== provider.entityId || (issuer.attributes.get('Format') ?? ENTITY_FORMAT) !== ENTITY_FORMAT) refuse('saml.issuer');
}
