import t from 'tap';
import { openApp } from '../../core/app.ts';
import { canonicalize } from '../../core/audit/canonical.ts';
import type { AuditEntry } from '../../core/audit/entry.ts';
import { keyCreated } from '../../core/audit/key-log.ts';
import { fromBase64, fromHex } from '../../core/audit/primitives.ts';
import { parseCheckpoint } from '../../core/audit/checkpoint.ts';
import type { SigningKey } from '../../core/audit/signing-key.ts';
import { record } from '../../core/audit/record.ts';
import { verifyBundle } from '../../core/audit/verify.ts';
import { verifyStored } from '../../core/audit/verify-stored.ts';
import { asSuperuser } from '../../core/db/embedded.ts';
import { systemScope, type Scope } from '../../core/db/scope.ts';
import { createLog } from '../../core/log.ts';
import { exportLog } from '../../core/security/audit/export-log.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { signEntry, testKey } from '../support/audit-log.ts';
import { openTestApp } from '../support/database.ts';

// The database in the hands of someone who may do everything there (a superuser), and then of someone who has the signing key as well.
// tests/audit/verify-stored.test.ts holds the single edits; here are those that take several steps.

const { app, config, database } = await openTestApp(t);
/** Past the triggers, as a superuser may. */
const sql = (text: string, values: unknown[] = []) => asSuperuser(database.superuserUrl, async (client) => {
  await client.query('set session_replication_role = replica');
  return client.query(text, values);
});
let made = 0;
async function logOf(entries: number): Promise<Scope> {
  const slug = `practice-${(made += 1)}`;
  const scope = systemScope(await createWorkspace(app, { slug, name: slug, timeZone: 'UTC' }), 'test');
  await act(scope, entries);
  return scope;
}
const act = (scope: Scope, times: number, on = app) => on.withWorkspace(scope, async (tx) => {
  for (let i = 0; i < times; i++) record(tx, { action: 'test.acted', detail: { i } });
});
const kept = async (scope: Scope) => {
  const note = (await verifyStored(app, scope)).checkpoint as string;
  const { size, root } = parseCheckpoint(note);
  return { note, size, root: Buffer.from(root) };
};
const bundleVerdict = async (scope: Scope, checkpoint: string) => verifyBundle((await exportLog(app, scope, 'bundle', {})).pieces, { checkpoint });
const forget = async ({ workspaceId }: Scope) => {
  for (const table of ['audit_checkpoints', 'audit_tiles', 'audit_verifications']) await sql(`delete from app.${table} where workspace_id = $1`, [workspaceId]);
};

