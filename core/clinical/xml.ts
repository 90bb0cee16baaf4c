// Strict XML to a light tree, in one pass. Entities other than XML's own five, document types, depth, and size are refused here,
// before anything is built from them. What is lenient is only the namespace: elements are known by their local name.

import { SaxesParser } from 'saxes';
import { DocumentRefusal, positionAt } from './document-refusal.ts';
import type { DocumentRefusalCode, Position } from './document-refusal.ts';

export type XmlElement = {
  /** Local name, without prefix. */
  name: string;
  prefix: string;
  /** By qualified name as written (`xsi:type`). Without prototype. */
  attributes: Record<string, string>;
  children: (XmlElement | string)[];
  /** UTF-16 offset of the start tag in the text. */
  offset: number;
};

export type XmlDocument = {
  root: XmlElement;
  /** Elements by their `ID`, the targets of narrative references (CDA R2, 4.3.5.2). */
  ids: ReadonlyMap<string, XmlElement>;
  /** Products number each section's IDs from one: then a reference means the ID of its own section. */
  hasRepeatedIds: boolean;
  undeclaredPrefixes: ReadonlyMap<string, number>;
};

export type XmlLimits = { depth: number; elements: number; attributes: number };

export const XML_LIMITS: XmlLimits = { depth: 200, elements: 600_000, attributes: 100 };

/** StrucDoc has `ID`; HTML habits bring the others. */
export const ID_ATTRIBUTES = new Set(['ID', 'id', 'Id']);

export type ParseOptions = { limits?: XmlLimits; positionOf?: (offset: number) => Position };

/** Throws `DocumentRefusal` at the first fault; its position is one of `text`, unless `positionOf` knows better. */
export function parseXml(text: string, options: ParseOptions = {}): XmlDocument {
  const limits = options.limits ?? XML_LIMITS;
  const positionOf = options.positionOf ?? ((offset: number) => positionAt(text, offset));
  const parser = new SaxesParser({ xmlns: false, position: true });
  const ids = new Map<string, XmlElement>();
  const undeclaredPrefixes = new Map<string, number>();
  const declared = new Map<string, number>([['xml', 1]]);
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  let hasRepeatedIds = false;
  let elements = 0;
  let attributes = 0;

  const refuse = (code: DocumentRefusalCode, offset: number): never => {
    throw new DocumentRefusal(code, positionOf(offset));
  };
  const noteId = (id: string, element: XmlElement): void => {
    if (ids.has(id)) hasRepeatedIds = true;
    else ids.set(id, element);
  };
  const noteUndeclared = (prefix: string, offset: number): void => {
    if ((declared.get(prefix) ?? 0) === 0 && !undeclaredPrefixes.has(prefix)) undeclaredPrefixes.set(prefix, offset);
  };

  parser.on('error', (error) => refuse(isCutOff(error.message) ? 'document.truncated' : 'document.not_well_formed', parser.position - 1));
  parser.on('doctype', () => refuse('document.doctype', text.lastIndexOf('<!DOCTYPE', parser.position)));
  parser.on('attribute', () => {
    if (++attributes > limits.attributes) refuse('document.too_many_elements', parser.position);
  });
  parser.on('opentag', (tag) => {
    const offset = text.lastIndexOf('<', parser.position - 1);
    if (open.length >= limits.depth) refuse('document.too_deep', offset);
    if (++elements > limits.elements) refuse('document.too_many_elements', offset);
    attributes = 0;
    const colon = tag.name.indexOf(':');
    const element: XmlElement = { name: tag.name.slice(colon + 1), prefix: colon === -1 ? '' : tag.name.slice(0, colon), attributes: tag.attributes, children: [], offset };
    let used: string[] | undefined;
    for (const name in tag.attributes) {
      const at = name.indexOf(':');
      if (at === -1) {
        if (ID_ATTRIBUTES.has(name)) noteId(tag.attributes[name] as string, element);
      } else if (name.startsWith('xmlns:')) declared.set(name.slice(6), (declared.get(name.slice(6)) ?? 0) + 1);
      else (used ??= []).push(name.slice(0, at));
    }
    if (colon !== -1) noteUndeclared(element.prefix, offset);
    used?.forEach((prefix) => noteUndeclared(prefix, offset));
    const parent = open[open.length - 1];
    if (parent === undefined) root = element;
    else parent.children.push(element);
    open.push(element);
  });
  parser.on('closetag', () => {
    const element = open.pop() as XmlElement;
    for (const name in element.attributes) if (name.startsWith('xmlns:')) declared.set(name.slice(6), (declared.get(name.slice(6)) as number) - 1);
  });
  const append = (value: string): void => {
    open[open.length - 1]?.children.push(value);
  };
  parser.on('text', append);
  parser.on('cdata', append);

  parser.write(text).close();
  return { root: root as XmlElement, ids, hasRepeatedIds, undeclaredPrefixes };
}

// saxes reports these only at the end of input.
const isCutOff = (message: string): boolean => /unclosed tag|unexpected end|must contain a root element/.test(message);
