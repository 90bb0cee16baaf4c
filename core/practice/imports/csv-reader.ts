import { extname } from 'node:path';
import { fault, type FaultCode } from '../../errors.ts';
import { openWorkerPool } from '../../worker-pool.ts';
import { CsvTable, type PackedCsv } from './csv-table.ts';
import { readCsv } from './read-csv.ts';

export type CsvAnswer = { readonly table: PackedCsv } | { readonly refused: FaultCode };
export type CsvReaderBounds = { readonly inPlaceBytes: number; readonly readMs: number; readonly heapMegabytes: number };

/** Reads spreadsheets. @throws Fault import.csv_unreadable · request.too_large, also where a bound of time or memory is met */
export type CsvReader = { read(bytes: Uint8Array): Promise<CsvTable> };

// What is smaller is read in a few milliseconds, which sending it across would cost as well.
const BOUNDS: CsvReaderBounds = { inPlaceBytes: 128 * 1024, readMs: 60_000, heapMegabytes: 1024 };
const WORKER = new URL(`./csv-worker${extname(import.meta.url)}`, import.meta.url);

/** Large files are read off the thread that serves, one at a time: reading twenty megabytes takes seconds. */
export function openCsvReader(bounds: Partial<CsvReaderBounds> = {}): CsvReader {
  const { inPlaceBytes, readMs, heapMegabytes } = { ...BOUNDS, ...bounds };
  const tooLarge = () => fault('request.too_large');
  const pool = openWorkerPool<CsvAnswer>(WORKER, { workers: 1, taskMs: readMs, heapMegabytes }, { tooSlow: tooLarge, tooLarge });
  return {
    async read(bytes) {
      if (bytes.length < inPlaceBytes) return new CsvTable(readCsv(bytes));
      const answer = await pool.run(bytes);
      if ('table' in answer) return new CsvTable(answer.table);
      throw fault(answer.refused);
    },
  };
}
