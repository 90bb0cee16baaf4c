// Walking the light tree. CDA is read by local names: products use a default namespace, `cda:`, `n1:`, `ns3:`, or none at all,
// and `sdtc:raceCode` is one more `raceCode`.

import type { XmlElement } from './xml.ts';

export const elementsOf = (element: XmlElement): XmlElement[] => element.children.filter((child) => typeof child !== 'string');

export function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  if (element === undefined) return undefined;
  for (const candidate of element.children) if (typeof candidate !== 'string' && candidate.name === name) return candidate;
  return undefined;
}

export function children(element: XmlElement | undefined, name: string): XmlElement[] {
  const found: XmlElement[] = [];
  if (element !== undefined) for (const candidate of element.children) if (typeof candidate !== 'string' && candidate.name === name) found.push(candidate);
  return found;
}

/** Follows one element of each name: `at(entry, 'act', 'code')`. */
export function at(element: XmlElement | undefined, ...names: string[]): XmlElement | undefined {
  let here = element;
  for (const name of names) here = child(here, name);
  return here;
}

/** All elements of the names on each step: `all(section, 'entry', 'organizer')`. */
export function all(element: XmlElement | undefined, ...names: string[]): XmlElement[] {
  let here = element === undefined ? [] : [element];
  for (const name of names) here = here.flatMap((each) => children(each, name));
  return here;
}

/** First descendant of that name in document order, breadth limited by `depth`. */
export function find(element: XmlElement, name: string, depth: number): XmlElement | undefined {
  for (const candidate of element.children) {
    if (typeof candidate === 'string') continue;
    if (candidate.name === name) return candidate;
    const below = depth > 1 ? find(candidate, name, depth - 1) : undefined;
    if (below !== undefined) return below;
  }
  return undefined;
}

/** An attribute's value without surrounding space; undefined when absent or empty. */
export function attribute(element: XmlElement | undefined, name: string): string | undefined {
  const value = element?.attributes[name]?.trim();
  return value === '' ? undefined : value;
}

/** `xsi:type` without prefixes, whatever prefix the product bound or forgot to bind. */
export function typeOf(element: XmlElement): string | undefined {
  for (const name in element.attributes) {
    if (name === 'xsi:type' || name === 'type' || name.endsWith(':type')) return (element.attributes[name] as string).replace(/^.*:/, '').trim();
  }
  return undefined;
}

/** All text below, with runs of white space made one space. */
export function textOf(element: XmlElement | undefined): string {
  return element === undefined ? '' : rawText(element).replace(/\s+/g, ' ').trim();
}

/** Text directly in this element, not in its children. */
export function ownText(element: XmlElement | undefined): string {
  if (element === undefined) return '';
  return element.children.filter((piece) => typeof piece === 'string').join(' ').replace(/\s+/g, ' ').trim();
}

/** The first words below, about `length` characters of them: many references may point at one long text. */
export function excerptOf(element: XmlElement, length: number): string {
  const pieces: string[] = [];
  collect(element, pieces, { left: length });
  return pieces.join('').replace(/\s+/g, ' ').trim();
}

export function rawText(element: XmlElement): string {
  const pieces: string[] = [];
  collect(element, pieces, { left: Infinity });
  return pieces.join('');
}

// Cells, items and lines are words of their own even where no space stands between the tags.
const SEPARATED = new Set(['td', 'th', 'tr', 'item', 'li', 'paragraph', 'p', 'br', 'caption', 'list', 'table']);

function collect(element: XmlElement, pieces: string[], budget: { left: number }): void {
  if (SEPARATED.has(element.name)) pieces.push(' ');
  for (const piece of element.children) {
    if (budget.left <= 0) return;
    if (typeof piece !== 'string') collect(piece, pieces, budget);
    else {
      pieces.push(budget.left === Infinity ? piece : piece.slice(0, budget.left));
      budget.left -= piece.length;
    }
  }
  if (SEPARATED.has(element.name)) pieces.push(' ');
}

/** `templateId` roots of an element (extensions, the version dates of R2.1, are not told apart). */
export const templatesOf = (element: XmlElement): string[] => children(element, 'templateId').flatMap((id) => attribute(id, 'root') ?? []);

export const hasTemplate = (element: XmlElement, ...roots: string[]): boolean => templatesOf(element).some((root) => roots.includes(root));
