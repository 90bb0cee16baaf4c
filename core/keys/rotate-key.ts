import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../app.ts';
import { record } from '../audit/record.ts';
import { phiTables, type PhiTable } from '../crypto/phi.ts';
import { RING_LIFE_MS } from '../db/key-store.ts';
import type { Scope, Tx } from '../db/scope.ts';
import { beginRotation } from './begin-rotation.ts';
import { countUnder, total, type KeyKind } from './key-row.ts';
import { resealBatch } from './reseal-batch.ts';
import { retagBatch } from './retag-batch.ts';

export type RotationProgress = { readonly kind: KeyKind; readonly version: number; readonly table: string; /** Rows rewritten so far, over all tables. */ readonly rows: number };
export type Stuck = { readonly table: string; readonly column: string; readonly id: string };
export type RotationReport = {
  readonly kind: KeyKind;
  readonly version: number;
  readonly rows: number;
  /** Values (rows, for an index key) still under older versions; zero before one of those can be retired. */
  readonly left: number;
  /** Values that do not open under any key and so stay as they are. */
  readonly stuck: readonly Stuck[];
};
export type RotationOptions = { /** Rows a transaction. */ readonly batch?: number; readonly onProgress?: (progress: RotationProgress) => void };

/** What one batch did. `last`: the row to go on after; null at the table's end. */
export type Batch = { readonly last: string | null; readonly rows: number; readonly stuck: readonly Stuck[] };
type BatchWork = (tx: Tx, table: string, spec: PhiTable, after: string | null, limit: number) => Promise<Batch>;

const BATCH_ROWS = 200;

/**
 * Makes a new data key version and re-encrypts every PHI value under it while the workspace is in use: both versions open meanwhile, and
 * each batch holds its rows' locks, so an edit waits for it or comes first, and is never lost. May be killed at any point and run again.
 */
export function rotateDataKey(app: App, scope: Scope, options: RotationOptions = {}): Promise<RotationReport> {
  return rotate(app, scope, 'data', resealBatch, options);
}

/** The same for the blind index: tags are made anew from the opened values; searches look for both versions' tags until none is left. */
export function rotateIndexKey(app: App, scope: Scope, options: RotationOptions = {}): Promise<RotationReport> {
  return rotate(app, scope, 'index', retagBatch, options);
}

async function rotate(app: App, scope: Scope, kind: KeyKind, work: BatchWork, { batch = BATCH_ROWS, onProgress }: RotationOptions): Promise<RotationReport> {
  const version = await beginRotation(app, scope, kind);
  app.forgetKeys(scope.workspaceId);
  let stuck: Stuck[] = [];
  let rows = 0;
  const sweep = async (): Promise<number> => {
    stuck = [];
    for (const [table, spec] of phiTables()) {
      for (let after: string | null = null, isDone = false; !isDone; ) {
        const done: Batch = await app.withWorkspace(scope, async (tx) => {
          const result = await work(tx, table, spec, after, batch);
          if (result.rows > 0) record(tx, { action: 'key.values_rewritten', target: { type: 'key', id: `${kind}.${version}` }, detail: { kind, version, table, rows: result.rows } });
          return result;
        });
        rows += done.rows;
        stuck.push(...done.stuck);
        after = done.last;
        isDone = after === null;
        if (done.rows > 0) onProgress?.({ kind, version, table, rows });
      }
    }
    return app.withWorkspace(scope, (tx) => countLeft(tx, kind, version));
  };
  if ((await sweep()) > 0) {
    // Another program may have written behind us, with a ring it read just before the version became active. It has a new one by then.
    await sleep(RING_LIFE_MS);
    await sweep();
  }
  const left = await app.withWorkspace(scope, (tx) => finish(tx, kind, version));
  return { kind, version, rows, left, stuck };
}

async function countLeft(tx: Tx, kind: KeyKind, version: number): Promise<number> {
  return total(await countUnder(tx, kind), (other) => other !== version);
}

async function finish(tx: Tx, kind: KeyKind, version: number): Promise<number> {
  const left = await countLeft(tx, kind, version);
  if (left === 0) await tx.knex('app.workspace_keys').where({ kind, status: 'decrypt' }).where('version', '<', version).update({ emptied_at: tx.knex.fn.now() });
  record(tx, { action: 'key.rotation_finished', outcome: left === 0 ? 'ok' : 'failed', target: { type: 'key', id: `${kind}.${version}` }, detail: { kind, version, left } });
  return left;
}
