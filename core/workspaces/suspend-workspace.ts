import type { App } from '../app.ts';
import { record } from '../audit/record.ts';
import { endSessions } from '../auth/session/actions.ts';
import { systemScope } from '../db/scope.ts';

/**
 * Shuts a workspace: with the next request nobody is signed in, no token is good, and signing in is refused like a wrong password. Its data, jobs
 * and nightly verification go on as they are. Doing it again does no harm and ends what a killed attempt left open. Returns how many sessions ended.
 */
export async function suspendWorkspace(app: App, id: string): Promise<number> {
  await app.withSystem('workspace.suspend', async (tx) => {
    await tx.knex('sys.workspaces').where({ id }).update({ status: 'suspended' });
    await tx.knex('app.workspaces').where({ workspace_id: id }).whereNull('suspended_at').update({ suspended_at: new Date(tx.now) });
    record(tx, { action: 'workspace.suspended', target: { type: 'workspace', id } });
  });
  return endEverySession(app, id, 'workspace.suspended');
}

/** Opens it again. Service accounts' tokens are good as before; people sign in anew. */
export async function reactivateWorkspace(app: App, id: string): Promise<void> {
  await endEverySession(app, id, 'workspace.reactivated');
  await app.withSystem('workspace.suspend', async (tx) => {
    await tx.knex('sys.workspaces').where({ id }).update({ status: 'active' });
    await tx.knex('app.workspaces').where({ workspace_id: id }).update({ suspended_at: null });
    record(tx, { action: 'workspace.reactivated', target: { type: 'workspace', id } });
  });
}

async function endEverySession(app: App, id: string, action: 'workspace.suspended' | 'workspace.reactivated'): Promise<number> {
  return app.withWorkspace(systemScope(id, 'wardkeep workspace'), async (tx) => {
    record(tx, { action, target: { type: 'workspace', id } });
    return endSessions(tx, {}, 'suspended');
  });
}
