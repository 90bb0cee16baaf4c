import { setTimeout as sleep } from 'node:timers/promises';
import { fault } from '../../errors.ts';

/** A batch holds its whole upload in memory, up to 200 MB. */
const PER_WORKSPACE_MAX = 2;
const DRAIN_MS = 5_000;

/**
 * The batches that run in this program, behind the answers that began them. Each workspace has two places; when the program stops, none begins
 * any more, those that run are told so through their signal and get some seconds to write down how far they came.
 */
export type RunningBatches = {
  /** @throws Fault import.busy · system.unavailable */
  refuseIfFull(workspaceId: string): void;
  /**
   * Takes a place, runs `begin` and then, without waiting for it, `run`, which must see to its own faults; the place is free when that ends.
   * @throws Fault import.busy · system.unavailable, and what `begin` throws
   */
  start(workspaceId: string, begin: () => Promise<string>, run: (batchId: string, stopping: AbortSignal) => Promise<void>): Promise<string>;
  /** No more begin, and those that run are told to end. */
  beginStop(): void;
  /** Resolves when all have ended, at the latest after the drain time. */
  drained(): Promise<void>;
};

export function openRunningBatches(): RunningBatches {
  const places = new Map<string, number>();
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  const taken = (workspaceId: string): number => places.get(workspaceId) ?? 0;
  const free = (workspaceId: string): void => void (taken(workspaceId) > 1 ? places.set(workspaceId, taken(workspaceId) - 1) : places.delete(workspaceId));
  const refuseIfFull = (workspaceId: string): void => {
    if (stopping.signal.aborted) throw fault('system.unavailable');
    if (taken(workspaceId) >= PER_WORKSPACE_MAX) throw fault('import.busy');
  };
  return {
    refuseIfFull,
    async start(workspaceId, begin, run) {
      refuseIfFull(workspaceId);
      places.set(workspaceId, taken(workspaceId) + 1);
      const begun = begin();
      const ended = begun.then((batchId) => run(batchId, stopping.signal)).finally(() => {
        free(workspaceId);
        running.delete(whole);
      });
      const whole: Promise<void> = ended.catch(() => undefined); // begin's fault goes to the caller below
      running.add(whole);
      return begun;
    },
    beginStop: () => stopping.abort(fault('system.unavailable')),
    async drained() {
      const over = new AbortController();
      await Promise.race([Promise.all(running), sleep(DRAIN_MS, undefined, { signal: over.signal }).catch(() => undefined)]); // the timer's own abort
      over.abort();
    },
  };
}
