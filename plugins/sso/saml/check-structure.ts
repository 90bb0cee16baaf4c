import { refuse } from '../refusal.ts';
import { DSIG, SAML, SAMLP, SUCCESS } from './names.ts';
import { childOf, childrenOf, descend, is } from './xml.ts';
import type { XmlElement } from './xml.ts';

export type Response = { readonly response: XmlElement; readonly assertion: XmlElement | null; readonly encryptedAssertion: XmlElement | null };

/**
 * Exactly one assertion, plain or encrypted, a child of the Response that is the document (saml-profiles-2.0-os 4.1.4.2 allows more; no
 * provider sends more, and a second one is how wrapping works: Somorovsky et al., "On Breaking SAML", XSW 1 to 8). Advice and Extensions,
 * which may hold anything, are refused with it.
 */
export function checkStructure(root: XmlElement): Response {
  if (!is(root, SAMLP, 'Response')) refuse('saml.structure');
  const plain = childrenOf(root, SAML, 'Assertion');
  const encrypted = childrenOf(root, SAML, 'EncryptedAssertion');
  if (plain.length + encrypted.length !== 1) {
    // A provider that reports a failure sends a status and no assertion.
    if (plain.length + encrypted.length === 0) checkStatus(root);
    refuse('saml.structure');
  }
  // What an unsigned envelope carries beyond these is nobody's.
  if (root.children.some((child) => !ENVELOPE.has(`${child.namespace} ${child.name}`))) refuse('saml.structure');
  for (const element of descend(root)) {
    if (is(element, SAML, 'Assertion') && element !== plain[0]) refuse('saml.structure');
    if (is(element, SAML, 'EncryptedAssertion') && element !== encrypted[0]) refuse('saml.structure');
    if (is(element, SAMLP, 'Response') && element !== root) refuse('saml.structure');
    refuseHidingPlaces(element);
  }
  return { response: root, assertion: plain[0] ?? null, encryptedAssertion: encrypted[0] ?? null };
}

const ENVELOPE = new Set([`${SAML} Issuer`, `${DSIG} Signature`, `${SAMLP} Status`, `${SAML} Assertion`, `${SAML} EncryptedAssertion`]);
const HIDING_PLACES = new Set([`${SAML} Advice`, `${SAMLP} Extensions`, `${DSIG} Object`]);

/** An assertion that stands alone, out of its encryption. */
export function checkAssertionRoot(root: XmlElement): XmlElement {
  if (!is(root, SAML, 'Assertion')) refuse('saml.structure');
  for (const element of descend(root)) {
    if ((is(element, SAML, 'Assertion') && element !== root) || element.name === 'EncryptedAssertion') refuse('saml.structure');
    refuseHidingPlaces(element);
  }
  return root;
}

export function checkStatus(response: XmlElement): void {
  const status = childOf(response, SAMLP, 'Status');
  const code = status && childOf(status, SAMLP, 'StatusCode');
  if (code?.attributes.get('Value') !== SUCCESS) refuse('saml.status');
}

function refuseHidingPlaces(element: XmlElement): void {
  if (HIDING_PLACES.has(`${element.namespace} ${element.name}`)) refuse('saml.structure');
  if (element.name === 'Signature' && element.namespace !== DSIG) refuse('saml.signature.placement');
}
