import type { App } from '../app.ts';
import { record } from '../audit/record.ts';
import { keyContext } from '../db/key-store.ts';
import { systemScope } from '../db/scope.ts';
import { secretContext } from '../db/secrets.ts';
import { readKeyRows } from './key-row.ts';
import { listWorkspaces } from '../workspaces/find-workspace.ts';

export type RewrapReport = { /** Root key id everything is wrapped by now. */ readonly rootKey: string; readonly secrets: number; readonly keys: number };

/**
 * Wraps every workspace key and every secret of the installation by the first root key. Values are not touched. Stopped half-way it is
 * simply run again; when it has finished, older root keys open nothing any more and can be taken out of the file.
 */
export async function rewrapKeys(app: App): Promise<RewrapReport> {
  const rootKey = app.roots.keyIds[0] as string;
  const isOld = ({ wrapped }: { wrapped: string }) => app.roots.wrappedBy(wrapped) !== rootKey;
  const rewrap = async (wrapped: string, context: string) => app.roots.wrap(await app.roots.unwrap(wrapped, context), context);

  let keys = 0;
  for (const { id } of await listWorkspaces(app)) {
    const scope = systemScope(id, 'key.rewrap');
    const rows = (await app.withWorkspace(scope, (tx) => readKeyRows(tx))).filter(isOld);
    if (rows.length === 0) continue;
    const fresh = await Promise.all(rows.map(async (row) => ({ ...row, next: await rewrap(row.wrapped, keyContext(id, row.kind, row.version)) })));
    // Said in the workspace first: only the system door changes a wrapped key, in a transaction of its own.
    await app.withWorkspace(scope, async (tx) => record(tx, { action: 'key.rewrapped', target: { type: 'workspace', id }, detail: { rootKey, keys: fresh.length } }));
    keys += await app.withSystem('key.manage', async (tx) => {
      let count = 0;
      for (const { kind, version, wrapped, next } of fresh) count += await tx.knex('app.workspace_keys').where({ workspace_id: id, kind, version, wrapped }).update({ wrapped: next });
      return count;
    });
  }

  const old = (await app.withSystem('key.manage', (tx) => tx.knex('sys.secrets').select('name', 'version', 'wrapped')) as { name: string; version: number; wrapped: string }[]).filter(isOld);
  const fresh = await Promise.all(old.map(async (row) => ({ ...row, next: await rewrap(row.wrapped, secretContext(row.name, row.version)) })));
  const secrets = fresh.length === 0 ? 0 : await app.withSystem('key.manage', async (tx) => {
    let count = 0;
    for (const { name, version, wrapped, next } of fresh) {
      const { rows: [{ done }] } = (await tx.knex.raw('select sec.rewrap_secret(?, ?, ?, ?) as done', [name, version, wrapped, next])) as { rows: [{ done: boolean }] };
      if (done) count += 1;
    }
    record(tx, { action: 'key.secrets_rewrapped', detail: { rootKey, secrets: count } });
    return count;
  });
  return { rootKey, secrets, keys };
}
