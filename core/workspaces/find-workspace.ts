import type { App } from '../app.ts';
import { fault } from '../errors.ts';

export type WorkspaceEntry = { readonly id: string; readonly slug: string; readonly status: 'active' | 'suspended' | 'terminated' };

/** A workspace by its slug. @throws Fault workspace.not_found */
export async function findWorkspace(app: App, slug: string): Promise<WorkspaceEntry> {
  const found = (await listWorkspaces(app)).find((entry) => entry.slug === slug);
  if (found === undefined) throw fault('workspace.not_found');
  return found;
}

export async function listWorkspaces(app: App): Promise<WorkspaceEntry[]> {
  return app.withSystem('workspace.list', (tx) => tx.knex('sys.workspaces').select('id', 'slug', 'status').orderBy('slug'));
}
