import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { openWorkerPool } from '../worker-pool.ts';
import { DocumentRefusal, refusalFrom } from './document-refusal.ts';
import type { ClinicalDocument } from './clinical-document.ts';
import type { RefusalData } from './document-refusal.ts';

export type ReadAnswer = { document: ClinicalDocument } | { refusal: RefusalData };

/** Reads documents. @throws DocumentRefusal, as readDocument, and document.too_slow · document.too_large where a bound is met. */
export type DocumentReader = { read(bytes: Uint8Array): Promise<ClinicalDocument> };

export type ReaderBounds = { readonly workers: number; readonly inPlaceBytes: number; readonly readMs: number; readonly heapMegabytes: number };

// A document of an ordinary size is read in less time than it takes to send it and its values across; reading takes time linear in its size.
const BOUNDS: ReaderBounds = { workers: Math.min(2, availableParallelism()), inPlaceBytes: 256 * 1024, readMs: 60_000, heapMegabytes: 1024 };

// The same extension as this file: .ts from source, .js once compiled.
const WORKER = new URL(`./read-worker${extname(import.meta.url)}`, import.meta.url);

/** Large documents are read off the thread that serves. */
export function openDocumentReader(bounds: Partial<ReaderBounds> = {}): DocumentReader {
  const { workers, inPlaceBytes, readMs, heapMegabytes } = { ...BOUNDS, ...bounds };
  const pool = openWorkerPool<ReadAnswer>(WORKER, { workers, taskMs: readMs, heapMegabytes }, { tooSlow: () => new DocumentRefusal('document.too_slow'), tooLarge: () => new DocumentRefusal('document.too_large') });
  return {
    async read(bytes) {
      if (bytes.length < inPlaceBytes) {
        const { readDocument } = await import('./read-document.ts'); // with the first document: most programs at rest never read one
        return readDocument(bytes);
      }
      const answer = await pool.run(bytes);
      if ('document' in answer) return answer.document;
      throw refusalFrom(answer.refusal);
    },
  };
}
