import { SaxesParser } from 'saxes';
import { refuse } from '../refusal.ts';

/**
 * The one reader that decides. Protocol messages need no document type, processing instruction, comment or CDATA section, and each of them
 * has split parsers from verifiers (CVE-2018-0489, CVE-2025-25291, CVE-2025-54419): all are refused wherever they stand. Metadata files are
 * written by people and may carry comments, which are dropped there.
 */
export type XmlElement = {
  readonly namespace: string;
  readonly name: string;
  /** Attributes without a namespace by their name; those with one as `{namespace}name`. Declarations are not among them. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Text directly inside, as written: white space kept, references resolved. */
  readonly text: string;
  readonly parent: XmlElement | null;
};

type Open = { -readonly [K in keyof XmlElement]: XmlElement[K] } & { children: XmlElement[]; attributes: Map<string, string> };

export type XmlOptions = { readonly comments: 'refuse' | 'drop' };

const MAX_DEPTH = 40;
const MAX_ELEMENTS = 5_000;
const MAX_ATTRIBUTES = 40;

/** Strict XML 1.0 with namespaces to a tree. Throws `SsoRefusal` at the first thing out of place. */
export function readXml(text: string, options: XmlOptions = { comments: 'refuse' }): XmlElement {
  // A declaration of another version or encoding would make another reader read other characters.
  if (text.startsWith('\ufeff') || (/^<\?xml\s/.test(text) && !/^<\?xml version=(["'])1\.0\1(\s+encoding=(["'])utf-8\3)?(\s+standalone=(["'])(yes|no)\5)?\s*\?>/i.test(text))) refuse('saml.xml.malformed');
  const parser = new SaxesParser({ xmlns: true, position: false });
  const ids = new Set<string>();
  const open: Open[] = [];
  let root: Open | null = null;
  let elements = 0;
  let attributes = 0;

  parser.on('error', (error) => refuse('saml.xml.malformed', error));
  parser.on('doctype', () => refuse('saml.xml.doctype'));
  parser.on('processinginstruction', () => refuse('saml.xml.processing_instruction'));
  parser.on('cdata', () => refuse('saml.xml.cdata'));
  parser.on('comment', () => {
    if (options.comments === 'refuse') refuse('saml.xml.comment');
  });
  parser.on('opentagstart', () => {
    attributes = 0;
    if (++elements > MAX_ELEMENTS || open.length >= MAX_DEPTH) refuse('saml.xml.limit');
  });
  parser.on('attribute', () => {
    if (++attributes > MAX_ATTRIBUTES) refuse('saml.xml.limit');
  });
  parser.on('opentag', (tag) => {
    const parent = open.at(-1) ?? null;
    const element: Open = { namespace: tag.uri, name: tag.local, attributes: new Map(), children: [], text: '', parent };
    for (const { name, prefix, local, uri, value } of Object.values(tag.attributes)) {
      if (prefix === 'xmlns' || name === 'xmlns') continue;
      if (local.toLowerCase() === 'id') noteId(ids, name, value);
      element.attributes.set(uri === '' ? local : `{${uri}}${local}`, value);
    }
    if (parent === null) root = element;
    else parent.children.push(element);
    open.push(element);
  });
  parser.on('closetag', () => {
    open.pop();
  });
  parser.on('text', (value) => {
    const element = open.at(-1);
    if (element) element.text += value;
  });
  parser.write(text).close();
  return root ?? refuse('saml.xml.malformed');
}

/**
 * Signature checkers look an ID up by any attribute whose local name is ID, Id or id: two spellings of one value, or a prefixed one, give
 * one reference two targets (CVE-2025-47949, "duplicate IDs"). An ID is an NCName (XML Schema 3.3.8), so it needs no quoting in an XPath.
 */
function noteId(ids: Set<string>, name: string, value: string): void {
  if (name.includes(':') || !/^[A-Za-z_][\w.-]{0,255}$/.test(value) || ids.has(value)) refuse('saml.xml.id');
  ids.add(value);
}

export const is = (element: XmlElement | undefined | null, namespace: string, name: string): element is XmlElement => element?.name === name && element.namespace === namespace;

export const childrenOf = (element: XmlElement, namespace: string, name: string): readonly XmlElement[] => element.children.filter((child) => is(child, namespace, name));

/** The one child of that name; undefined when there is none. More than one is a refusal: two readers would take different ones. */
export function childOf(element: XmlElement, namespace: string, name: string): XmlElement | undefined {
  const found = childrenOf(element, namespace, name);
  return found.length > 1 ? refuse('saml.structure') : found[0];
}

/** All elements below and the element itself, in document order. */
export function* descend(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) yield* descend(child);
}

/** The text of an element that may hold nothing else. Surrounding white space is the writer's indentation. */
export function textOf(element: XmlElement): string {
  return element.children.length > 0 ? refuse('saml.structure') : element.text.trim();
}

export const escapeXml = (value: string): string => value.replace(/[&<>"'\r\n\t]/g, (character) => `&#${character.charCodeAt(0)};`);
