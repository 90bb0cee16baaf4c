import { getVerifiedXml, parseDomFromString } from '@node-saml/node-saml/lib/xml.js';
import { refuse } from '../refusal.ts';
import { readXml } from './xml.ts';
import type { XmlElement } from './xml.ts';

/**
 * The bytes that the signature of this element covers, read again by our own reader: from here on nothing else of the message decides
 * (CVE-2025-54369: verified one text, read another).
 */
export async function readSigned(text: string, signed: XmlElement, certificates: readonly string[]): Promise<XmlElement> {
  const verified = await verify(text, pathTo(signed), certificates);
  const root = readXml(verified ?? refuse('saml.signature.invalid'));
  // What came back is the very element that was asked for, not something else that was signed once.
  if (root.namespace !== signed.namespace || root.name !== signed.name || root.attributes.get('ID') !== signed.attributes.get('ID')) refuse('saml.signature.reference');
  return root;
}

/** As much of a DOM element as the walk needs; the signature checker takes the node as it is. */
type DomNode = { readonly nodeType: number; readonly firstChild: DomNode | null; readonly nextSibling: DomNode | null };

async function verify(text: string, path: readonly number[], certificates: readonly string[]): Promise<string | null> {
  try {
    const document = await parseDomFromString(text);
    let element: DomNode = document.documentElement;
    for (const index of path) element = childElement(element, index);
    return getVerifiedXml(text, element as never, [...certificates]);
  } catch (error) {
    return refuse('saml.signature.invalid', error);
  }
}

/** The index of each child element on the way from the document's root. */
function pathTo(element: XmlElement): number[] {
  return element.parent === null ? [] : [...pathTo(element.parent), element.parent.children.indexOf(element)];
}

function childElement(element: DomNode, index: number): DomNode {
  let seen = 0;
  for (let node = element.firstChild; node !== null; node = node.nextSibling) {
    if (node.nodeType === 1 && seen++ === index) return node;
  }
  return refuse('saml.structure');
}
