import { ATTACKER, CONSUMER_URL, IDP_ENTITY, MODES, REQUEST_ID, SAML_NS, SP_ENTITY, VICTIM, assertionOf, encryptAssertion, finish, goodEnvelope, goodParts, issue, post, responseOf, signAssertion, signResponse, stranger } from '../saml-provider.ts';
import type { EncryptOptions } from '../saml-provider.ts';
import type { Attack } from './attack.ts';

/** Good when it was signed, changed since. */
const CHANGES: Record<string, (xml: string) => string> = {
  'the NameID': (xml) => xml.replaceAll(VICTIM, ATTACKER),
  'a group': (xml) => xml.replace('nurses', 'admins'),
  'the audience': (xml) => xml.replace(`<saml:Audience>${SP_ENTITY}`, '<saml:Audience>https://other.example.org'),
  'the recipient': (xml) => xml.replace(`Recipient="${CONSUMER_URL}"`, 'Recipient="https://other.example.org/acs"'),
  'the request': (xml) => xml.replace(new RegExp(`(<saml:SubjectConfirmationData InResponseTo=")${REQUEST_ID}`), '$1_other'),
  'the issuer': (xml) => xml.replace(new RegExp(`(<saml:Assertion[^>]*><saml:Issuer>)${IDP_ENTITY}`), '$1https://other.example.org'),
  'the end': (xml) => xml.replaceAll(/NotOnOrAfter="(\d{4})/g, (_, year: string) => `NotOnOrAfter="${Number(year) + 9}`),
  'the assertion id': (xml) => xml.replace(/(<saml:Assertion [^>]*ID=")[^"]*/, '$1_fresh'),
  'an attribute more': (xml) => xml.replace('</saml:AttributeStatement>', '<saml:Attribute Name="role"><saml:AttributeValue>ADMIN</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>'),
  'a statement more': (xml) => xml.replace('</saml:Assertion>', '<saml:AttributeStatement><saml:Attribute Name="role"><saml:AttributeValue>ADMIN</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>'),
  'a NameID more': (xml) => xml.replace('<saml:NameID', `<saml:NameID>${ATTACKER}</saml:NameID><saml:NameID`),
  'white space more': (xml) => xml.replace('<saml:Subject>', '<saml:Subject> '),
};

export function changedAttacks(): Attack[] {
  return MODES.flatMap((mode) =>
    Object.entries(CHANGES).map(([name, change]): Attack => ({ name: `${name} changed after signing, ${mode} signed`, samlResponse: post(change(issue(mode))), refusals: ['saml.signature.invalid', 'saml.signature.reference', 'saml.structure'] })),
  );
}

/** The signature taken away, or covering something that does not matter. */
export function strippedAttacks(): Attack[] {
  const signed = issue('both');
  const strip = (xml: string): string => xml.replaceAll(/<ds:Signature .*?<\/ds:Signature>/g, '');
  const forgedAssertion = finish(assertionOf(goodParts())).replaceAll(VICTIM, ATTACKER);
  const partly = (part: string): string => {
    const parts = goodParts();
    const inner = parts[part as 'conditions'].replace(/^<(saml:\w+)/, `<$1 xmlns:saml="${SAML_NS}" ID="_part"`);
    return finish(responseOf(goodEnvelope(), finish(assertionOf({ ...parts, [part]: signPart(inner) }))));
  };
  return [
    { name: 'no signature at all', samlResponse: post(strip(signed)), refusals: ['saml.signature.missing'] },
    { name: 'no signature, forged', samlResponse: post(finish(responseOf(goodEnvelope(), forgedAssertion))), refusals: ['saml.signature.missing'] },
    { name: 'the signature in a comment', samlResponse: post(signed.replaceAll(/<ds:Signature .*?<\/ds:Signature>/g, (text) => `<!--${text}-->`)), refusals: ['saml.xml.comment'] },
    ...['conditions', 'statement', 'attributes'].map((part): Attack => ({ name: `only the ${part} signed`, samlResponse: post(partly(part)), refusals: ['saml.signature.placement'] })),
    { name: 'a good response signature around a forged assertion signature', samlResponse: post(signResponse(responseOf(goodEnvelope(), signAssertion(assertionOf(goodParts()), { key: stranger.key })))), refusals: ['saml.signature.invalid'] },
    { name: 'a forged response signature around a good assertion signature', samlResponse: post(signResponse(responseOf(goodEnvelope(), signAssertion(assertionOf(goodParts()))), { key: stranger.key })), refusals: ['saml.signature.invalid'] },
    { name: 'the signature behind the subject', samlResponse: post(signAssertionAt('</saml:Subject>')), refusals: ['saml.signature.placement'] },
    { name: 'the signature at the end', samlResponse: post(signAssertionAt('</saml:AttributeStatement>')), refusals: ['saml.signature.placement'] },
    { name: 'the signature beside its assertion', samlResponse: post(besideIt()), refusals: ['saml.signature.placement'] },
  ];
}

function signPart(xml: string): string {
  const signed = signAssertion(`<saml:Assertion ID="_part"></saml:Assertion>%SIG-A%`);
  return xml.replace(/(<\/saml:\w+>)$/, (end) => `${signed.slice(signed.indexOf('<ds:Signature'))}${end}`);
}

function signAssertionAt(end: string): string {
  const assertion = assertionOf(goodParts(), '').replace(end, `${end}%SIG-A%`);
  return finish(responseOf(goodEnvelope(), signAssertion(assertion)));
}

function besideIt(): string {
  const marked = assertionOf(goodParts());
  const signed = signAssertion(marked);
  const signature = /<ds:Signature .*<\/ds:Signature>/.exec(signed)?.[0] ?? '';
  return finish(responseOf(goodEnvelope(), `${finish(marked)}${signature}`));
}

export function encryptedAttacks(): Attack[] {
  const good = (): string => signAssertion(assertionOf(goodParts()));
  const sealed = (content: string, options: EncryptOptions = {}): string => finish(responseOf(goodEnvelope(), encryptAssertion(content, options)));
  const forged = finish(assertionOf(goodParts())).replaceAll(VICTIM, ATTACKER);
  const one = (name: string, xml: string, refusals: Attack['refusals']): Attack => ({ name: `encrypted: ${name}`, samlResponse: post(xml), refusals });
  const CBC = 'http://www.w3.org/2001/04/xmlenc#aes256-cbc';
  return [
    one('a forged assertion that nobody signed (anyone can encrypt to us)', sealed(forged), ['saml.signature.missing']),
    one('signed by a stranger', sealed(signAssertion(assertionOf(goodParts()), { key: stranger.key })), ['saml.signature.invalid']),
    one('AES-CBC', sealed(good(), { cipher: CBC }), ['saml.encryption.algorithm']),
    one('AES-CBC under a signed response', signResponse(responseOf(goodEnvelope(), encryptAssertion(good(), { cipher: CBC }))), ['saml.encryption.algorithm']),
    one('key transport PKCS#1 v1.5', sealed(good(), { keyTransport: 'http://www.w3.org/2001/04/xmlenc#rsa-1_5' }), ['saml.encryption.algorithm']),
    one('an unknown cipher', sealed(good()).replace('xmlenc11#aes256-gcm', 'xmlenc11#aes257-gcm'), ['saml.encryption.algorithm']),
    one('a cipher of another key length', sealed(good()).replace('xmlenc11#aes256-gcm', 'xmlenc11#aes128-gcm'), ['saml.encryption.key']),
    one('to somebody else', sealed(good(), { certificate: stranger.certificate }), ['saml.encryption.key']),
    one('a changed tag', sealed(good()).replace(/(<\/xenc:KeyInfo>|<\/ds:KeyInfo>)(<xenc:CipherData><xenc:CipherValue>)(.{8})/, (_, a: string, b: string, head: string) => a + b + (head[0] === 'A' ? 'B' : 'A') + head.slice(1)), ['saml.encryption.key']),
    one('a ciphertext shorter than its tag', sealed(good()).replace(/(<\/ds:KeyInfo><xenc:CipherData><xenc:CipherValue>)[^<]+/, '$1AAAA'), ['saml.encryption.key']),
    one('two keys', sealed(good()).replace(/<xenc:EncryptedKey>.*<\/xenc:EncryptedKey>/, '$&$&'), ['saml.encryption.form']),
    one('no key', sealed(good()).replace(/<xenc:EncryptedKey>.*<\/xenc:EncryptedKey>/, ''), ['saml.encryption.form']),
    one('a key to be fetched', sealed(good()).replace(/<xenc:EncryptedKey>.*<\/xenc:EncryptedKey>/, '<ds:RetrievalMethod URI="https://evil.test/key"></ds:RetrievalMethod>'), ['saml.encryption.form']),
    one('a ciphertext to be fetched', sealed(good()).replace(/(<\/ds:KeyInfo><xenc:CipherData>).*?(<\/xenc:CipherData>)/, '$1<xenc:CipherReference URI="https://evil.test/x"></xenc:CipherReference>$2'), ['saml.encryption.form']),
    one('a plain one beside it', finish(responseOf(goodEnvelope(), encryptAssertion(good()) + forged)), ['saml.structure']),
    one('two of them', finish(responseOf(goodEnvelope(), encryptAssertion(good()) + encryptAssertion(good()))), ['saml.structure']),
    one('not an assertion', sealed(finish(responseOf(goodEnvelope(), good()))), ['saml.structure']),
    one('an assertion in an assertion', sealed(good().replace('</saml:Assertion>', `${forged}</saml:Assertion>`)), ['saml.structure']),
    one('encrypted twice', sealed(encryptAssertion(good())), ['saml.structure']),
    one('a document type inside', sealed(`<!DOCTYPE a []>${good()}`), ['saml.xml.doctype']),
    one('a comment inside', sealed(good().replace(VICTIM, 'person<!---->@example.org')), ['saml.xml.comment']),
    one('two roots inside', sealed(good() + forged), ['saml.xml.malformed']),
  ];
}
