import { createHash, createHmac } from 'node:crypto';
import { ATTACKER, DS_NS, VICTIM, assertionOf, finish, goodEnvelope, goodParts, idp, issue, post, responseOf, signAssertion, signatureOver, sp, stranger } from '../saml-provider.ts';
import type { Mode, SignOptions } from '../saml-provider.ts';
import type { Attack } from './attack.ts';

const EXC = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = `${DS_NS}enveloped-signature`;
const MODES: readonly Mode[] = ['assertion', 'response'];
const transform = (algorithm: string, content = ''): string => `<ds:Transform Algorithm="${algorithm}">${content}</ds:Transform>`;

/** Signed by the provider's own key, in a form its profile does not allow: a reader that follows them can be led elsewhere. */
const TRANSFORMS: Record<string, readonly string[]> = {
  'no transform': [],
  'the enveloped transform alone': [ENVELOPED],
  'canonicalization alone': [EXC],
  'the two in the wrong order': [EXC, ENVELOPED],
  'a third transform': [ENVELOPED, EXC, EXC],
  'canonicalization with comments': [ENVELOPED, `${EXC}WithComments`],
  'inclusive canonicalization': [ENVELOPED, 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'],
  'an XPath transform': [ENVELOPED, transform('http://www.w3.org/TR/1999/REC-xpath-19991116', '<ds:XPath>not(ancestor-or-self::saml:Subject)</ds:XPath>')],
  'an XPath filter 2.0': [ENVELOPED, transform('http://www.w3.org/2002/06/xmldsig-filter2', '<XPath xmlns="http://www.w3.org/2002/06/xmldsig-filter2" Filter="subtract">//Subject</XPath>')],
  'an XSLT transform': [ENVELOPED, transform('http://www.w3.org/TR/1999/REC-xslt-19991116', '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"></xsl:stylesheet>')],
  'a base64 transform': [ENVELOPED, `${DS_NS}base64`],
  'an unknown transform': [ENVELOPED, 'urn:example:transform'],
};

const ALGORITHMS: Record<string, SignOptions> = {
  'RSA with SHA-1': { signatureMethod: `${DS_NS}rsa-sha1` },
  'a SHA-1 digest': { digestMethod: `${DS_NS}sha1` },
  'an MD5 digest': { digestMethod: 'http://www.w3.org/2001/04/xmldsig-more#md5' },
  'RSA with MD5': { signatureMethod: 'http://www.w3.org/2001/04/xmldsig-more#rsa-md5' },
  'DSA with SHA-1': { signatureMethod: `${DS_NS}dsa-sha1` },
  'an unknown signature algorithm': { signatureMethod: 'urn:example:none' },
  'no signature algorithm': { signatureMethod: '' },
  'an unknown digest': { digestMethod: 'urn:example:digest' },
  'SignedInfo canonicalized with comments': { canonicalization: `${EXC}WithComments` },
  'SignedInfo canonicalized inclusively': { canonicalization: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315' },
  'an unknown canonicalization': { canonicalization: 'urn:example:c14n' },
};

/** HMAC is checked with the very bytes that are public. */
const certificateDer = Buffer.from(idp.certificate.replace(/-----[^-]+-----|\s/g, ''), 'base64');
const HMAC_KEYS: Record<string, string | Buffer> = { 'the certificate as PEM': idp.certificate, 'the public key as PEM': idp.publicKey, 'the certificate as DER': certificateDer, 'an empty key': '' };

const REFERENCES: Record<string, string> = {
  'an empty URI': '', 'the whole document by XPointer': '#xpointer(/)', 'an XPointer id()': "#xpointer(id('_x'))", 'another document': 'https://evil.test/assertion.xml', 'a file': 'file:///etc/passwd',
  'an ID without its hash': 'bare', 'an ID nobody has': '#_nobody', 'a quote in the ID': "#_x' or '1'='1", 'a double quote': '#_x&quot; or &quot;1&quot;=&quot;1', 'white space behind the ID': '#_x ', 'only a hash': '#',
};

export function signatureFormAttacks(): Attack[] {
  return MODES.flatMap((mode) => {
    const one = (name: string, sign: SignOptions, refusals: Attack['refusals']): Attack => ({ name: `${name}, ${mode} signed`, samlResponse: post(issue(mode, { sign })), refusals });
    return [
      ...Object.entries(TRANSFORMS).map(([name, transforms]) => one(name, { transforms }, ['saml.signature.form', 'saml.signature.algorithm'])),
      ...Object.entries(ALGORITHMS).map(([name, sign]) => one(name, sign, ['saml.signature.algorithm'])),
      ...Object.entries(REFERENCES).map(([name, uri]) => one(`reference to ${name}`, { uri }, ['saml.signature.reference'])),
      ...Object.entries(HMAC_KEYS).flatMap(([name, key]) =>
        (['sha1', 'sha256'] as const).map((hash) =>
          one(`HMAC ${hash} keyed with ${name}`, { signatureMethod: hash === 'sha1' ? `${DS_NS}hmac-sha1` : 'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256', signInfo: (info) => createHmac(hash, key).update(info).digest('base64') }, ['saml.signature.algorithm']),
        ),
      ),
      one('signed by a stranger, whose certificate stands in KeyInfo', { key: stranger.key, certificate: stranger.certificate }, ['saml.signature.invalid']),
      one("signed by a stranger under the provider's certificate", { key: stranger.key }, ['saml.signature.invalid']),
      one('signed by a stranger, whose bare key stands in KeyInfo', { key: stranger.key, keyInfo: keyValue(stranger.publicKey) }, ['saml.signature.invalid']),
      one('signed by a stranger, KeyInfo says where to fetch the key', { key: stranger.key, keyInfo: '<ds:KeyInfo><ds:RetrievalMethod URI="https://evil.test/key"></ds:RetrievalMethod></ds:KeyInfo>' }, ['saml.signature.invalid']),
      one('signed by a stranger, no KeyInfo', { key: stranger.key, keyInfo: '' }, ['saml.signature.invalid']),
      one("signed with our own key, whose certificate is in our metadata", { key: sp.key, certificate: sp.certificate }, ['saml.signature.invalid']),
      one('two KeyInfo', { keyInfo: '<ds:KeyInfo></ds:KeyInfo><ds:KeyInfo></ds:KeyInfo>' }, ['saml.signature.form']),
      one('an empty signature value', { signInfo: () => '' }, ['saml.signature.form']),
      one('a signature value of spaces', { signInfo: () => '   ' }, ['saml.signature.form']),
      one('a signature value of zeros', { signInfo: () => Buffer.alloc(256).toString('base64') }, ['saml.signature.invalid']),
      one('a signature value of one', { signInfo: () => Buffer.alloc(256, 0).fill(1, 255).toString('base64') }, ['saml.signature.invalid']),
      one('an element in the signature value', { changeSignature: (text) => text.replace('<ds:SignatureValue>', '<ds:SignatureValue><ds:x></ds:x>') }, ['saml.structure']),
      one('no SignedInfo', { changeSignature: (text) => text.replace(/<ds:SignedInfo>.*<\/ds:SignedInfo>/, '') }, ['saml.signature.form']),
      one('an empty Signature', { changeSignature: () => `<ds:Signature xmlns:ds="${DS_NS}"></ds:Signature>` }, ['saml.signature.form']),
      one('a Signature of another namespace', { changeSignature: (text) => text.replaceAll(DS_NS, 'urn:example:dsig') }, ['saml.signature.placement', 'saml.structure']),
      one('a digest of nothing', { digestValue: createHash('sha256').update('').digest('base64') }, ['saml.signature.invalid']),
      one('an empty digest', { digestValue: '' }, ['saml.signature.form']),
      one('an HMACOutputLength of zero (CVE-2009-0217)', { changeSignature: (text) => text.replace('></ds:SignatureMethod>', '><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>') }, ['saml.signature.form']),
      one('a Manifest', { changeSignature: (text) => text.replace('</ds:Signature>', '<ds:Object><ds:Manifest></ds:Manifest></ds:Object></ds:Signature>') }, ['saml.structure']),
      one('the signature twice', { changeSignature: (text) => text + text }, ['saml.signature.placement']),
    ];
  });
}

/** CVE-2025-29774: the checker verifies one SignedInfo and follows the reference of another. */
export function twoSignedInfoAttacks(): Attack[] {
  const forgedInfo = (assertion: string): string => /<ds:SignedInfo>.*?<\/ds:SignedInfo>/.exec(signatureOver(finish(assertion), goodParts().id, { key: stranger.key }))?.[0] ?? '';
  const places: Record<string, (signature: string, forged: string) => string> = {
    'the forged one first': (signature, forged) => signature.replace('<ds:SignedInfo>', () => `${forged}<ds:SignedInfo>`),
    'the forged one second': (signature, forged) => signature.replace('</ds:SignedInfo>', () => `</ds:SignedInfo>${forged}`),
    'the forged one last': (signature, forged) => signature.replace('</ds:Signature>', () => `${forged}</ds:Signature>`),
    'the forged one inside the other': (signature, forged) => signature.replace('<ds:CanonicalizationMethod', () => `${forged}<ds:CanonicalizationMethod`),
    'the other inside an Object': (signature, forged) => signature.replace(/<ds:SignedInfo>.*?<\/ds:SignedInfo>/, (original) => `${forged}<ds:Object>${original}</ds:Object>`),
    'two references in one': (signature, forged) => signature.replace('</ds:Reference>', () => `</ds:Reference>${/<ds:Reference .*<\/ds:Reference>/.exec(forged)?.[0] ?? ''}`),
  };
  return Object.entries(places).map(([name, place]): Attack => {
    const parts = goodParts();
    const good = signAssertion(assertionOf(parts));
    const forged = assertionOf(parts).replaceAll(VICTIM, ATTACKER);
    const signature = /<ds:Signature .*<\/ds:Signature>/.exec(good)?.[0] ?? '';
    return { name: `two SignedInfo: ${name}`, samlResponse: post(finish(responseOf(goodEnvelope(), forged.replace('%SIG-A%', () => place(signature, forgedInfo(forged)))))), refusals: ['saml.signature.form', 'saml.structure'] };
  });
}

function keyValue(publicKey: string): string {
  return `<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>${Buffer.from(publicKey).toString('base64')}</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>`;
}
