import type { App } from '../app.ts';
import { record } from '../audit/record.ts';
import { uuidv7 } from '../crypto/uuid.ts';
import { newKeyRow } from '../db/key-store.ts';
import { fault } from '../errors.ts';

/** Makes a workspace with its own data and index keys. Returns its id. @throws Fault workspace.slug_taken */
export async function createWorkspace(app: App, input: { slug: string; name: string; timeZone: string }): Promise<string> {
  const id = uuidv7();
  const keys = [await newKeyRow(app.roots, id, 'data', 1), await newKeyRow(app.roots, id, 'index', 1)];
  await app.withSystem('workspace.create', async (tx) => {
    if ((await tx.knex('sys.workspaces').where({ slug: input.slug }).first()) !== undefined) throw fault('workspace.slug_taken');
    await tx.knex('sys.workspaces').insert({ id, slug: input.slug });
    await tx.knex('app.workspaces').insert({ workspace_id: id, name: input.name, slug: input.slug, time_zone: input.timeZone });
    await tx.knex('app.workspace_keys').insert(keys);
    record(tx, { action: 'workspace.created', target: { type: 'workspace', id }, detail: { slug: input.slug } });
  });
  return id;
}
