import { refuse } from '../refusal.ts';
import { SAML } from './names.ts';
import { childrenOf, textOf } from './xml.ts';
import type { XmlElement } from './xml.ts';

const MAX_VALUE_LENGTH = 4_096;

/**
 * Attribute statements to a Map: a name such as `__proto__` stays a name (CVE-2023-0842). The same name twice would leave it to the reader
 * which one counts, so it is refused; several values of one attribute are plain.
 */
export function readAttributes(assertion: XmlElement): ReadonlyMap<string, readonly string[]> {
  const attributes = new Map<string, readonly string[]>();
  for (const statement of childrenOf(assertion, SAML, 'AttributeStatement')) {
    for (const attribute of statement.children) {
      const name = attribute.attributes.get('Name');
      if (attribute.name !== 'Attribute' || attribute.namespace !== SAML || !name || attributes.has(name)) refuse('saml.attribute');
      const values = childrenOf(attribute, SAML, 'AttributeValue').map(textOf);
      if (values.some((value) => value.length > MAX_VALUE_LENGTH)) refuse('saml.attribute');
      attributes.set(name, values);
    }
  }
  return attributes;
}
