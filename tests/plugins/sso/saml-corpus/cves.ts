import { ATTACKER, VICTIM, assertionOf, finish, goodEnvelope, goodParts, issue, post, responseOf, signAssertion, signatureOver, stranger } from '../saml-provider.ts';
import type { Attack } from './attack.ts';

/** The published holes of the Node stack since 2022, by their numbers, each as its advisory describes it. Those about logout are in saml-logout.test.ts. */
export function cveAttacks(): Attack[] {
  const forgedAssertion = (): string => finish(assertionOf(goodParts())).replaceAll(VICTIM, ATTACKER);
  const signed = (): string => signAssertion(assertionOf(goodParts()));
  const withNameId = (value: string): string => issue('assertion').replace(/(<saml:NameID[^>]*>)[^<]*/, (_, tag: string) => tag + value);
  return [
    { name: 'CVE-2022-39299 passport-saml, CVE-2022-39300 node-saml: a second root element', samlResponse: post(issue('assertion') + finish(responseOf(goodEnvelope(), forgedAssertion()))), refusals: ['saml.xml.malformed'] },
    { name: 'CVE-2022-39353 xmldom: root nodes beyond the first', samlResponse: post(`${finish(responseOf(goodEnvelope(), forgedAssertion()))}${signed()}`), refusals: ['saml.xml.malformed'] },
    { name: 'CVE-2022-37616 xmldom: an element called __proto__', samlResponse: post(issue('assertion').replace('<samlp:Status>', '<__proto__><polluted>yes</polluted></__proto__><samlp:Status>')), refusals: ['saml.structure'] },
    { name: 'CVE-2023-0842 xml2js: an attribute statement that sets a prototype', samlResponse: post(issue('assertion', { assertion: { attributes: '<saml:AttributeStatement><__proto__><admin>yes</admin></__proto__></saml:AttributeStatement>' } })), refusals: ['saml.attribute'] },
    { name: 'CVE-2024-32962 xml-crypto: the key of KeyInfo is believed', samlResponse: post(finish(responseOf(goodEnvelope(), signAssertion(assertionOf(goodParts()).replaceAll(VICTIM, ATTACKER), { key: stranger.key, certificate: stranger.certificate })))), refusals: ['saml.signature.invalid'] },
    { name: 'CVE-2025-29774 xml-crypto: a SignedInfo that is not the one verified', samlResponse: post(secondSignedInfo()), refusals: ['saml.signature.form'] },
    { name: 'CVE-2025-29775 xml-crypto: a comment in DigestValue', samlResponse: post(issue('assertion').replaceAll(VICTIM, ATTACKER).replace('<ds:DigestValue>', '<ds:DigestValue><!--AAAA-->')), refusals: ['saml.xml.comment'] },
    { name: 'CVE-2025-46572 passport-wsfed-saml2: the signed assertion inside a forged one', samlResponse: post(finish(responseOf(goodEnvelope(), forgedAssertion().replace('</saml:Subject>', () => `</saml:Subject>${signed()}`)))), refusals: ['saml.structure'] },
    { name: 'CVE-2025-46573 passport-wsfed-saml2: a signature from another document of the provider', samlResponse: post(finish(responseOf(goodEnvelope(), assertionOf(goodParts()).replaceAll(VICTIM, ATTACKER).replace('%SIG-A%', () => foreignSignature())))), refusals: ['saml.signature.reference'] },
    { name: 'CVE-2025-47949 samlify: a forged assertion beside the signed one', samlResponse: post(finish(responseOf(goodEnvelope(), forgedAssertion() + signed()))), refusals: ['saml.structure'] },
    { name: 'CVE-2025-54369 node-saml: verified, then read from the unverified document', samlResponse: post(splitByInstruction()), refusals: ['saml.xml.processing_instruction'] },
    { name: 'CVE-2025-54419 node-saml: letters removed from a signed name', samlResponse: post(splitByInstruction()), refusals: ['saml.xml.processing_instruction'] },
    { name: 'CVE-2026-34601 xmldom: a CDATA section that ends early when written again', samlResponse: post(withNameId(`<![CDATA[${VICTIM}]]]]><![CDATA[>]]>`)), refusals: ['saml.xml.cdata'] },
    { name: 'CVE-2026-41672 xmldom: a comment that becomes markup when written again', samlResponse: post(issue('assertion').replace('<saml:Subject>', `<!--x--><saml:Subject>`)), refusals: ['saml.xml.comment'] },
    { name: 'CVE-2026-41675 xmldom: an instruction that becomes markup when written again', samlResponse: post(issue('assertion').replace('<saml:Subject>', `<?x y?><saml:Subject>`)), refusals: ['saml.xml.processing_instruction'] },
    { name: 'CVE-2026-83605 xmldom: an attribute that breaks out when written again', samlResponse: post(issue('assertion').replace('<saml:Subject>', '<saml:Subject x:a="&quot; ID=&quot;_x" xmlns:x="&quot;&gt;&lt;y ">')), refusals: ['saml.signature.invalid'] },
  ];
}

function secondSignedInfo(): string {
  const parts = goodParts();
  const forged = assertionOf(parts).replaceAll(VICTIM, ATTACKER);
  const good = /<ds:Signature .*<\/ds:Signature>/.exec(signAssertion(assertionOf(parts)))?.[0] ?? '';
  const info = /<ds:SignedInfo>.*<\/ds:SignedInfo>/.exec(signatureOver(finish(forged), parts.id))?.[0] ?? '';
  return finish(responseOf(goodEnvelope(), forged.replace('%SIG-A%', () => good.replace('</ds:SignedInfo>', () => `</ds:SignedInfo>${info}`))));
}

/** A genuine signature over the provider's metadata, whose ID the forger cannot choose but whose document anyone may fetch. */
function foreignSignature(): string {
  return signatureOver(`<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_md"></md:EntityDescriptor>`, '_md');
}

function splitByInstruction(): string {
  const rightful = `${ATTACKER}.evil.test`;
  const xml = issue('assertion', { assertion: { nameId: `<saml:NameID>${rightful}</saml:NameID>`, attributes: '' } });
  return xml.replace(rightful, `${ATTACKER}<?x .evil.test?>`);
}
