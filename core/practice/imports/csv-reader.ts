import { extname } from 'node:path';
import { fault, type FaultCode } from '../../errors.ts';
import { openWorkerPool } from '../../worker-pool.ts';
import { CsvTable, type PackedCsv } from './csv-table.ts';
import { readCsv } from './read-csv.ts';

export type CsvAnswer = { readonly table: PackedCsv } | { readonly refused: FaultCode };
/** `perWorkspace` and `all` count the large files that are being read or wait for it. */
export type CsvReaderBounds = { readonly inPlaceBytes: number; readonly readMs: number; readonly heapMegabytes: number; readonly perWorkspace: number; readonly all: number };

/** Reads spreadsheets. @throws Fault import.csv_unreadable · import.reader_busy · request.too_large, also where a bound of time or memory is met */
export type CsvReader = { read(workspaceId: string, bytes: Uint8Array): Promise<CsvTable> };

// What is smaller is read in a few milliseconds, which sending it across would cost as well.
const BOUNDS: CsvReaderBounds = { inPlaceBytes: 128 * 1024, readMs: 60_000, heapMegabytes: 1024, perWorkspace: 2, all: 8 };
const RETRY_AFTER_S = 5;
const WORKER = new URL(`./csv-worker${extname(import.meta.url)}`, import.meta.url);

/**
 * Large files are read off the thread that serves, one at a time: reading twenty megabytes takes seconds. All workspaces share that thread and each
 * file waits in memory, so a workspace has few places in the queue and the queue itself an end.
 */
export function openCsvReader(bounds: Partial<CsvReaderBounds> = {}): CsvReader {
  const { inPlaceBytes, readMs, heapMegabytes, perWorkspace, all } = { ...BOUNDS, ...bounds };
  const tooLarge = () => fault('request.too_large');
  const pool = openWorkerPool<CsvAnswer>(WORKER, { workers: 1, taskMs: readMs, heapMegabytes }, { tooSlow: tooLarge, tooLarge });
  const places: string[] = []; // whose each is
  return {
    async read(workspaceId, bytes) {
      if (bytes.length < inPlaceBytes) return new CsvTable(readCsv(bytes));
      if (places.length >= all || places.filter((taken) => taken === workspaceId).length >= perWorkspace) throw fault('import.reader_busy', { retryAfterS: RETRY_AFTER_S });
      places.push(workspaceId);
      const answer = await pool.run(bytes).finally(() => places.splice(places.indexOf(workspaceId), 1));
      if ('table' in answer) return new CsvTable(answer.table);
      throw fault(answer.refused);
    },
  };
}
