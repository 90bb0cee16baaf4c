import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { ATTACKER, CONSUMER_URL, MODES, SAMLP_NS, SAML_NS, VICTIM, assertionOf, finish, goodEnvelope, goodParts, issue, post, responseOf, signAssertion } from '../saml-provider.ts';
import type { Attack } from './attack.ts';

const good = (): string => issue('both');
const afterRoot = (xml: string, attribute: string): string => xml.replace('<samlp:Response ', `<samlp:Response ${attribute} `);

const LAUGHS = `<!DOCTYPE r [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>`;

/** What is not the XML of one message, in one encoding, of a sane size. */
export function encodingAttacks(): Attack[] {
  const one = (name: string, samlResponse: unknown, refusals: Attack['refusals']): Attack => ({ name, samlResponse, refusals });
  return [
    one('nothing', '', ['saml.message.encoding']),
    one('no field', undefined, ['saml.message.encoding']),
    one('two fields', [post(good()), post(good())], ['saml.message.encoding']),
    one('an object', { toString: () => post(good()) }, ['saml.message.encoding']),
    one('bare XML', good(), ['saml.message.encoding']),
    one('base64url', Buffer.from(`${good()}<!--\u00ff\u00fe\u00ff-->`).toString('base64url').replace(/=*$/, '_-'), ['saml.message.encoding']),
    one('base64 with a stray letter', `${post(good())}!`, ['saml.message.encoding']),
    one('two base64 runs', `${post('<a></a>')}=${post(good())}`, ['saml.message.encoding']),
    one('deflated, as over the redirect binding', deflateRawSync(good()).toString('base64'), ['saml.message.encoding', 'saml.xml.malformed']),
    one('zlib', deflateSync(good()).toString('base64'), ['saml.message.encoding']),
    one('gzip', gzipSync(good()).toString('base64'), ['saml.message.encoding']),
    one('a deflate bomb', deflateRawSync(Buffer.alloc(50_000_000, 0x41)).toString('base64'), ['saml.message.encoding', 'saml.xml.malformed']),
    one('a message of a megabyte', post(good().replace('</samlp:Response>', `${' '.repeat(1_000_000)}</samlp:Response>`)), ['saml.message.too_large']),
    one('UTF-16', Buffer.from(`\ufeff${good()}`, 'utf16le').toString('base64'), ['saml.message.encoding', 'saml.xml.malformed']),
    one('a byte order mark', post(`\ufeff${good()}`), ['saml.xml.malformed', 'saml.signature.invalid']),
    one('broken UTF-8', Buffer.concat([Buffer.from(good().slice(0, -20)), Buffer.from([0xc3, 0x28]), Buffer.from(good().slice(-20))]).toString('base64'), ['saml.message.encoding']),
    one('overlong UTF-8', Buffer.concat([Buffer.from([0xc0, 0xbc]), Buffer.from(good().slice(1))]).toString('base64'), ['saml.message.encoding']),
    one('a zero byte', post(good().replace(VICTIM, 'admin@example.org\0.evil.test')), ['saml.xml.malformed']),
    one('declared Latin-1', post(`<?xml version="1.0" encoding="ISO-8859-1"?>${good()}`), ['saml.xml.malformed']),
    one('declared UTF-7', post(`<?xml version="1.0" encoding="UTF-7"?>${good()}`), ['saml.xml.malformed']),
    one('XML 1.1', post(`<?xml version="1.1"?>${good()}`), ['saml.xml.malformed']),
    one('two declarations', post(`<?xml version="1.0"?><?xml version="1.0"?>${good()}`), ['saml.xml.malformed', 'saml.xml.processing_instruction']),
    one('a stylesheet', post(`<?xml-stylesheet href="https://evil.test/x.xsl"?>${good()}`), ['saml.xml.processing_instruction']),
    one('a comment before', post(`<!-- -->${good()}`), ['saml.xml.comment']),
    one('a comment behind', post(`${good()}<!-- -->`), ['saml.xml.comment']),
    one('a processing instruction behind', post(`${good()}<?x y?>`), ['saml.xml.processing_instruction']),
    one('an empty document type', post(`<!DOCTYPE Response>${good()}`), ['saml.xml.doctype']),
    one('a document type elsewhere', post(`<!DOCTYPE r SYSTEM "https://evil.test/x.dtd">${good()}`), ['saml.xml.doctype']),
    one('a file as entity', post(`<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>${good().replace(VICTIM, '&x;')}`), ['saml.xml.doctype']),
    one('a parameter entity', post(`<!DOCTYPE r [<!ENTITY % x SYSTEM "https://evil.test/x">%x;]>${good()}`), ['saml.xml.doctype']),
    one('a billion laughs', post(`${LAUGHS}${good().replace(VICTIM, '&d;')}`), ['saml.xml.doctype']),
    one('an ID attribute by document type', post(`<!DOCTYPE r [<!ATTLIST saml:Subject Foo ID #IMPLIED>]>${good()}`), ['saml.xml.doctype']),
    one('an unknown entity', post(good().replace(VICTIM, '&nbsp;')), ['saml.xml.malformed']),
    one('deep nesting', post(good().replace('<samlp:Status>', `<samlp:Status>${'<a>'.repeat(200)}${'</a>'.repeat(200)}`)), ['saml.xml.limit']),
    one('many elements', post(good().replace('<samlp:Status>', `<samlp:Status>${'<a></a>'.repeat(20_000)}`)), ['saml.xml.limit']),
    one('many attributes', post(afterRoot(good(), Array.from({ length: 500 }, (_, index) => `a${index}=""`).join(' '))), ['saml.xml.limit']),
    one('an attribute twice', post(afterRoot(good(), `Destination="${CONSUMER_URL}"`)), ['saml.xml.malformed']),
    one('an unbound prefix', post(good().replace('<saml:Subject>', '<evil:Subject>').replace('</saml:Subject>', '</evil:Subject>')), ['saml.xml.malformed']),
    one('cut off', post(good().slice(0, -8)), ['saml.xml.malformed']),
    one('HTML', post('<html><body>Sign in</body></html>'), ['saml.structure']),
    one('a logout response', post(good().replaceAll('samlp:Response', 'samlp:LogoutResponse')), ['saml.structure']),
    one('a bare assertion', post(signAssertion(assertionOf(goodParts()))), ['saml.structure']),
    one('a Response of another namespace', post(good().replace(SAMLP_NS, 'urn:example:protocol')), ['saml.structure']),
    one('SAML 1.1', post(good().replaceAll(SAML_NS, 'urn:oasis:names:tc:SAML:1.0:assertion')), ['saml.structure']),
    one('a response without an assertion', post(finish(responseOf(goodEnvelope(), ''))), ['saml.structure']),
  ];
}

