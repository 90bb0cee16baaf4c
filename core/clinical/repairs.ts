// What the reader mended or passed over. A document is never changed silently: each mending is named, counted and placed.

import type { Position } from './document-refusal.ts';

export const REPAIRS = {
  'encoding.declaration': 'The declared encoding is not the one used; the byte order mark or the bytes themselves were followed.',
  'encoding.windows_1252': 'Declared ISO-8859-1, written in windows-1252.',
  'encoding.no_bom': 'UTF-16 without a byte order mark.',
  'padding.removed': 'NUL bytes after the end were dropped.',
  'prologue.removed': 'Something stood before the document and was dropped.',
  'trailing.removed': 'Something stood after the document and was dropped.',
  'declaration.removed': 'An XML declaration stood in the wrong place and was dropped.',
  'prefix.undeclared': 'A namespace prefix is used without being declared.',
  'namespace.missing': 'The document does not name the HL7 namespace.',
  'wrapper.opened': 'The clinical document was wrapped in another element.',
  'ampersand.escaped': 'A bare ampersand was read as text.',
  'entity.replaced': 'An HTML entity was read as its character.',
  'character.removed': 'A character that XML forbids was dropped.',
  'less_than.escaped': 'A bare less-than sign was read as text.',
  'cdata_end.escaped': 'A bare "]]>" was read as text.',
  'comment.removed': 'A malformed comment was dropped.',
  'attribute.duplicate': 'A repeated attribute was dropped; the first one counts.',
  'attribute.spacing': 'Space between two attributes was missing.',
  'tag.closed': 'An HTML line break was closed.',
  'end_tag.finished': 'The ">" of an end tag was missing.',
  'name.split': 'The name came as one text and was split into given and family.',
  'name.placeholder': 'A placeholder ("null", "unknown") in the name was dropped.',
  'birth_date.format': 'The birth date is not written as HL7 prescribes; it could be read without doubt.',
  'sex.inferred': 'Administrative sex is absent; the observation of sex or birth sex was taken.'
} as const;

export const WARNINGS = {
  'patient.several': 'The document names more than one patient.',
  'patient.misplaced': 'The patient is not where CDA puts it.',
  'section.narrative_only': 'The section has text but no coded entries.',
  'entry.unread': 'An entry holds nothing that could be shown.',
  'time.unreadable': 'A date or time could not be read.',
  'attachment.unreadable': 'The embedded file could not be decoded.'
} as const;

export type RepairCode = keyof typeof REPAIRS;
export type WarningCode = keyof typeof WARNINGS;

/** `line` and `column` are those of the first occurrence. */
export type Note<Code extends string> = { code: Code; count: number; line: number; column: number };
export type Repair = Note<RepairCode>;
export type Warning = Note<WarningCode>;

/** Counts notes by code and keeps the first place of each. */
export function createNotes<Code extends string>() {
  const notes = new Map<Code, Note<Code>>();
  return {
    add(code: Code, at: () => Position): void {
      const known = notes.get(code);
      if (known === undefined) notes.set(code, { code, count: 1, ...at() });
      else known.count += 1;
    },
    list: (): Note<Code>[] => [...notes.values()]
  };
}

export type Notes<Code extends string> = ReturnType<typeof createNotes<Code>>;
