import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { DEFAULT_SESSION_LIMITS } from '../../auth/session/limits.ts';
import type { Tx } from '../../db/scope.ts';

export type WorkspaceSettings = { readonly name: string; readonly timeZone: string; readonly idleMinutes: number; readonly absoluteHours: number };

/** What a workspace has set for itself, with the defaults for what it has not. */
export async function readSettings(tx: Tx): Promise<WorkspaceSettings> {
  const row = (await tx.knex('app.workspaces').where({ workspace_id: tx.scope.workspaceId }).first('name', 'time_zone', 'settings')) as { name: string; time_zone: string; settings: Partial<WorkspaceSettings> };
  return {
    name: row.name, timeZone: row.time_zone,
    idleMinutes: row.settings.idleMinutes ?? DEFAULT_SESSION_LIMITS.idleMinutes, absoluteHours: row.settings.absoluteHours ?? DEFAULT_SESSION_LIMITS.absoluteHours,
  };
}

/** Shorter limits hold for sessions that are open already, with their next request. */
export async function changeSettings(tx: Tx, next: WorkspaceSettings): Promise<void> {
  authorize(tx, 'workspace.settings');
  const before = await readSettings(tx);
  const { name, timeZone, ...limits } = next;
  // Merged, as other rooms keep settings of their own in the same column.
  await tx.knex('app.workspaces').where({ workspace_id: tx.scope.workspaceId }).update({ name, time_zone: timeZone, settings: tx.knex.raw('settings || ?::jsonb', [JSON.stringify(limits)]) });
  const changed = (Object.keys(next) as (keyof WorkspaceSettings)[]).filter((key) => next[key] !== before[key]);
  record(tx, { action: 'workspace.settings_changed', target: { type: 'workspace', id: tx.scope.workspaceId }, detail: Object.fromEntries(changed.map((key) => [key, { from: before[key], to: next[key] }])) });
}
