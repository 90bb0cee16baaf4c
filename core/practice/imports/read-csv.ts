import { parse } from 'csv-parse/sync';
import { fault } from '../../errors.ts';
import { packCsv, type PackedCsv } from './csv-table.ts';

export const CSV_BYTES_MAX = 20 * 1024 * 1024;
const ROWS_MAX = 100_000;
/** Each is a line of the page that matches columns. */
const COLUMNS_MAX = 500;
/** Enough of the beginning to see what parts its cells. */
const HEADING_CHARACTERS = 100_000;

/**
 * Reads the text (RFC 4180; comma, semicolon, tab or what a spreadsheet's `sep=` line says; any line ends, mixed ones too; UTF-8, UTF-16 with its byte
 * order mark or, failing these, windows-1252).
 * @throws Fault import.csv_unreadable · import.csv_columns · request.too_large
 */
export function readCsv(bytes: Uint8Array): PackedCsv {
  const whole = decode(bytes).replace(/^\uFEFF/, '');
  const [declaration = '', declared] = /^"?sep=([,;|\t])"?(?:\r\n|\r|\n)/i.exec(whole) ?? [];
  const text = whole.slice(declaration.length);
  let records: string[][];
  try {
    // Without the line ends said, the parser takes the first for all, and rows that end otherwise for a part of the cell before.
    records = parse(text, { delimiter: declared ?? delimiterOf(text), record_delimiter: ['\r\n', '\n', '\r'], relax_column_count: true, skip_empty_lines: true, trim: true, max_record_size: 1_000_000, to: ROWS_MAX + 2, cast: withoutApostrophe });
  } catch (cause) {
    throw fault('import.csv_unreadable', { cause });
  }
  const headers = records[0] ?? [];
  if (headers.length === 0 || records.length < 2 || headers.every((header) => header === '')) throw fault('import.csv_unreadable');
  if (headers.length > COLUMNS_MAX) throw fault('import.csv_columns');
  if (records.length > ROWS_MAX + 1) throw fault('request.too_large');
  return packCsv(distinct(headers), records.slice(1));
}

/** What parts the headings most often, but for what stands in quotes. */
function delimiterOf(text: string): string {
  const [heading = ''] = text.slice(0, HEADING_CHARACTERS).replace(/"[^"]*"/g, '').split(/[\r\n]/, 1);
  return [',', ';', '\t'].map((mark) => [mark, heading.split(mark).length] as const).sort((a, b) => b[1] - a[1])[0]?.[0] ?? ',';
}

/** A mapping goes by heading: a second "Phone" is "Phone (2)", and a column without a heading goes by its place. */
function distinct(headers: readonly string[]): string[] {
  const given = new Set(headers);
  const taken = new Set<string>();
  return headers.map((header, at) => {
    const base = header || `Column ${at + 1}`;
    let name = base;
    for (let nth = 2; taken.has(name) || (name !== header && given.has(name)); nth++) name = `${base} (${nth})`;
    taken.add(name);
    return name;
  });
}

/** What refusedRowsCsv, or a spreadsheet, put before a cell that would else be taken for a formula. */
function withoutApostrophe(cell: string): string {
  return /^'[=+\-@\t\r\uFF0B\uFF0D\uFF1D\uFF20]/.test(cell) ? cell.slice(1) : cell;
}

function decode(bytes: Uint8Array): string {
  const text = isWide(bytes) ? new TextDecoder(bytes[0] === 0xff ? 'utf-16le' : 'utf-16be').decode(bytes) : decodeNarrow(bytes);
  if (text.includes('\0')) throw fault('import.csv_unreadable');
  return text;
}

/** What spreadsheets call Unicode text. */
const isWide = ([first, second]: Uint8Array): boolean => (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);

function decodeNarrow(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes); // what spreadsheets on Windows still write
  }
}
