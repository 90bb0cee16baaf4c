import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { checkLines } from './check-block.ts';
import type { CheckContext, CheckedBlock } from './check-block.ts';
import type { BlockChecker } from './verify-bundle.ts';

// A worker takes some 50 ms to start: the first blocks (64 KiB, about a hundred entries each) are checked here, and a bundle of an
// ordinary day never needs one.
const BLOCKS_CHECKED_HERE = 8;
const BLOCKS_PER_WORKER = 4;

// The same extension as this file: .ts from source, .js once compiled.
const WORKER = new URL(`./verify-worker${extname(import.meta.url)}`, import.meta.url);

type Job = { readonly resolve: (block: CheckedBlock) => void; readonly reject: (error: Error) => void };

/** Checks blocks on all cores, one worker each. */
export function openVerifyWorkers(context: CheckContext, size = availableParallelism()): BlockChecker {
  let checkedHere = 0;
  let workers: { worker: Worker; jobs: Job[] }[] | null = null;
  return {
    width: size * BLOCKS_PER_WORKER,
    async check(block) {
      if (checkedHere < BLOCKS_CHECKED_HERE) {
        checkedHere++;
        return checkLines(context, block);
      }
      workers ??= Array.from({ length: size }, () => startWorker(context));
      const { worker, jobs } = workers.reduce((idlest, each) => (each.jobs.length < idlest.jobs.length ? each : idlest));
      return new Promise<CheckedBlock>((resolve, reject) => {
        jobs.push({ resolve, reject });
        const bytes = new Uint8Array(block);
        worker.postMessage(bytes, [bytes.buffer]);
      });
    },
    async close() {
      await Promise.all((workers ?? []).map(({ worker }) => worker.terminate()));
    },
  };
}

/** Answers come in the order of the questions, one for each. */
function startWorker(context: CheckContext): { worker: Worker; jobs: Job[] } {
  const jobs: Job[] = [];
  const worker = new Worker(WORKER, { workerData: context });
  worker.on('message', (block: CheckedBlock) => jobs.shift()?.resolve(block));
  worker.on('error', (error: Error) => jobs.splice(0).forEach(({ reject }) => reject(error)));
  return { worker, jobs };
}
