import { ATTACKER, DS_NS, MODES, SAMLP_NS, VICTIM, assertionOf, finish, goodEnvelope, goodParts, post, responseOf, signAssertion, signResponse } from '../saml-provider.ts';
import type { Mode } from '../saml-provider.ts';
import type { Attack } from './attack.ts';

/*
 * Signature wrapping after Somorovsky et al., "On Breaking SAML: Be Whoever You Want to Be" (USENIX Security 2012), numbered as SAML Raider
 * numbers them: where the signed original hides, and where the forged one stands in its place. The unit that is wrapped is what the mode signs.
 */
type Pieces = { forged: string; original: string; signature: string; bare: string; intoForged: (content: string, place: 'signature' | 'end') => string; around: (content: string) => string };

const PLACEMENTS: readonly ((pieces: Pieces) => string)[] = [
  ({ intoForged, signature, bare, around }) => around(intoForged(inSignature(signature, bare, 'first'), 'signature')),
  ({ intoForged, signature, bare, around }) => around(intoForged(`${bare}${signature}`, 'signature')),
  ({ forged, original, around }) => around(`${forged}${original}`),
  ({ intoForged, original, around }) => around(intoForged(original, 'end')),
  ({ intoForged, signature, bare, around }) => around(`${intoForged(signature, 'signature')}${bare}`),
  ({ intoForged, signature, bare, around }) => around(intoForged(inSignature(signature, bare, 'last'), 'signature')),
  ({ forged, original, around }) => around(`<samlp:Extensions xmlns:samlp="${SAMLP_NS}">${forged}</samlp:Extensions>${original}`),
  ({ intoForged, signature, bare, around }) => around(intoForged(inSignature(signature, `<ds:Object xmlns:ds="${DS_NS}">${bare}</ds:Object>`, 'last'), 'signature')),
];

export function wrappingAttacks(): Attack[] {
  return MODES.flatMap((mode) =>
    PLACEMENTS.flatMap((place, index) =>
      [false, true].map((sameId): Attack => ({
        name: `XSW${index + 1}, ${mode} signed, the forged one under ${sameId ? 'the same' : 'another'} ID`,
        samlResponse: post(place(mode === 'assertion' ? assertionPieces(sameId) : responsePieces(mode, sameId))),
        refusals: sameId ? ['saml.xml.id'] : ['saml.structure', 'saml.signature.placement', 'saml.signature.reference', 'saml.signature.form'],
      })),
    ),
  );
}

function assertionPieces(sameId: boolean): Pieces {
  const parts = goodParts();
  const marked = assertionOf(parts);
  const original = signAssertion(marked);
  const forged = forge(assertionOf({ ...parts, id: sameId ? parts.id : '_forged' }));
  return { ...split(marked, original, '%SIG-A%'), original, forged: finish(forged), intoForged: intoMarked(forged, '%SIG-A%', '</saml:Assertion>'), around: (content) => finish(responseOf(goodEnvelope(), content)) };
}

function responsePieces(mode: Mode, sameId: boolean): Pieces {
  const envelope = goodEnvelope();
  const assertion = assertionOf(goodParts());
  const marked = responseOf(envelope, mode === 'both' ? signAssertion(assertion) : finish(assertion));
  const original = signResponse(marked);
  const forged = responseOf({ ...envelope, id: sameId ? envelope.id : '_forged' }, finish(forge(assertionOf(goodParts()))));
  // The forged Response is the document itself, or the whole stands in a third one where two have to be siblings.
  const around = (content: string): string => (content.startsWith('<samlp:Response') && content.indexOf('</samlp:Response>') === content.lastIndexOf('</samlp:Response>') ? content : wrapOnce(content));
  return { ...split(marked, original, '%SIG-R%'), original, forged: finish(forged), intoForged: intoMarked(forged, '%SIG-R%', '</samlp:Response>'), around };
}

/** A single forged root keeps its place; siblings need a root of their own. */
function wrapOnce(content: string): string {
  const isOneRoot = /^<samlp:Response\b/.test(content) && depthReturnsToZeroOnlyAtEnd(content);
  return isOneRoot ? content : finish(responseOf({ ...goodEnvelope(), id: '_outer' }, content));
}

function depthReturnsToZeroOnlyAtEnd(content: string): boolean {
  let depth = 0;
  for (const tag of content.matchAll(/<(\/?)samlp:Response\b/g)) {
    depth += tag[1] === '/' ? -1 : 1;
    if (depth === 0) return tag.index + tag[0].length + 1 === content.length;
  }
  return false;
}

const forge = (xml: string): string => xml.replaceAll(VICTIM, ATTACKER).replace('nurses', 'admins');

function split(marked: string, original: string, mark: string): { signature: string; bare: string } {
  const [before = '', after = ''] = marked.split(mark);
  return { signature: original.slice(before.length, original.length - after.length), bare: `${before}${after}` };
}

const intoMarked = (marked: string, mark: string, end: string) => (content: string, place: 'signature' | 'end'): string =>
  place === 'signature' ? finish(marked.replace(mark, () => content)) : finish(`${marked.slice(0, -end.length)}${content}${end}`);

const inSignature = (signature: string, content: string, place: 'first' | 'last'): string =>
  place === 'first' ? signature.replace('><ds:SignedInfo>', () => `>${content}<ds:SignedInfo>`) : signature.replace('</ds:Signature>', () => `${content}</ds:Signature>`);