/** Rewrites a workspace's rows as a chain over `entries`, sealed with `key`; columns follow the bodies. */
async function rewrite({ workspaceId }: Scope, change: (entries: AuditEntry[]) => AuditEntry[], key: SigningKey): Promise<void> {
  const { rows } = await sql('select body from app.audit_entries where workspace_id = $1 order by seq', [workspaceId]);
  const entries = change(rows.map(({ body }: { body: string }) => JSON.parse(body) as AuditEntry));
  await sql('delete from app.audit_entries where workspace_id = $1', [workspaceId]);
  let prev = '0'.repeat(64);
  for (const [at, draft] of entries.entries()) {
    const { entry, hash, keyId, signature } = signEntry({ ...draft, seq: at + 1, prev }, key);
    prev = hash;
    const body = canonicalize(entry);
    await sql(`insert into app.audit_entries (workspace_id, seq, id, at, actor_kind, actor_id, action, outcome, target_type, target_id, body, hash, key_id, signature)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [workspaceId, entry.seq, entry.id, entry.at, entry.actor.kind, entry.actor.id, entry.action, entry.outcome, entry.target?.type ?? null, entry.target?.id ?? null, body, Buffer.from(fromHex(hash)), keyId, Buffer.from(fromBase64(signature))]);
  }
}

t.test('by a superuser without the signing key', async (t) => {
  const cases: [what: string, fault: string, change: (scope: Scope) => Promise<unknown>][] = [
    ['an entry of one’s own appended', 'signature', async ({ workspaceId }) => {
      await sql(`insert into app.audit_entries select workspace_id, 31, id, at, actor_kind, actor_id, action, outcome, target_type, target_id, b.body, sha256(convert_to(b.body, 'UTF8')), key_id, signature
        from app.audit_entries e, lateral (select regexp_replace(replace(e.body, '"seq":30', '"seq":31'), '"prev":"[0-9a-f]{64}"', '"prev":"' || encode(e.hash, 'hex') || '"') as body) b where workspace_id = $1 and seq = 30`, [workspaceId]);
    }],
    ['two entries change places', 'sequence', async ({ workspaceId }) => {
      for (const [from, to] of [[25, 1000], [26, 25], [1000, 26]]) await sql('update app.audit_entries set seq = $3 where workspace_id = $1 and seq = $2', [workspaceId, from, to]);
    }],
    ['an entry of another workspace in the place of this one’s', 'workspace', async ({ workspaceId }) => {
      const other = await logOf(30);
      await sql(`delete from app.audit_entries where workspace_id = $1 and seq = 25`, [workspaceId]);
      await sql('update app.audit_entries set workspace_id = $1 where workspace_id = $2 and seq = 25', [workspaceId, other.workspaceId]);
    }],
    ['the whole chain under a key of one’s own', 'key', (scope) => rewrite(scope, (entries) => entries, testKey(66))],
  ];
  for (const [what, fault, change] of cases) {
    const scope = await logOf(20);
    await verifyStored(app, scope);
    await act(scope, 9);
    await change(scope);
    await forget(scope); // and every trace of earlier verifications
    t.match(await verifyStored(app, scope, 'whole'), { ok: false, fault: { kind: fault } }, what);
    await t.rejects(exportLog(app, scope, 'bundle', {}), { code: 'audit.not_sound' });
  }
});

t.test('the chain and the key log under a key of one’s own: the running program knows which key is its own', async (t) => {
  const scope = await logOf(10);
  const thief = testKey(66);
  await sql('create table public.kept_events as table sys.key_events; create table public.kept_keys as table sys.signing_keys');
  await rewrite(scope, (entries) => entries, thief);
  await sql('delete from sys.key_events; delete from sys.signing_keys');
  const event = keyCreated([], app.installationId, '2020-01-01T00:00:00.000Z', thief, null);
  await sql('insert into sys.key_events values (1, $1)', [JSON.stringify(event)]);
  await sql(`insert into sys.signing_keys (key_id, public_key, created_at) values ($1, $2, '2020-01-01')`, [thief.keyId, Buffer.from(thief.publicKey)]);
  t.match(await verifyStored(app, scope, 'whole'), { ok: false, fault: { kind: 'key' } });
  await sql('delete from sys.key_events; delete from sys.signing_keys; insert into sys.key_events select * from public.kept_events; insert into sys.signing_keys select * from public.kept_keys');
});

t.test('with the signing key, or a backup: seen only against a checkpoint kept elsewhere, and then seen', async (t) => {
  const rewrites: [what: string, change: (entries: AuditEntry[]) => AuditEntry[], seen: string][] = [
    ['one entry edited', (entries) => entries.map((entry) => (entry.seq === 5 ? { ...entry, outcome: 'refused' } : entry)), 'checkpoint'],
    ['one dropped', (entries) => entries.toSpliced(4, 1), 'checkpoint'],
    ['one inserted', (entries) => entries.toSpliced(5, 0, { ...(entries[5] as AuditEntry), id: '0192f0c4-0000-7000-8000-00000000dead' }), 'checkpoint'],
    ['two change places', (entries) => [entries[1] as AuditEntry, entries[0] as AuditEntry, ...entries.slice(2)], 'checkpoint'],
    ['the tail cut', (entries) => entries.slice(0, 9), 'truncated'],
    ['the tail cut and others written in its place: a fork', (entries) => [...entries.slice(0, 9), ...entries.slice(9).map((entry) => ({ ...entry, action: 'test.forked' }))], 'checkpoint'],
  ];
  for (const [what, change, seen] of rewrites) {
    const scope = await logOf(20);
    const older = await kept(scope);
    await act(scope, 5);
    await rewrite(scope, change, app.signer);
    await forget(scope);
    t.match(await verifyStored(app, scope, 'whole'), { ok: true }, `${what}: nothing in the database shows it`);
    t.match(await verifyStored(app, scope, 'whole', { kept: older }), { ok: false, fault: { kind: seen } }, `${what}: the kept checkpoint does`);
    t.match(await bundleVerdict(scope, older.note), { ok: false, checkpointResult: 'contradicted' }, `${what}: offline as well`);
  }
});

t.test('a backup put back, and gone on from', async (t) => {
  const scope = await logOf(10);
  const tables = ['audit_entries', 'audit_checkpoints', 'audit_tiles', 'audit_verifications'];
  await verifyStored(app, scope);
  for (const table of tables) await sql(`create table public.backup_${table} as select * from app.${table} where workspace_id = '${scope.workspaceId}'`);
  await act(scope, 10);
  const older = await kept(scope);
  for (const table of tables) await sql(`delete from app.${table} where workspace_id = '${scope.workspaceId}'; insert into app.${table} select * from public.backup_${table}`);
  t.match(await verifyStored(app, scope, 'whole'), { ok: true });
  t.match(await verifyStored(app, scope, 'whole', { kept: older }), { ok: false, fault: { kind: 'truncated' } }, 'the log was longer');
  await act(scope, 30);
  t.match(await verifyStored(app, scope, 'whole'), { ok: true });
  t.match(await verifyStored(app, scope, 'whole', { kept: older }), { ok: false, fault: { kind: 'checkpoint' } }, 'the log was another');
});

t.test('two programs writing one workspace at once never fork its chain', async (t) => {
  const other = await openApp({ config, log: createLog('silent'), appUrl: database.appUrl, jobsUrl: database.jobsUrl });
  t.teardown(() => other.close());
  const scope = await logOf(0);
  await Promise.all(Array.from({ length: 80 }, (_, i) => act(scope, 1 + (i % 3), i % 2 === 0 ? app : other)));
  t.match(await verifyStored(other, scope, 'whole'), { ok: true });
  const { rows } = await sql('select count(*)::int as n, max(seq)::int as last from app.audit_entries where workspace_id = $1 and action = $2', [scope.workspaceId, 'test.acted']);
  t.equal(rows[0].n, Array.from({ length: 80 }, (_, i) => 1 + (i % 3)).reduce((sum, n) => sum + n));
});

t.test('no audit entry, no commit', async (t) => {
  const scope = await logOf(1);
  const nameNow = async () => (await sql('select name from app.workspaces where workspace_id = $1', [scope.workspaceId])).rows[0].name as string;
  const name = await nameNow();
  const rename = (withEntry: boolean) => app.withWorkspace(scope, async (tx) => {
    await tx.knex('app.workspaces').where({ workspace_id: scope.workspaceId }).update({ name: 'Renamed' });
    if (withEntry) record(tx, { action: 'workspace.settings_changed' });
  });
  await t.rejects(rename(false), { code: '23514' }, 'left out');
  t.equal(await nameNow(), name);
  await sql('revoke insert on app.audit_entries from wardkeep_app');
  await t.rejects(rename(true), { code: '42501' }, 'not writable');
  t.equal(await nameNow(), name);
  await sql('grant insert on app.audit_entries to wardkeep_app');
  await rename(true);
  t.equal(await nameNow(), 'Renamed');
});

t.test('an entry far ahead, by SQL of one’s own as the program: refused, and the chain goes on', async (t) => {
  const scope = await logOf(3);
  const far = (seq: string) => app.withWorkspace(scope, ({ query }) => query(`insert into app.audit_entries (workspace_id, seq, id, at, actor_kind, action, outcome, body, hash, key_id, signature)
    values ($1, $2, $1, now(), 'system', 'test.far', 'ok', '{}', $3, '0123456789abcdef', $4)`, [scope.workspaceId, seq, Buffer.alloc(32), Buffer.alloc(64)]));
  for (const seq of ['9223372036854775807', '6']) await t.rejects(far(seq), { code: '42501' }, seq);
  await act(scope, 2);
  t.match(await verifyStored(app, scope, 'whole'), { ok: true });
});
