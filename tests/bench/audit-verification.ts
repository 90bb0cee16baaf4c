import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { canonicalBytes } from '../../core/audit/canonical.ts';
import { fromBase64 } from '../../core/audit/primitives.ts';
import { verifyBundle } from '../../core/audit/verify.ts';
import { inPieces, simpleLog } from '../support/audit-log.ts';
import { interleave, timed, type Result } from './measure.ts';
import type { Bench } from './run.ts';

const ENTRIES = 40_000;

/** An exported bundle verified whole, beside nothing but SHA-256 and `crypto.verify` over the same entries, both on all cores. */
export async function benchAuditVerification({ options }: Bench): Promise<Result[]> {
  const log = await simpleLog(ENTRIES);
  const bundle = await log.bundle();
  const bodies = log.entries.map(({ entry }) => canonicalBytes(entry));
  const signatures = log.entries.map(({ signature }) => fromBase64(signature));
  const workers = await openRawVerifiers(log.key.publicKey, bodies, signatures);
  const perSecond = (ms: number) => (ENTRIES / ms) * 1000;
  const sides = {
    wardkeep: async () => perSecond(await timed(async () => {
      const verdict = await verifyBundle(inPieces(bundle));
      if (!verdict.ok || verdict.entries !== ENTRIES) throw new Error('the bundle does not verify');
    })),
    floor: async () => perSecond(await timed(() => workers.run())),
  };
  try {
    const { wardkeep, floor, ratio } = await interleave(options.rounds, sides);
    return [{ name: 'audit verification', unit: 'entries/s', wardkeep, floor, score: ratio, reach: { atLeast: 0.6 }, note: `a bundle of ${ENTRIES} entries, ${(bundle.length / 1e6).toFixed(0)} MB, on ${availableParallelism()} cores` }];
  } finally {
    await workers.close();
  }
}

async function openRawVerifiers(publicKey: Uint8Array, bodies: readonly Uint8Array[], signatures: readonly Uint8Array[]): Promise<{ run(): Promise<void>; close(): Promise<unknown> }> {
  const size = availableParallelism();
  const share = Math.ceil(bodies.length / size);
  const workers = Array.from({ length: size }, (_, at) => new Worker(new URL('./raw-verify-worker.ts', import.meta.url), {
    workerData: { publicKey, bodies: bodies.slice(at * share, (at + 1) * share), signatures: signatures.slice(at * share, (at + 1) * share) },
  }));
  await Promise.all(workers.map((worker) => once(worker, 'message'))); // ready
  return {
    async run() {
      const answers = await Promise.all(workers.map(async (worker) => {
        worker.postMessage('go');
        return ((await once(worker, 'message')) as [number])[0];
      }));
      if (answers.reduce((sum, count) => sum + count, 0) !== bodies.length) throw new Error('the raw entries do not verify');
    },
    close: () => Promise.all(workers.map((worker) => worker.terminate())),
  };
}
