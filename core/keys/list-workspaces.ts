import type { App } from '../app.ts';

export type WorkspaceName = { readonly id: string; readonly slug: string };

/** Every workspace of the installation, the installation's own not included. */
export function listWorkspaces(app: App): Promise<WorkspaceName[]> {
  return app.withSystem('workspace.list', (tx) => tx.knex('sys.workspaces').select('id', 'slug').orderBy('slug')) as Promise<WorkspaceName[]>;
}
