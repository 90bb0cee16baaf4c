import { parse } from 'csv-parse/sync';
import { fault } from '../../errors.ts';
import { packCsv, type PackedCsv } from './csv-table.ts';

export const CSV_BYTES_MAX = 20 * 1024 * 1024;
const ROWS_MAX = 100_000;

/**
 * Reads the text (RFC 4180; comma, semicolon or tab; byte order mark; UTF-8 or, failing that, windows-1252).
 * @throws Fault import.csv_unreadable · request.too_large
 */
export function readCsv(bytes: Uint8Array): PackedCsv {
  const text = decode(bytes);
  const first = text.slice(0, text.search(/\r?\n|$/));
  const delimiter = [',', ';', '\t'].map((mark) => [mark, first.split(mark).length] as const).sort((a, b) => b[1] - a[1])[0]?.[0] ?? ',';
  let records: string[][];
  try {
    records = parse(text, { bom: true, delimiter, relax_column_count: true, skip_empty_lines: true, trim: true, max_record_size: 1_000_000, to: ROWS_MAX + 2, cast: withoutApostrophe });
  } catch (cause) {
    throw fault('import.csv_unreadable', { cause });
  }
  const headers = records[0]?.map((header) => header.replace(/^\uFEFF/, '')) ?? [];
  if (headers.length === 0 || records.length < 2 || headers.every((header) => header === '')) throw fault('import.csv_unreadable');
  if (records.length > ROWS_MAX + 1) throw fault('request.too_large');
  return packCsv(distinct(headers), records.slice(1));
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
  if (bytes.includes(0)) throw fault('import.csv_unreadable');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes); // what spreadsheets on Windows still write
  }
}
