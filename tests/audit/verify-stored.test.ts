import { readFileSync } from 'node:fs';
import t from 'tap';
import { asSuperuser } from '../../core/db/embedded.ts';
import { INSTALLATION_WORKSPACE, systemScope, type Scope } from '../../core/db/scope.ts';
import { parseCheckpoint } from '../../core/audit/checkpoint.ts';
import { verifyConsistency } from '../../core/audit/merkle.ts';
import { record } from '../../core/audit/record.ts';
import { storedTiles } from '../../core/audit/stored-log.ts';
import { consistencyProof } from '../../core/audit/tiles.ts';
import { verifyStored } from '../../core/audit/verify-stored.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { openTestApp } from '../support/database.ts';

const { app, database } = await openTestApp(t);
/** Past the triggers, as a superuser may. */
const sql = (text: string, values: unknown[] = []) => asSuperuser(database.superuserUrl, async (client) => {
  await client.query('set session_replication_role = replica');
  return client.query(text, values);
});
const act = (scope: Scope, times: number) => app.withWorkspace(scope, async (tx) => {
  for (let i = 0; i < times; i++) record(tx, { action: 'test.acted', target: { type: 'thing', id: String(i) }, detail: { i } });
});
let made = 0;
async function workspaceWith(entries: number): Promise<Scope> {
  const slug = `audit-${(made += 1)}`;
  const scope = systemScope(await createWorkspace(app, { slug, name: slug, timeZone: 'America/New_York' }), 'test');
  await act(scope, entries);
  return scope;
}

t.test('a sound log: checked once, then from its checkpoint on, each checkpoint consistent with the last', async (t) => {
  const scope = await workspaceWith(600);
  const first = await verifyStored(app, scope);
  t.match(first, { ok: true, fromSeq: 1, toSeq: 600, fault: null });
  t.equal((await sql('select count(*)::int as n from app.audit_tiles where workspace_id = $1', [scope.workspaceId])).rows[0].n, 2, 'two full tiles');
  await act(scope, 500);
  const second = await verifyStored(app, scope);
  t.match(second, { ok: true, fromSeq: 601, toSeq: 1101 }, 'the recorded verification is an entry as well');
  t.equal((await sql('select count(*)::int as n from app.audit_tiles where workspace_id = $1', [scope.workspaceId])).rows[0].n, 4);
  const [old, head] = [parseCheckpoint(first.checkpoint as string), parseCheckpoint(second.checkpoint as string)];
  const proof = await app.withWorkspace(scope, (tx) => consistencyProof(storedTiles(tx), old.size, head.size));
  t.ok(verifyConsistency(old.size, old.root, head.size, head.root, proof));
  t.match(await verifyStored(app, scope, 'whole'), { ok: true, fromSeq: 1, toSeq: 1102 });
  t.match(await verifyStored(app, scope, 'weekly'), { ok: true, fromSeq: 1103 }, 'a whole verification was just made');
  const rows = await app.withWorkspace(scope, (tx) => tx.knex('app.audit_entries').where({ action: 'audit.verified' }).orderBy('seq').select('outcome', 'body')) as { outcome: string; body: string }[];
  t.equal(rows.length, 4);
  t.same(JSON.parse(rows[0]?.body as string).detail, { fromSeq: 1, toSeq: 600, fault: null, faultSeq: null });
});

t.test('the installation’s own log', async (t) => {
  const scope = systemScope(INSTALLATION_WORKSPACE, 'audit.verify');
  t.match(await verifyStored(app, scope), { ok: true, fromSeq: 1 });
  t.match(await verifyStored(app, scope), { ok: true, fault: null });
});

t.test('two verifications at once make one checkpoint', async (t) => {
  const scope = await workspaceWith(20);
  const results = await Promise.all([verifyStored(app, scope), verifyStored(app, scope), act(scope, 5)]);
  t.ok(results[0].ok && results[1].ok);
  t.match(await verifyStored(app, scope, 'whole'), { ok: true });
});

