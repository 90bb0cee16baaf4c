import { mock } from 'node:test';
import t from 'tap';
import { openApp } from '../../core/app.ts';
import { keyCreated, keyRetired, readKeyLog, type SealedKeyEvent } from '../../core/audit/key-log.ts';
import { record } from '../../core/audit/record.ts';
import { readKeyEvents } from '../../core/audit/store/key-events.ts';
import { rotateSigningKey } from '../../core/audit/store/rotate-signing-key.ts';
import { verifyBundle } from '../../core/audit/verify.ts';
import { verifyStored } from '../../core/audit/verify-stored.ts';
import { checkCatalog } from '../../core/db/coverage/check-catalog.ts';
import { asSuperuser } from '../../core/db/embedded.ts';
import { systemScope, type JsonValue } from '../../core/db/scope.ts';
import { createLog } from '../../core/log.ts';
import { exportLog } from '../../core/security/audit/export-log.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { testKey } from '../support/audit-log.ts';
import { openTestApp } from '../support/database.ts';

const { app, config, database } = await openTestApp(t);
const sql = (text: string, values: unknown[] = []) => asSuperuser(database.superuserUrl, (client) => client.query(text, values));
const scope = systemScope(await createWorkspace(app, { slug: 'willow', name: 'Willow', timeZone: 'UTC' }), 'test');
const act = (on = app, detail: { [key: string]: JsonValue } = {}, action = 'test.acted') => on.withWorkspace(scope, async (tx) => record(tx, { action, detail }));
const lastKey = async () => ((await sql('select key_id from app.audit_entries where workspace_id = $1 order by seq desc limit 1', [scope.workspaceId])).rows[0] as { key_id: string }).key_id;

t.test('the key log begins with the installation', async (t) => {
  const events = await app.withWorkspace(scope, readKeyEvents);
  t.match(readKeyLog(events, app.installationId), [{ keyId: app.signer.keyId, retiredAt: null }]);
  t.same(await checkCatalog(database.appUrl, { roles: { app: 'wardkeep_app', jobs: 'wardkeep_jobs' } }), []);
});

t.test('a rotation is in the key log, and running programs follow with their next entry', async (t) => {
  const other = await openApp({ config, log: createLog('silent'), appUrl: database.appUrl, jobsUrl: database.jobsUrl });
  t.teardown(() => other.close());
  await act(other);
  const before = await lastKey();
  const { keyId, retired } = await rotateSigningKey(app);
  t.equal(retired, before);
  t.equal(app.signer.keyId, keyId, 'the rotation’s own entry is signed by the new key');
  await act(other);
  t.equal(await lastKey(), keyId);
  t.equal(other.signer.keyId, keyId);
  t.equal((await sql(`select count(*)::int as n from sys.secrets where name = 'audit'`)).rows[0].n, 1, 'the old private key is gone');

  const keys = readKeyLog(await app.withWorkspace(scope, readKeyEvents), app.installationId);
  t.match(keys, [{ keyId: before, retiredAt: String }, { keyId, retiredAt: null }]);
  t.match(await verifyStored(app, scope, 'whole'), { ok: true });

  const restarted = await openApp({ config, log: createLog('silent'), appUrl: database.appUrl, jobsUrl: database.jobsUrl });
  t.teardown(() => restarted.close());
  t.equal(restarted.signer.keyId, keyId);
});

t.test('a clock that ran ahead when a key was made, and was set right, leaves no entry that never verifies', async (t) => {
  const ahead = Date.now() + 3600_000;
  mock.timers.enable({ apis: ['Date'], now: ahead });
  await rotateSigningKey(app).finally(() => mock.timers.reset());
  const other = await openApp({ config, log: createLog('silent'), appUrl: database.appUrl, jobsUrl: database.jobsUrl });
  t.teardown(() => other.close());
  for (const program of [app, other]) await act(program);
  t.match(await verifyStored(app, scope, 'whole'), { ok: true });
  t.match(await verifyBundle((await exportLog(app, scope, 'bundle', {})).pieces), { ok: true });
  const { rows } = await sql('select at from app.audit_entries where workspace_id = $1 order by seq desc limit 1', [scope.workspaceId]);
  t.ok(rows[0].at.getTime() >= ahead, 'they are dated at the key’s making');
});

