import { checkLines } from '../check-block.ts';

/** @typedef {import('../check-block.ts').CheckContext} CheckContext */
/** @typedef {import('../check-block.ts').CheckedBlock} CheckedBlock */
/** @typedef {import('../verify-bundle.ts').BlockChecker} BlockChecker */
/** @typedef {{ resolve: (block: CheckedBlock) => void, reject: (error: Error) => void }} Job */

/** What a worker runs: the context first, then blocks in and what they came to out, in the same order. */
export function serveBlocks() {
  /** @type {CheckContext | null} */
  let context = null;
  addEventListener('message', ({ data }) => {
    if (context) postMessage(checkLines(context, data));
    else context = data;
  });
}

/**
 * Checks blocks in as many workers as there are cores. `script` is this page's own, which serves blocks where there is no document: a
 * page opened from a file may not load a second one.
 * @param {string} script
 * @returns {(context: CheckContext) => BlockChecker}
 */
export function openWebWorkers(script) {
  return (context) => {
    const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
    const pool = Array.from({ length: Math.max(1, navigator.hardwareConcurrency || 1) }, () => startWorker(url, context));
    return {
      width: pool.length * 4,
      check: (block) => pool.reduce((idlest, each) => (each.jobs.length < idlest.jobs.length ? each : idlest)).check(block),
      async close() {
        for (const { worker } of pool) worker.terminate();
        URL.revokeObjectURL(url);
      },
    };
  };
}

/**
 * @param {string} url
 * @param {CheckContext} context
 */
function startWorker(url, context) {
  /** @type {Job[]} */
  const jobs = [];
  const worker = new Worker(url);
  worker.postMessage(context);
  worker.addEventListener('message', ({ data }) => jobs.shift()?.resolve(data));
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    for (const job of jobs.splice(0)) job.reject(new Error('A verification worker stopped.'));
  });
  return {
    worker,
    jobs,
    /**
     * @param {Uint8Array} block
     * @returns {Promise<CheckedBlock>}
     */
    check(block) {
      return new Promise((resolve, reject) => {
        jobs.push({ resolve, reject });
        const bytes = new Uint8Array(block);
        worker.postMessage(bytes, [bytes.buffer]);
      });
    },
  };
}
