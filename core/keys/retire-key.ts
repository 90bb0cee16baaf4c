import type { App } from '../app.ts';
import { authorize } from '../access/authorize.ts';
import { record } from '../audit/record.ts';
import { CONTEXT_LIFE_MS } from '../db/context.ts';
import { RING_LIFE_MS } from '../db/key-store.ts';
import type { Scope } from '../db/scope.ts';
import { fault } from '../errors.ts';
import { countUnder, readKeyRows, total, type KeyKind } from './key-row.ts';

/**
 * How long after a new version became active an old one may still be written with: every process reads its keys anew within RING_LIFE_MS, and a
 * transaction that began just before cannot use its workspace for longer than CONTEXT_LIFE_MS.
 */
export const RETIRE_AFTER_MS = RING_LIFE_MS + CONTEXT_LIFE_MS;

/**
 * Takes an old version out of use: programs no longer load it. Its wrapped key stays in the database, since backups need it.
 * @throws Fault key.not_found · key.active · key.rotation_recent · key.values_left
 */
export async function retireKey(app: App, scope: Scope, { kind, version }: { kind: KeyKind; version: number }): Promise<void> {
  await app.withWorkspace(scope, async (tx) => {
    const target = { type: 'key', id: `${kind}.${version}` };
    authorize(tx, 'key.manage', target);
    const refused = (reason: string) => ({ refused: { action: 'key.retire_refused', target, detail: { reason } } });
    const rows = await readKeyRows(tx, { kind, forUpdate: true });
    const key = rows.find((row) => row.version === version);
    const active = rows.find(({ status }) => status === 'active');
    if (key === undefined || key.status === 'retired') throw fault('key.not_found');
    if (active === undefined || version >= active.version) throw fault('key.active', refused('active'));
    if ((active.active_ms ?? 0) < RETIRE_AFTER_MS) throw fault('key.rotation_recent', refused('rotation_recent'));
    if (total(await countUnder(tx, kind), (other) => other === version) > 0) throw fault('key.values_left', refused('values_left'));
    await tx.knex('app.workspace_keys').where({ kind, version }).update({ status: 'retired', retired_at: tx.knex.fn.now() });
    record(tx, { action: 'key.retired', target, detail: { kind, version } });
  });
  app.forgetKeys(scope.workspaceId);
}
