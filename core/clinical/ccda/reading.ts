// What every reader of an entry needs of the document it stands in.

import { positionAt } from '../document-refusal.ts';
import { attribute, child, children, elementsOf, excerptOf, ownText, textOf } from '../xml-tree.ts';
import { createNotes } from '../repairs.ts';
import { ID_ATTRIBUTES } from '../xml.ts';
import type { RepairCode, WarningCode } from '../repairs.ts';
import type { XmlDocument, XmlElement } from '../xml.ts';

export type Reading = ReturnType<typeof createReading>;

export function createReading(text: string, { ids, hasRepeatedIds }: XmlDocument) {
  const repairs = createNotes<RepairCode>();
  const warnings = createNotes<WarningCode>();
  return {
    ids,
    hasRepeatedIds,
    /** IDs of the section being read, where the document repeats some. */
    sectionIds: new Map<string, XmlElement>() as ReadonlyMap<string, XmlElement>,
    repairs,
    warnings,
    /** The document's own time, once the header is read: what ended before it is over. */
    documentTime: null as string | null,
    repaired: (code: RepairCode, element: XmlElement) => repairs.add(code, () => positionAt(text, element.offset)),
    warned: (code: WarningCode, element: XmlElement) => warnings.add(code, () => positionAt(text, element.offset))
  };
}

// A display longer than this is a note, not a name.
const DISPLAY_LENGTH_MAX = 500;
// Longer, because indentation counts until it is collapsed.
const EXCERPT_LENGTH = 4 * DISPLAY_LENGTH_MAX;

/** The `ID` an element's `text` or `originalText` refers to, without `#`. */
export function referenceOf(element: XmlElement | undefined): string | null {
  const text = child(element, 'text') ?? child(element, 'originalText') ?? child(child(element, 'code'), 'originalText') ?? child(child(element, 'value'), 'originalText');
  return attribute(child(text, 'reference'), 'value')?.replace(/^#/, '') ?? null;
}

/** An ED or ST element's words: its own text, else what it refers to in the narrative. */
export function words(element: XmlElement | undefined, reading: Reading): string {
  if (element === undefined) return '';
  const own = ownText(element);
  if (own !== '') return shorten(own);
  const referred = target(element, reading);
  return shorten(referred === undefined ? textOf(element) : narrativeWords(referred));
}

function target(element: XmlElement | undefined, reading: Reading): XmlElement | undefined {
  const fragment = attribute(child(element, 'reference'), 'value');
  const id = fragment?.replace(/^#/, '') ?? '';
  return reading.sectionIds.get(id) ?? reading.ids.get(id);
}

/** Whether a text only points at a table row, which is the whole entry and not one of its parts. */
export const refersToRow = (element: XmlElement | undefined, reading: Reading): boolean => ownText(element) === '' && target(element, reading)?.name === 'tr';

/** Makes the IDs of one section's narrative come before equal ones elsewhere. */
export function enterSection(text: XmlElement | undefined, reading: Reading): void {
  const ids = new Map<string, XmlElement>();
  if (text !== undefined && reading.hasRepeatedIds) collectIds(text, ids);
  reading.sectionIds = ids;
}

function collectIds(element: XmlElement, ids: Map<string, XmlElement>): void {
  for (const name in element.attributes) {
    const id = element.attributes[name] as string;
    if (ID_ATTRIBUTES.has(name) && !ids.has(id)) ids.set(id, element);
  }
  for (const below of elementsOf(element)) collectIds(below, ids);
}

/** A reference to a row names the thing in its first cell; the rest of the row is dates and states. */
function narrativeWords(element: XmlElement): string {
  if (element.name !== 'tr') return excerptOf(element, EXCERPT_LENGTH);
  for (const cell of elementsOf(element)) {
    const text = excerptOf(cell, EXCERPT_LENGTH);
    if (text !== '') return text;
  }
  return '';
}

const shorten = (text: string): string => (text.length <= DISPLAY_LENGTH_MAX ? text : `${text.slice(0, DISPLAY_LENGTH_MAX - 1)}…`);

/** `root^extension` of the first usable id. */
export function instanceIdOf(element: XmlElement): string | null {
  for (const id of children(element, 'id')) {
    const root = attribute(id, 'root');
    if (root !== undefined) return attribute(id, 'extension') === undefined ? root : `${root}^${attribute(id, 'extension')}`;
  }
  return null;
}
