import { ATTACKER, IDP_ENTITY, MODES, SAML_NS, SP_ENTITY, assertionOf, goodEnvelope, goodParts, issue, post } from '../saml-provider.ts';
import type { AssertionParts, Mode, ResponseParts } from '../saml-provider.ts';
import type { Attack } from './attack.ts';

/*
 * Text in two pieces. The provider signs a value its holder may rightly have (`admin@example.org.evil.test`); after signing it is parted by
 * something canonical XML leaves out, or that a signature checker takes for text, so that a reader sees the first piece alone
 * (CVE-2018-0489 and its family; CVE-2025-54419 for the processing instruction).
 */
const SUFFIX = '.evil.test';

const SPLITS: Record<string, (head: string, tail: string) => string> = {
  'a comment': (head, tail) => `${head}<!---->${tail}`,
  'a comment with the rest inside': (head, tail) => `${head}<!--${tail}-->`,
  'a processing instruction': (head, tail) => `${head}<?x y?>${tail}`,
  'a processing instruction with the rest inside': (head, tail) => `${head}<?x ${tail}?>`,
  'a CDATA section': (head, tail) => `${head}<![CDATA[${tail}]]>`,
};

/** Every text that decides, written with the value `head`, to be parted behind it. */
const TEXTS: Record<string, { head: string; change: (value: string) => { assertion?: Partial<AssertionParts>; envelope?: Partial<ResponseParts> } }> = {
  NameID: { head: ATTACKER, change: (value) => ({ assertion: { nameId: goodParts().nameId.replace(/>[^<]+</, () => `>${value}<`) } }) },
  'assertion issuer': { head: IDP_ENTITY, change: (value) => ({ assertion: { issuer: `<saml:Issuer>${value}</saml:Issuer>` } }) },
  'response issuer': { head: IDP_ENTITY, change: (value) => ({ envelope: { issuer: `<saml:Issuer xmlns:saml="${SAML_NS}">${value}</saml:Issuer>` } }) },
  audience: { head: SP_ENTITY, change: (value) => ({ assertion: { conditions: goodParts().conditions.replace(SP_ENTITY, () => value) } }) },
  'authentication context': { head: 'urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken', change: (value) => ({ assertion: { statement: goodParts().statement.replace(/(ClassRef>)[^<]+/, (_, tag: string) => tag + value) } }) },
  'e-mail attribute': { head: ATTACKER, change: (value) => ({ assertion: { attributes: goodParts().attributes.replace(/(AttributeValue>)[^<]+/, (_, tag: string) => tag + value) } }) },
  'group attribute': { head: 'admins', change: (value) => ({ assertion: { attributes: goodParts().attributes.replace('nurses', () => value) } }) },
};

export function splitTextAttacks(): Attack[] {
  return MODES.flatMap((mode) =>
    Object.entries(TEXTS).flatMap(([text, { head, change }]) =>
      Object.entries(SPLITS).map(([split, part]): Attack => ({
        name: `${split} in the ${text}, ${mode} signed`,
        samlResponse: post(splitAfterSigning(mode, head, change, part)),
        refusals: ['saml.xml.comment', 'saml.xml.processing_instruction', 'saml.xml.cdata'],
      })),
    ),
  );
}

function splitAfterSigning(mode: Mode, head: string, change: (value: string) => object, part: (head: string, tail: string) => string): string {
  const signed = issue(mode, change(head + SUFFIX));
  return signed.replace(head + SUFFIX, () => part(head, SUFFIX));
}

/** The same where a value does not decide who, but whether: digest and signature. CVE-2025-29775. */
export function splitSignatureAttacks(): Attack[] {
  return MODES.flatMap((mode) =>
    ['DigestValue', 'SignatureValue', 'X509Certificate'].flatMap((name) =>
      Object.entries(SPLITS).map(([split, part]): Attack => ({
        name: `${split} in the ${name}, ${mode} signed`,
        samlResponse: post(issue(mode).replace(new RegExp(`<ds:${name}>([^<]{8})([^<]+)`), (_, head: string, tail: string) => `<ds:${name}>${part(head, tail)}`)),
        refusals: ['saml.xml.comment', 'saml.xml.processing_instruction', 'saml.xml.cdata'],
      })),
    ),
  );
}

/** CVE-2025-29775 whole: the forged element's digest in a comment before the signed one, so that the first text node is the forger's. */
export function digestCommentAttacks(): Attack[] {
  return MODES.map((mode) => {
    const forgedDigest = Buffer.from(assertionOf(goodParts())).toString('base64').slice(0, 44);
    return {
      name: `a forged digest before the signed one, ${mode} signed`,
      samlResponse: post(issue(mode, { envelope: goodEnvelope() }).replaceAll('<ds:DigestValue>', `<ds:DigestValue><!--${forgedDigest}-->`)),
      refusals: ['saml.xml.comment'],
    };
  });
}
