// The second reading: what real products write and XML forbids is rewritten so that the strict parser may judge again.
// Nothing is guessed that could change meaning, and nothing is expanded: an entity becomes one character of a fixed table or stays text.

import { DocumentRefusal, positionAt } from './document-refusal.ts';
import { HTML_ENTITIES } from './html-entities.ts';
import { createNotes } from './repairs.ts';
import type { Repair, RepairCode } from './repairs.ts';

export type Mended = {
  text: string;
  repairs: Repair[];
  /** Where an offset of the mended text was in the original. */
  originalOffset: (offset: number) => number;
};

// A document with more faults than this is not a document with faults.
const REPAIRS_MAX = 20_000;

const FORBIDDEN = '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ufffe\\uffff';
const TEXT_FAULT = new RegExp(`[<&${FORBIDDEN}]|\\]\\]>`, 'g');
const VALUE_FAULT = new RegExp(`[<&${FORBIDDEN}]`, 'g');
const CHARACTER_FAULT = new RegExp(`[${FORBIDDEN}]`, 'g');
const REFERENCE = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{0,31}));/y;
const TAG_NAME = /[A-Za-z_\u00c0-\ufffd][^\s/>=<"']*/y;
const ATTRIBUTE = /([^\s=<>"'/]+)\s*=\s*(["'])/y;
const WORD = /[^\s=<>"'/]+/y;
const UNFINISHED_END_TAG = /<\/[^\s/>=<"']+(?=\s*<)/y;
const DECLARATION = /^<\?xml\s+version\s*=\s*(["'])1\.\d\1(?:\s+encoding\s*=\s*(["'])[A-Za-z][\w.-]*\2)?(?:\s+standalone\s*=\s*(["'])(?:yes|no)\3)?\s*\?>/;
const SPACE = /\s+/y;
const XML_ENTITIES = new Set(['amp', 'lt', 'gt', 'quot', 'apos']);

export function mendXml(source: string): Mended {
  const notes = createNotes<RepairCode>();
  const pieces: string[] = [];
  const edits: { mended: number; original: number }[] = [];
  let length = 0;
  let copied = 0;

  function replace(start: number, end: number, replacement: string, code: RepairCode): void {
    if (edits.length >= REPAIRS_MAX) throw new DocumentRefusal('document.not_well_formed', positionAt(source, start), 'It has too many faults to be mended.');
    notes.add(code, () => positionAt(source, start));
    pieces.push(source.slice(copied, start), replacement);
    length += start - copied + replacement.length;
    copied = end;
    edits.push({ mended: length, original: end });
  }

  function mendReference(at: number): number {
    REFERENCE.lastIndex = at;
    const [whole, decimal, hex, name] = REFERENCE.exec(source) ?? [];
    if (whole === undefined) {
      replace(at, at + 1, '&amp;', 'ampersand.escaped');
      return at + 1;
    }
    const end = at + whole.length;
    if (name !== undefined) {
      const character = HTML_ENTITIES.get(name);
      if (character !== undefined) replace(at, end, character, 'entity.replaced');
      else if (!XML_ENTITIES.has(name)) replace(at, at + 1, '&amp;', 'ampersand.escaped');
      return end;
    }
    const point = decimal === undefined ? parseInt(hex as string, 16) : parseInt(decimal, 10);
    if (!isXmlCharacter(point)) replace(at, end, '', 'character.removed');
    else if (whole.startsWith('&#X')) replace(at, end, `&#${point};`, 'entity.replaced');
    return end;
  }

  /** Mends one faulty character; returns the offset after it. */
  function mendCharacter(fault: string, at: number): number {
    if (fault === '&') return mendReference(at);
    if (fault === '<') replace(at, at + 1, '&lt;', 'less_than.escaped');
    else if (fault === ']]>') replace(at, at + 3, ']]&gt;', 'cdata_end.escaped');
    else replace(at, at + 1, '', 'character.removed');
    return at + fault.length;
  }

  function mendRun(pattern: RegExp, start: number, end: number): number {
    // Only the run itself is searched: to look on to the next fault would be quadratic.
    for (const found of source.slice(start, end).matchAll(pattern)) mendCharacter(found[0], start + found.index);
    return end;
  }

  /** Returns the offset after the tag, and whether it closed itself. */
  function mendTag(at: number, name: string): { end: number; isClosed: boolean } {
    const seen = new Set<string>();
    let i = at + 1 + name.length;
    while (i < source.length) {
      const character = source[i] as string;
      if (character === '>') {
        const isClosed = source[i - 1] === '/';
        if (isClosed || !/^(?:br|hr)$/i.test(name) || /^\s*<\/(?:br|hr)/i.test(source.slice(i + 1, i + 40))) return { end: i + 1, isClosed };
        replace(i, i + 1, '/>', 'tag.closed');
        return { end: i + 1, isClosed: true };
      }
      ATTRIBUTE.lastIndex = i;
      const attribute = ATTRIBUTE.exec(source);
      if (attribute === null) {
        WORD.lastIndex = i;
        i += WORD.exec(source)?.[0].length ?? 1;
        continue;
      }
      const valueStart = i + attribute[0].length;
      const valueEnd = source.indexOf(attribute[2] as string, valueStart);
      if (valueEnd === -1) return { end: source.length, isClosed: false };
      if (seen.has(attribute[1] as string)) replace(i, valueEnd + 1, '', 'attribute.duplicate');
      else {
        if (/["']/.test(source[i - 1] as string)) replace(i, i, ' ', 'attribute.spacing');
        mendRun(VALUE_FAULT, valueStart, valueEnd);
      }
      seen.add(attribute[1] as string);
      i = valueEnd + 1;
    }
    return { end: source.length, isClosed: false };
  }

  function after(terminator: string, from: number): number {
    const found = source.indexOf(terminator, from);
    return found === -1 ? source.length : found + terminator.length;
  }

  /** White space, comments and processing instructions may follow the root (XML 1.0, 2.1). */
  function afterMiscellany(from: number): number {
    let at = from;
    for (;;) {
      SPACE.lastIndex = at;
      at += SPACE.exec(source)?.[0].length ?? 0;
      if (!source.startsWith('<!--', at) && !source.startsWith('<?', at)) return at;
      at = mendMarkup(at);
    }
  }

  function mendMarkup(at: number): number {
    if (source.startsWith('<!--', at)) {
      const end = after('-->', at + 4);
      if (!source.startsWith('-->', end - 3)) return end;
      const content = source.slice(at + 4, end - 3);
      if (content.includes('--') || content.endsWith('-') || content.search(CHARACTER_FAULT) !== -1) replace(at, end, content.replace(/[^\r\n]/g, ''), 'comment.removed');
      return end;
    }
    if (source.startsWith('<![CDATA[', at)) return mendRun(CHARACTER_FAULT, at, after(']]>', at));
    if (source.startsWith('<?', at)) {
      if (!/^<\?xml\s/i.test(source.slice(at, at + 6))) return after('?>', at);
      if (at === start && DECLARATION.test(source.slice(at, at + 300))) return after('?>', at);
      // The bytes are decoded: what the declaration had to say has been heard.
      const end = after('>', at);
      replace(at, end, '', 'declaration.removed');
      return end;
    }
    return after('>', at);
  }

  const start = Math.max(0, source.indexOf('<'));
  if (start > 0) replace(0, start, '', 'prologue.removed');
  let depth = 0;
  let hasRoot = false;
  for (let i = start; i < source.length; ) {
    if (hasRoot && depth === 0) {
      i = afterMiscellany(i);
      if (i >= source.length) break;
      // A second document behind the first is not dropped: the strict reading refuses it.
      if (!source.slice(i).includes('ClinicalDocument')) replace(i, source.length, '', 'trailing.removed');
      break;
    }
    TEXT_FAULT.lastIndex = i;
    const found = TEXT_FAULT.exec(source);
    if (found === null) break;
    if (found[0] !== '<') {
      i = mendCharacter(found[0], found.index);
      continue;
    }
    const at = found.index;
    const next = source[at + 1] ?? '';
    TAG_NAME.lastIndex = at + 1;
    const name = TAG_NAME.exec(source)?.[0];
    if (next === '!' || next === '?') i = mendMarkup(at);
    else if (next === '/') {
      depth -= 1;
      UNFINISHED_END_TAG.lastIndex = at;
      const unfinished = UNFINISHED_END_TAG.exec(source)?.[0];
      if (unfinished === undefined) i = after('>', at);
      else {
        i = at + unfinished.length;
        replace(i, i, '>', 'end_tag.finished');
      }
    } else if (name !== undefined) {
      const tag = mendTag(at, name);
      if (!tag.isClosed) depth += 1;
      hasRoot = true;
      i = tag.end;
    } else {
      replace(at, at + 1, '&lt;', 'less_than.escaped');
      i = at + 1;
    }
  }
  pieces.push(source.slice(copied));
  return { text: pieces.join(''), repairs: notes.list(), originalOffset: (offset) => originalOffset(edits, offset) };
}

function originalOffset(edits: readonly { mended: number; original: number }[], offset: number): number {
  let low = 0;
  let high = edits.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edits[middle] as { mended: number }).mended <= offset) low = middle + 1;
    else high = middle;
  }
  const edit = edits[low - 1];
  return edit === undefined ? offset : edit.original + offset - edit.mended;
}

const isXmlCharacter = (point: number): boolean =>
  point === 0x9 || point === 0xa || point === 0xd || (point >= 0x20 && point <= 0xd7ff) || (point >= 0xe000 && point <= 0xfffd) || (point >= 0x10000 && point <= 0x10ffff);
