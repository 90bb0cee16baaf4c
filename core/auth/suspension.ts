import type { Tx } from '../db/scope.ts';

/** Whether the transaction's workspace lets nobody in (core/workspaces/suspend-workspace.ts). Sessions and tokens ask in the statement that finds them. */
export async function isSuspended(tx: Tx): Promise<boolean> {
  return (await tx.knex('app.workspaces').where({ workspace_id: tx.scope.workspaceId }).whereNotNull('suspended_at').first('workspace_id')) !== undefined;
}
