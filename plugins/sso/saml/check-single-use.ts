import { refuse } from '../refusal.ts';
import { attributeInstant } from './instant.ts';
import { SAML } from './names.ts';
import type { AssertionStore, SamlConnection } from './settings.ts';
import { childOf } from './xml.ts';
import type { XmlElement } from './xml.ts';

/**
 * saml-profiles-2.0-os 4.1.4.5: a bearer assertion is used once. Remembered until the last moment at which any check would still let it
 * pass, and last of all checks, so that a refused message cannot burn the id of a good one.
 */
export async function checkSingleUse(assertion: XmlElement, confirmedUntil: Date, { provider, rules }: SamlConnection, store: AssertionStore): Promise<void> {
  const id = assertion.attributes.get('ID') ?? refuse('saml.structure');
  const conditions = childOf(assertion, SAML, 'Conditions');
  const until = Math.max(confirmedUntil.getTime(), (conditions && attributeInstant(conditions, 'NotOnOrAfter')?.getTime()) ?? 0) + rules.clockSkewMs;
  if (!(await store.useOnce(provider.entityId, id, new Date(until)))) refuse('saml.replayed');
}
