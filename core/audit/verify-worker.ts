import { parentPort, workerData } from 'node:worker_threads';
import { checkLines } from './check-block.ts';
import type { CheckContext } from './check-block.ts';

// One of the workers of verify-workers.ts: blocks of lines in, what they came to out, in the same order.
const port = parentPort;
if (!port) throw new Error('verify-worker.ts runs as a worker only');
const context = workerData as CheckContext;

port.on('message', (block: Uint8Array) => {
  const checked = checkLines(context, block);
  port.postMessage(checked, [checked.hashes.buffer as ArrayBuffer]);
});