type Tampering = { what: string; sql: string; fault: string; seq: number | null; /** Seen only where entries before the last checkpoint are looked at again. */ isOld?: true };
const TAMPERINGS: readonly Tampering[] = [
  { what: 'a body changed', sql: `update app.audit_entries set body = replace(body, 'test.acted', 'test.acteD') where workspace_id = $1 and seq = 45`, fault: 'hash', seq: 45 },
  { what: 'body and hash changed', sql: `update app.audit_entries set body = replace(body, '"i":3', '"i":4'), hash = sha256(convert_to(replace(body, '"i":3', '"i":4'), 'UTF8')) where workspace_id = $1 and seq = 45`, fault: 'signature', seq: 45 },
  { what: 'a body in another spelling', sql: `update app.audit_entries set body = replace(body, '"v":1', '"v": 1') where workspace_id = $1 and seq = 45`, fault: 'format', seq: 45 },
  { what: 'a searchable column changed', sql: `update app.audit_entries set actor_id = gen_random_uuid() where workspace_id = $1 and seq = 45`, fault: 'columns', seq: 45 },
  { what: 'a time column changed', sql: `update app.audit_entries set at = at - interval '1 day' where workspace_id = $1 and seq = 45`, fault: 'columns', seq: 45 },
  { what: 'an entry deleted', sql: `delete from app.audit_entries where workspace_id = $1 and seq = 45`, fault: 'sequence', seq: 46 },
  { what: 'an entry deleted and the rest renumbered', sql: `with gone as (delete from app.audit_entries where workspace_id = $1 and seq = 45 returning 1) update app.audit_entries set seq = seq - 1 where workspace_id = $1 and seq > 45 and exists (select from gone)`, fault: 'sequence', seq: 46 },
  { what: 'the signature of another entry', sql: `update app.audit_entries set signature = (select signature from app.audit_entries where workspace_id = $1 and seq = 46) where workspace_id = $1 and seq = 45`, fault: 'signature', seq: 45 },
  { what: 'a key that is not in the key log', sql: `update app.audit_entries set key_id = '0000000000000000' where workspace_id = $1 and seq = 45`, fault: 'key', seq: 45 },
  { what: 'the tail cut below the checkpoint', sql: `delete from app.audit_entries where workspace_id = $1 and seq > 35`, fault: 'truncated', seq: 36 },
  { what: 'the checkpoint’s root changed', sql: `update app.audit_checkpoints set root = sha256(root) where workspace_id = $1`, fault: 'unsigned', seq: 40 },
  { what: 'the checkpoint replaced by a smaller', sql: `update app.audit_checkpoints set size = 39 where workspace_id = $1`, fault: 'unsigned', seq: 39 },
  { what: 'an old body changed', sql: `update app.audit_entries set body = replace(body, '"i":4}', '"i":5}') where workspace_id = $1 and seq = 5`, fault: 'hash', seq: 5, isOld: true },
  { what: 'an old hash changed', sql: `update app.audit_entries set hash = sha256(hash) where workspace_id = $1 and seq = 5`, fault: 'checkpoint', seq: null },
];

t.test('tampering in the database is seen, stored and recorded', async (t) => {
  for (const { what, sql: tampering, fault, seq, isOld } of TAMPERINGS) {
    const scope = await workspaceWith(40);
    t.match(await verifyStored(app, scope), { ok: true, toSeq: 40 });
    await act(scope, 10);
    await sql(tampering, [scope.workspaceId]);
    if (isOld) t.match(await verifyStored(app, scope), { ok: true }, `${what}: not looked at from the checkpoint on`);
    t.match(await verifyStored(app, scope, isOld ? 'whole' : 'since-checkpoint'), { ok: false, fault: { kind: fault, seq } }, what);
    const { rows } = await sql('select ok, fault, fault_seq from app.audit_verifications where workspace_id = $1 order by started_at desc, id desc limit 1', [scope.workspaceId]);
    t.match(rows, [{ ok: false, fault }], `${what}: stored`);
    const again = await verifyStored(app, scope, 'whole');
    t.equal(again.ok, false, `${what}: a whole verification sees it too`);
  }
});

/** What docs/audit.md has the owner run. */
const mend = (scope: Scope, size: string) => asSuperuser(database.ownerUrl, async (client) => {
  const [, statements] = /Rows put beside the log.*?```sql\n(.*?)```/s.exec(readFileSync(new URL('../../docs/audit.md', import.meta.url), 'utf8')) as unknown as [string, string];
  await client.query(statements.replaceAll("'W'", `'${scope.workspaceId}'`).replace('4711', size));
});

