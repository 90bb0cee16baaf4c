import { refuse } from '../refusal.ts';
import { DSIG, ENVELOPED, EXCLUSIVE_C14N, SAML, XENC } from './names.ts';
import { childOf, descend, is, textOf } from './xml.ts';
import type { XmlElement } from './xml.ts';

/** RSA with SHA-256 or better (NIST SP 800-131A r2). No HMAC: its key would be our copy of a public certificate. */
const SIGNATURE_METHODS = new Set(['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1']);
const DIGEST_METHODS = new Set([`${XENC}sha256`, `${XENC}sha512`]);
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

/**
 * Signatures stand where SAML puts them and nowhere else: a child of the element they sign, right behind its Issuer (saml-core-2.0-os 5.4
 * and the schema). Resolves to the signed elements, outermost first.
 */
export function checkSignatures(root: XmlElement, signable: readonly XmlElement[]): XmlElement[] {
  const signed: XmlElement[] = [];
  for (const element of descend(root)) {
    if (!is(element, DSIG, 'Signature')) continue;
    const parent = element.parent;
    if (parent === null || !signable.includes(parent) || signed.includes(parent)) refuse('saml.signature.placement');
    if (parent.children.indexOf(element) !== 1 || !is(parent.children[0], SAML, 'Issuer')) refuse('saml.signature.placement');
    checkSignatureForm(element, parent);
    signed.push(parent);
  }
  return signed;
}

/** The one shape that SAML's signature profile leaves (5.4.1 to 5.4.4), so that nothing is left for two readers to differ about. */
function checkSignatureForm(signature: XmlElement, parent: XmlElement): void {
  const [info, value, ...rest] = signature.children;
  if (!is(info, DSIG, 'SignedInfo') || !is(value, DSIG, 'SignatureValue') || rest.length > 1 || (rest[0] !== undefined && !is(rest[0], DSIG, 'KeyInfo'))) refuse('saml.signature.form');
  const [canonicalization, method, reference, ...others] = info.children;
  if (!is(canonicalization, DSIG, 'CanonicalizationMethod') || !is(method, DSIG, 'SignatureMethod') || !is(reference, DSIG, 'Reference') || others.length > 0) refuse('saml.signature.form');
  if (!BASE64.test(textOf(value)) || method.children.length > 0) refuse('saml.signature.form');
  checkCanonicalization(canonicalization);
  if (!SIGNATURE_METHODS.has(method.attributes.get('Algorithm') ?? '')) refuse('saml.signature.algorithm');
  checkReference(reference, parent);
}

function checkReference(reference: XmlElement, parent: XmlElement): void {
  const id = parent.attributes.get('ID');
  if (id === undefined || reference.attributes.get('URI') !== `#${id}`) refuse('saml.signature.reference');
  const [transforms, method, value, ...rest] = reference.children;
  if (!is(transforms, DSIG, 'Transforms') || !is(method, DSIG, 'DigestMethod') || !is(value, DSIG, 'DigestValue') || rest.length > 0) refuse('saml.signature.form');
  if (!DIGEST_METHODS.has(method.attributes.get('Algorithm') ?? '') || method.children.length > 0) refuse('saml.signature.algorithm');
  if (!BASE64.test(textOf(value))) refuse('saml.signature.form');
  const [enveloped, exclusive, ...more] = transforms.children;
  if (!is(enveloped, DSIG, 'Transform') || enveloped.attributes.get('Algorithm') !== ENVELOPED || enveloped.children.length > 0) refuse('saml.signature.form');
  if (!is(exclusive, DSIG, 'Transform') || more.length > 0) refuse('saml.signature.form');
  checkCanonicalization(exclusive);
}

/** Exclusive, without comments; an InclusiveNamespaces list is what xs:-typed attribute values need (exc-c14n 1.0, section 4). */
function checkCanonicalization(element: XmlElement): void {
  if (element.attributes.get('Algorithm') !== EXCLUSIVE_C14N) refuse('saml.signature.algorithm');
  const list = childOf(element, EXCLUSIVE_C14N, 'InclusiveNamespaces');
  if (element.children.length !== (list ? 1 : 0) || (list && list.children.length > 0)) refuse('saml.signature.form');
}
