import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { DocumentRefusal, refusalFrom } from './document-refusal.ts';
import { readDocument } from './read-document.ts';
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

type Job = { readonly bytes: Uint8Array; readonly resolve: (document: ClinicalDocument) => void; readonly reject: (error: Error) => void };

/** Large documents are read off the thread that serves, one at a time by each worker. Workers start when first needed; idle ones keep no program alive. */
export function openDocumentReader(bounds: Partial<ReaderBounds> = {}): DocumentReader {
  const { workers, inPlaceBytes, readMs, heapMegabytes } = { ...BOUNDS, ...bounds };
  const waiting: Job[] = [];
  const idle: ReadWorker[] = [];
  let started = 0;
  const start = (): ReadWorker => {
    started += 1;
    return startWorker({ readMs, heapMegabytes, onIdle: (worker) => void (idle.push(worker), goOn()), onEnd: () => void (started -= 1, goOn()) });
  };
  const goOn = (): void => {
    while (waiting.length > 0 && (idle.length > 0 || started < workers)) (idle.pop() ?? start()).take(waiting.shift() as Job);
  };
  return {
    async read(bytes) {
      if (bytes.length < inPlaceBytes) return readDocument(bytes);
      return new Promise<ClinicalDocument>((resolve, reject) => {
        waiting.push({ bytes, resolve, reject });
        goOn();
      });
    },
  };
}

type ReadWorker = { take(job: Job): void };

function startWorker(options: { readMs: number; heapMegabytes: number; onIdle: (worker: ReadWorker) => void; onEnd: () => void }): ReadWorker {
  // Without this program's own flags: what they preload would count against the worker's memory.
  const worker = new Worker(WORKER, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: options.heapMegabytes } });
  let job: Job | null = null;
  let timer: NodeJS.Timeout | undefined;
  const leave = (): Job | null => {
    const left = job;
    job = null;
    clearTimeout(timer);
    worker.unref();
    return left;
  };
  const self: ReadWorker = {
    take(next) {
      job = next;
      worker.ref();
      timer = setTimeout(() => {
        leave()?.reject(new DocumentRefusal('document.too_slow'));
        void worker.terminate();
      }, options.readMs);
      const bytes = new Uint8Array(next.bytes); // a copy: a buffer may be a view of much more, and the caller keeps his
      worker.postMessage(bytes, [bytes.buffer]);
    },
  };
  worker.on('message', (answer: ReadAnswer) => {
    const done = leave();
    if (done === null) return; // too late; the worker is being ended
    if ('document' in answer) done.resolve(answer.document);
    else done.reject(refusalFrom(answer.refusal));
    options.onIdle(self);
  });
  worker.on('error', (error: NodeJS.ErrnoException) => leave()?.reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? new DocumentRefusal('document.too_large') : error));
  worker.on('exit', () => {
    leave()?.reject(new Error('A worker that reads documents ended.'));
    options.onEnd();
  });
  return self;
}