t.test('a checkpoint put there past the program is the finding, hides no other, and goes by the owner’s hand', async (t) => {
  const scope = await workspaceWith(30);
  const sound = await verifyStored(app, scope);
  await act(scope, 5);
  const { rows: [entry] } = await sql('select signature from app.audit_entries where workspace_id = $1 and seq = 33', [scope.workspaceId]);
  const sign = (signature: Buffer) => sql('update app.audit_entries set signature = $2 where workspace_id = $1 and seq = 33', [scope.workspaceId, signature]);
  for (const size of ['20', '4711', '9223372036854775807']) {
    await sql(`insert into app.audit_checkpoints (workspace_id, size, root, note) values ($1, $2, sha256('junk'), 'junk')`, [scope.workspaceId, size]);
    const unsigned = { ok: false, fault: { kind: 'unsigned', seq: size.length > 16 ? null : Number(size) }, checkpoint: sound.checkpoint };
    t.match(await verifyStored(app, scope, 'whole'), { ...unsigned, fromSeq: 1 }, size);
    if (size !== '20') t.match(await verifyStored(app, scope), { ...unsigned, fromSeq: 31 }, `${size}: the one before it still counts`);
    await sign(Buffer.alloc(64));
    t.match(await verifyStored(app, scope, 'whole'), { ok: false, fault: { kind: 'signature', seq: 33 } }, 'what is wrong with an entry comes first');
    await sign(entry.signature);
    await mend(scope, size);
  }
  t.match(await verifyStored(app, scope), { ok: true, fromSeq: 31 }, 'gone by the owner’s hand');
});

t.test('tiles put there past the program are found; taken away, a whole verification makes them anew', async (t) => {
  const scope = await workspaceWith(100);
  const tiles = async () => (await sql('select level, tile_index, hashes from app.audit_tiles where workspace_id = $1 order by 1, 2', [scope.workspaceId])).rows;
  for (const [level, index] of [[0, 1], [1, 0]]) await sql(`insert into app.audit_tiles (workspace_id, level, tile_index, hashes) values ($1, $2, $3, decode(repeat('ab', 8192), 'hex'))`, [scope.workspaceId, level, index]);
  await act(scope, 500);
  await verifyStored(app, scope); // meets no stored tile yet, and leaves the one that is there
  t.match(await verifyStored(app, scope), { ok: false, fault: { kind: 'checkpoint', seq: null } });
  t.match(await verifyStored(app, scope, 'whole'), { ok: false, fault: { kind: 'tiles', seq: null } });
  await mend(scope, '0');
  t.match(await verifyStored(app, scope, 'whole'), { ok: true, fromSeq: 1 });
  const anew = await tiles();
  t.match(anew, [{ level: 0, tile_index: 0 }, { level: 0, tile_index: 1 }]);
  const { rows: [{ leaves }] } = await sql(`select string_agg(sha256('\\x00'::bytea || hash), ''::bytea order by seq) as leaves from app.audit_entries where workspace_id = $1 and seq between 257 and 512`, [scope.workspaceId]);
  t.ok(anew[1].hashes.equals(leaves), 'of the entries’ own hashes');
  t.match(await verifyStored(app, scope), { ok: true });
});

t.test('a log made anew under the same key contradicts its old checkpoint', async (t) => {
  const scope = await workspaceWith(10);
  await verifyStored(app, scope);
  const kept = (await sql('select note, root, size from app.audit_checkpoints where workspace_id = $1', [scope.workspaceId])).rows[0];
  await sql('delete from app.audit_entries where workspace_id = $1', [scope.workspaceId]);
  await act(scope, 12);
  t.match(await verifyStored(app, scope), { ok: false, fault: { kind: 'checkpoint' } });
  t.match(await verifyStored(app, scope, 'whole'), { ok: false, fault: { kind: 'checkpoint', seq: 10 } });
  await sql('delete from app.audit_checkpoints where workspace_id = $1', [scope.workspaceId]);
  t.match(await verifyStored(app, scope, 'whole'), { ok: true }, 'whoever also removes the checkpoints is found only by one kept elsewhere:');
  await sql('insert into app.audit_checkpoints (workspace_id, size, root, note) values ($1, $2, $3, $4)', [scope.workspaceId, kept.size, kept.root, kept.note]);
  t.match(await verifyStored(app, scope, 'whole'), { ok: false, fault: { kind: 'checkpoint', seq: 10 } });
});

t.test('the tail cut after the last checkpoint shows only against a checkpoint of the cut part', async (t) => {
  const scope = await workspaceWith(10);
  await verifyStored(app, scope);
  await act(scope, 5);
  const later = parseCheckpoint((await verifyStored(app, scope)).checkpoint as string);
  await sql('delete from app.audit_checkpoints where workspace_id = $1 and size > 10', [scope.workspaceId]);
  await sql('delete from app.audit_entries where workspace_id = $1 and seq > 12', [scope.workspaceId]);
  const after = parseCheckpoint((await verifyStored(app, scope)).checkpoint as string);
  t.ok(after.size < later.size, 'whoever kept the later checkpoint holds a log that was longer');
});
