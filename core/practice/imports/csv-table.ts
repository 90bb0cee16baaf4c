/** A row as the file has it; `line` counts rows, the heading being the first. */
export type CsvRow = { readonly line: number; readonly cells: readonly string[] };

/** A table in two blocks of memory, which cross from a worker without being copied or opened: `cells` is a JSON array for each row, `ends` where each stops. */
export type PackedCsv = { readonly headers: readonly string[]; readonly cells: Uint8Array<ArrayBuffer>; readonly ends: Uint32Array<ArrayBuffer> };

export function packCsv(headers: readonly string[], records: readonly (readonly string[])[]): PackedCsv {
  const lines = records.map((record) => Buffer.from(JSON.stringify(record), 'utf8'));
  const ends = new Uint32Array(lines.length);
  const cells = new Uint8Array(lines.reduce((bytes, line) => bytes + line.length, 0));
  let end = 0;
  for (const [at, line] of lines.entries()) {
    cells.set(line, end);
    end += line.length;
    ends[at] = end;
  }
  return { headers, cells, ends };
}

/** A spreadsheet: rows are opened when they are asked for, so that a hundred thousand of them keep nobody waiting. */
export class CsvTable {
  readonly headers: readonly string[];
  readonly #cells: Buffer;
  readonly #ends: Uint32Array;

  constructor({ headers, cells, ends }: PackedCsv) {
    this.headers = headers;
    this.#cells = Buffer.from(cells.buffer, cells.byteOffset, cells.byteLength);
    this.#ends = ends;
  }

  get rowCount(): number {
    return this.#ends.length;
  }

  /** Rows `from` up to but without `to`, counted from 0. */
  rows(from = 0, to = this.rowCount): CsvRow[] {
    return Array.from({ length: Math.max(0, Math.min(to, this.rowCount) - from) }, (_none, at) => this.#row(from + at));
  }

  /** By the line that a row carries; undefined where the table has none. */
  rowOfLine(line: number): CsvRow | undefined {
    return line >= 2 && line - 2 < this.rowCount ? this.#row(line - 2) : undefined;
  }

  #row(at: number): CsvRow {
    return { line: at + 2, cells: JSON.parse(this.#cells.toString('utf8', this.#ends[at - 1] ?? 0, this.#ends[at])) as string[] };
  }
}
