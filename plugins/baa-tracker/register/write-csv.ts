import { stringify } from 'csv-stringify/sync';
import { COLUMNS, rowOf, type Row } from './columns.ts';
import type { Register } from './read-register.ts';

// RFC 4180 line ends. A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV Injection).
const OPTIONS = { record_delimiter: '\r\n', escape_formulas: true, quoted_match: /[\r\n]/, bom: true } as const;

/** Every subprocessor with every agreement of its; one without any stands once. */
export function registerRows({ subprocessors, agreements, names }: Register): Row[] {
  return subprocessors.flatMap((subprocessor) => {
    const own = agreements.filter(({ subprocessor_id }) => subprocessor_id === subprocessor.id);
    return own.length === 0 ? [rowOf(subprocessor, null, '')] : own.map((agreement) => rowOf(subprocessor, agreement, names.get(agreement.owner_id) ?? ''));
  });
}

export function writeCsv(rows: readonly Row[]): string {
  return stringify([COLUMNS, ...rows.map((row) => COLUMNS.map((column) => row[column]))] as string[][], OPTIONS);
}

/** The lines of an import that were not taken, with the reason in a last column, to be mended and sent again. */
export function writeRefused(refused: readonly { readonly cells: Readonly<Record<string, string>>; readonly reason: string }[]): string {
  return stringify([[...COLUMNS, 'refused_because'], ...refused.map(({ cells, reason }) => [...COLUMNS.map((column) => cells[column] ?? ''), reason])], OPTIONS);
}