/** CVE-2022-39299, CVE-2022-39300, CVE-2022-39353: several roots, of which one is checked and another read. */
export function manyRootAttacks(): Attack[] {
  const forged = finish(responseOf(goodEnvelope(), assertionOf(goodParts()).replaceAll(VICTIM, ATTACKER)));
  return MODES.flatMap((mode): Attack[] => [
    { name: `a forged root before, ${mode} signed`, samlResponse: post(forged + issue(mode)), refusals: ['saml.xml.malformed'] },
    { name: `a forged root behind, ${mode} signed`, samlResponse: post(issue(mode) + forged), refusals: ['saml.xml.malformed'] },
    { name: `text behind the root, ${mode} signed`, samlResponse: post(`${issue(mode)}x`), refusals: ['saml.xml.malformed'] },
  ]);
}

/** One ID, two elements: in every spelling a signature checker looks for. */
export function duplicateIdAttacks(): Attack[] {
  return MODES.flatMap((mode) => {
    const xml = issue(mode);
    const id = /<saml:Assertion [^>]*?ID="([^"]+)"/.exec(xml)?.[1] ?? '';
    const responseId = /<samlp:Response [^>]*?ID="([^"]+)"/.exec(xml)?.[1] ?? '';
    const onStatus = (attribute: string): string => xml.replace('<samlp:Status>', `<samlp:Status ${attribute}>`);
    const spellings: Record<string, string> = {
      'ID': onStatus(`ID="${id}"`), 'Id': onStatus(`Id="${id}"`), 'id': onStatus(`id="${id}"`), 'iD': onStatus(`iD="${id}"`),
      'xml:id': onStatus(`xml:id="${id}"`), 'wsu:Id': onStatus(`xmlns:wsu="urn:x" wsu:Id="${id}"`),
      "the Response's": xml.replace(`ID="${id}"`, `ID="${responseId}"`), 'one that is no name': xml.replaceAll(id, `x' or '1`),
      'one with a colon': xml.replaceAll(id, 'a:b'), 'an empty one': xml.replaceAll(id, ''),
    };
    return Object.entries(spellings).map(([name, text]): Attack => ({ name: `duplicate ID: ${name}, ${mode} signed`, samlResponse: post(text), refusals: ['saml.xml.id'] }));
  });
}