t.test('of two rotations at once one is refused', async (t) => {
  const { promise: bothHaveRead, resolve } = Promise.withResolvers<void>();
  let readers = 0;
  /** Neither goes on before the other, too, has read which key is to be replaced. */
  const wrap: typeof app.roots.wrap = async (...wrapped) => {
    if ((readers += 1) === 2) resolve();
    await bothHaveRead;
    return app.roots.wrap(...wrapped);
  };
  const meeting = { withSystem: app.withSystem, installationId: app.installationId, roots: Object.create(app.roots, { wrap: { value: wrap } }) as typeof app.roots };
  const outcomes = await Promise.allSettled([rotateSigningKey(meeting), rotateSigningKey(meeting)]);
  t.same(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  t.match(outcomes.find(({ status }) => status === 'rejected'), { reason: { code: 'key.rotation_recent' } });
  await act();
  t.match(await verifyStored(app, scope, 'whole'), { ok: true });
});

t.test('no program writes secrets or the key log but through the two functions behind the system door', async (t) => {
  const refused = { code: '42501' };
  const changes = [
    "insert into sys.secrets values ('other', 1, 'x')", "update sys.secrets set wrapped = 'x'", "delete from sys.secrets where name = 'context'",
    "insert into sys.key_events values (99, '{}')", "insert into sys.signing_keys (key_id, public_key) values ('0000000000000000', sha256('x'))", 'update sys.signing_keys set retired_at = null',
  ];
  for (const change of changes) {
    await t.rejects(app.withSystem('key.manage', (tx) => tx.knex.raw(change)), refused, change);
  }
  for (const call of ["select sec.rotate_audit_key(1, 'x', '{}', '{}')", "select sec.rewrap_secret('context', 1, 'x', 'y')"]) {
    await t.rejects(app.withWorkspace(scope, (tx) => tx.knex.raw(call)), refused, `${call} by the role that serves requests`);
    await t.rejects(asSuperuser(database.jobsUrl, (client) => client.query(call)), refused, `${call} outside the system door`);
  }
  const sealed = async () => (await sql('select name, version, wrapped from sys.secrets order by 1, 2')).rows;
  const before = await sealed();
  t.same((await app.withSystem('key.manage', (tx) => tx.knex.raw("select sec.rotate_audit_key(99, 'x', '{}', '{}') as a, sec.rewrap_secret('context', 1, 'not this', 'x') as b"))).rows, [{ a: false, b: false }]);
  t.same(await sealed(), before);
});

t.test('a rotation whose events do not continue the key log is none, not even behind the system door', async (t) => {
  const { version } = (await sql("select version from sys.secrets where name = 'audit'")).rows[0] as { version: number };
  const log = (await sql('select event from sys.key_events order by seq')).rows.map(({ event }: { event: SealedKeyEvent }) => event);
  const at = new Date().toISOString();
  const next = testKey(71);
  const created = keyCreated(log, app.installationId, at, next, app.signer);
  const retired = keyRetired([...log, created], at, app.signer.keyId, next);
  const change = (sealed: SealedKeyEvent, event: Partial<SealedKeyEvent['event']>): SealedKeyEvent => ({ ...sealed, event: { ...sealed.event, ...event } });
  const wrong: [string, SealedKeyEvent, SealedKeyEvent][] = [
    ['the other way about', retired, created],
    ['with a gap', change(created, { seq: log.length + 2 }), change(retired, { seq: log.length + 3 })],
    ['behind another event', change(created, { prev: '0'.repeat(64) }), retired],
    ['of another installation', change(created, { installation: scope.workspaceId }), retired],
    ['of a key by another name', change(created, { keyId: '0000000000000000' }), retired],
    ['of a key for something else', change(created, { purpose: 'loot' }), retired],
    ['that retires the new key', created, change(retired, { keyId: next.keyId, publicKey: created.event.publicKey })],
  ];
  const rotate = (events: readonly SealedKeyEvent[], last: string) => app.withSystem('key.manage', async (tx) => {
    await tx.knex.raw('select sec.rotate_audit_key(?, ?, ?, ?)', [version, 'x', ...events.map((event) => JSON.stringify(event))] as never);
    throw new Error(last);
  });
  for (const [what, ...events] of wrong) await t.rejects(rotate(events, 'accepted'), { code: '22023' }, what);
  await t.rejects(rotate([created, retired], 'these do, and are undone'), { message: 'these do, and are undone' });
});

t.test('what could not be read back is not sealed, and its transaction does not commit', async (t) => {
  await t.rejects(act(app, {}, 'Not an action'), { name: 'FormatError' });
  await t.rejects(act(app, { lone: '\ud800' }));
  t.match(await verifyStored(app, scope, 'whole'), { ok: true });
});

t.test('keys changed in the database', async (t) => {
  const changes: [string, string, string][] = [
    ['another public key in the list', `update sys.signing_keys set public_key = sha256(public_key) where retired_at is null`, 'signing_keys'],
    ['a retirement undone in the list', `update sys.signing_keys set retired_at = null`, 'signing_keys'],
    ['a key more in the list', `insert into sys.signing_keys (key_id, public_key) values ('0000000000000000', sha256('x'))`, 'signing_keys'],
    ['an event removed', `delete from sys.key_events where seq = (select max(seq) from sys.key_events)`, 'key_events'],
    ['an event changed', `update sys.key_events set event = jsonb_set(event, '{event,at}', '"2031-01-01T00:00:00.000Z"') where seq = 1`, 'key_events'],
    ['all events removed', `delete from sys.key_events`, 'key_events'],
  ];
  for (const [what, change, table] of changes) {
    await sql(`create table public.kept as table sys.${table}`);
    await sql(change);
    t.match(await verifyStored(app, scope), { ok: false, fault: { kind: 'key', seq: null } }, what);
    await sql(`delete from sys.${table}; insert into sys.${table} select * from public.kept; drop table public.kept`);
    t.match(await verifyStored(app, scope), { ok: true }, `${what}: put back`);
  }
});
