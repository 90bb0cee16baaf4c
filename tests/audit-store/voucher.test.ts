import t from 'tap';
import { record } from '../../core/audit/record.ts';
import { verifyStored } from '../../core/audit/verify-stored.ts';
import { INSTALLATION_WORKSPACE, systemScope } from '../../core/db/scope.ts';
import type { Query } from '../../core/db/transaction.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { openTestApp } from '../support/database.ts';

// SQL of somebody's own under the roles the program runs under. What it could put into the audit's tables, nobody but the owner could take away again.

const { app } = await openTestApp(t);
const scope = systemScope(await createWorkspace(app, { slug: 'willow', name: 'Willow', timeZone: 'UTC' }), 'test');
await app.withWorkspace(scope, async (tx) => { for (let n = 0; n < 300; n += 1) record(tx, { action: 'test.acted' }); });
await verifyStored(app, scope);
await verifyStored(app, systemScope(INSTALLATION_WORKSPACE, 'test'));

/** The newest row once more, in the next place; its voucher is for the place it has. */
const JUNK = {
  entry: `insert into app.audit_entries (workspace_id, seq, id, at, actor_kind, action, outcome, body, hash, key_id, signature, voucher)
    select workspace_id, seq + 1, gen_random_uuid(), now(), 'system', 'test.forged', 'ok', body, hash, key_id, signature, voucher from app.audit_entries order by seq desc limit 1`,
  checkpoint: 'insert into app.audit_checkpoints (workspace_id, size, root, note, voucher) select workspace_id, size + 1, root, note, voucher from app.audit_checkpoints order by size desc limit 1',
  'another note over the same size': "insert into app.audit_checkpoints (workspace_id, size, root, note, voucher) select workspace_id, size + 1, root, note || ' ', voucher from app.audit_checkpoints order by size desc limit 1",
  tile: "insert into app.audit_tiles (workspace_id, level, tile_index, hashes, voucher) select workspace_id, 1, 0, decode(repeat('ab', 8192), 'hex'), (select voucher from app.audit_checkpoints limit 1) from app.audit_entries limit 1",
  'nothing to vouch for it': "insert into app.audit_tiles (workspace_id, level, tile_index, hashes) select workspace_id, 1, 0, decode(repeat('ab', 8192), 'hex') from app.audit_entries limit 1",
};

for (const [what, junk] of Object.entries(JUNK)) {
  t.test(`refused: ${what}`, async (t) => {
    const put = (query: Query) => query(junk);
    await t.rejects(app.withWorkspace(scope, ({ query }) => put(query)), { code: '42501', message: /takes only what the program has written/ }, 'in a workspace');
    await t.rejects(app.withSystem('command', ({ query }) => put(query)), { code: '42501', message: /takes only what the program has written/ }, 'behind the system door');
  });
}

t.test('a change of one’s own finds no entry of one’s own to stand on', async (t) => {
  await t.rejects(app.withWorkspace(scope, async ({ query }) => {
    await query("update app.workspaces set name = 'Taken over'");
    await query(JUNK.entry);
  }), { code: '42501' });
});

t.test('what the program itself writes is taken: the log verifies and goes on', async (t) => {
  t.match(await verifyStored(app, scope, 'whole'), { ok: true, fromSeq: 1 });
  t.match(await app.withWorkspace(scope, ({ query }) => query('select count(*)::int as tiles from app.audit_tiles')), [{ tiles: 1 }]);
});
