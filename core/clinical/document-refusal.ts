// Why a clinical document is not read. The sentence is ours and static: it never repeats what the document holds,
// so a refusal may be shown, logged and audited without carrying PHI.

const REASONS = {
  'document.empty': 'The file is empty.',
  'document.too_large': 'The document is larger than may be read.',
  'document.too_slow': 'Reading the document takes longer than it may.',
  'document.binary': 'The file is not text: it is an image, a PDF, an archive or another binary format.',
  'document.encoding': 'The bytes do not fit the encoding that the document declares.',
  'document.not_well_formed': 'The XML is broken here.',
  'document.truncated': 'The document ends in the middle; it was cut off.',
  'document.doctype': 'The document brings a document type (DTD); these can hide entities and are never read.',
  'document.too_deep': 'The elements are nested deeper than any clinical document.',
  'document.too_many_elements': 'The document has more elements or attributes than may be read.',
  'document.not_cda': 'The XML is not a CDA clinical document.'
} as const;

export const DOCUMENT_BYTES_MAX = 30 * 1024 * 1024;

export type DocumentRefusalCode = keyof typeof REASONS;

export type Position = { line: number; column: number };

/** A document that is refused, with where: `line` and `column` count from 1; both are 0 when the fault has no place. */
export class DocumentRefusal extends Error {
  readonly code: DocumentRefusalCode;
  readonly reason: string;
  readonly line: number;
  readonly column: number;

  constructor(code: DocumentRefusalCode, at: Position = { line: 0, column: 0 }, detail = '') {
    const reason = detail === '' ? REASONS[code] : `${REASONS[code]} ${detail}`;
    super(at.line === 0 ? reason : `${reason} (line ${at.line}, column ${at.column})`);
    this.name = 'DocumentRefusal';
    this.code = code;
    this.reason = reason;
    this.line = at.line;
    this.column = at.column;
  }
}

/** What of a refusal crosses from one thread to another. */
export type RefusalData = Pick<DocumentRefusal, 'code' | 'reason' | 'line' | 'column'>;

export function refusalFrom({ code, reason, line, column }: RefusalData): DocumentRefusal {
  return new DocumentRefusal(code, { line, column }, reason.slice(REASONS[code].length).trimStart());
}

/** Line and column, from 1, of a UTF-16 offset; CRLF, LF and CR end a line (XML 1.0, 2.11). */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, Math.max(0, offset));
  let line = 1;
  let start = 0;
  const lineEnd = /\r\n|\n|\r/g;
  while (lineEnd.exec(before) !== null) {
    line += 1;
    start = lineEnd.lastIndex;
  }
  return { line, column: before.length - start + 1 };
}
