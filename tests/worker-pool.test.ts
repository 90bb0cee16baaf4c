import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { openWorkerPool } from '../core/worker-pool.ts';

const script = (lines: string): URL => new URL(`data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads'; ${lines}`)}`);
const refusals = { tooSlow: () => new Error('too slow'), tooLarge: () => new Error('too large') };

t.test('a worker that dies while it is idle is given no task', async (t) => {
  const pool = openWorkerPool<number>(script("parentPort.on('message', ({ length }) => { parentPort.postMessage(length); setTimeout(() => process.exit(), 10); });"), { workers: 1, taskMs: 5_000, heapMegabytes: 32 }, refusals);
  t.equal(await pool.run(new Uint8Array(1)), 1);
  await sleep(1_000);
  t.equal(await pool.run(new Uint8Array(2)), 2);
});
