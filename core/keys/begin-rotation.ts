import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../app.ts';
import { authorize } from '../access/authorize.ts';
import { record } from '../audit/record.ts';
import { newKeyRow, RING_LIFE_MS } from '../db/key-store.ts';
import type { Scope, Tx } from '../db/scope.ts';
import { countUnder, readKeyRows, total, type KeyKind, type KeyRow } from './key-row.ts';

/**
 * The version everything is to be brought under, active when this returns: a new one, or the present one when an earlier rotation was
 * interrupted or a value was written under an old version afterwards. Run again after a crash it goes on instead of starting over.
 *
 * A new version is first only opened with, for as long as programs keep a ring of keys, and sealed with after that: otherwise a program
 * that has not heard of it would meet values it cannot open, and search without its tags.
 */
export async function beginRotation(app: App, scope: Scope, kind: KeyKind): Promise<number> {
  for (;;) {
    const { active, waiting, newest, isUnfinished } = await app.withWorkspace(scope, async (tx) => {
      authorize(tx, 'key.manage');
      const rows = await readKeyRows(tx, { kind });
      return { active: activeOf(rows), waiting: waitingOf(rows), newest: newestOf(rows), isUnfinished: await isRotationUnfinished(tx, kind, rows) };
    });
    if (waiting !== undefined) {
      await sleep(Math.max(0, RING_LIFE_MS - waiting.age_ms));
      if (await activate(app, scope, kind, waiting.version)) return waiting.version;
    } else if (isUnfinished) return active;
    else await announce(app, scope, kind, newest);
  }
}

/** Adds the next version, which opens but does not seal yet. Does nothing when somebody else did so meanwhile. */
async function announce(app: App, scope: Scope, kind: KeyKind, newest: number): Promise<void> {
  const row = await newKeyRow(app.roots, scope.workspaceId, kind, newest + 1); // may be a call to a KMS: outside the transaction
  await app.withWorkspace(scope, async (tx) => {
    const rows = await readKeyRows(tx, { kind, forUpdate: true });
    if (newestOf(rows) !== newest) return;
    await tx.knex('app.workspace_keys').insert({ ...row, status: 'decrypt', activated_at: null });
    record(tx, { action: 'key.rotation_started', target: { type: 'key', id: `${kind}.${row.version}` }, detail: { kind, from: activeOf(rows), to: row.version } });
  });
}

async function activate(app: App, scope: Scope, kind: KeyKind, version: number): Promise<boolean> {
  const isActive = await app.withWorkspace(scope, async (tx) => {
    const rows = await readKeyRows(tx, { kind, forUpdate: true });
    if (waitingOf(rows)?.version !== version) return activeOf(rows) === version;
    await tx.knex('app.workspace_keys').where({ kind, status: 'active' }).update({ status: 'decrypt' });
    await tx.knex('app.workspace_keys').where({ kind, version }).update({ status: 'active', activated_at: tx.knex.fn.now() });
    record(tx, { action: 'key.activated', target: { type: 'key', id: `${kind}.${version}` }, detail: { kind, version } });
    return true;
  });
  app.forgetKeys(scope.workspaceId);
  return isActive;
}

async function isRotationUnfinished(tx: Tx, kind: KeyKind, rows: readonly KeyRow[]): Promise<boolean> {
  const active = activeOf(rows);
  const old = rows.filter(({ status, version }) => status === 'decrypt' && version < active);
  if (old.some(({ emptied_at }) => emptied_at === null)) return true;
  if (old.length === 0) return false;
  return total(await countUnder(tx, kind), (version) => version !== active) > 0;
}

function activeOf(rows: readonly KeyRow[]): number {
  return (rows.find(({ status }) => status === 'active') as KeyRow).version;
}

function waitingOf(rows: readonly KeyRow[]): KeyRow | undefined {
  return rows.find(({ status, version }) => status === 'decrypt' && version > activeOf(rows));
}

function newestOf(rows: readonly KeyRow[]): number {
  return Math.max(...rows.map(({ version }) => version));
}
