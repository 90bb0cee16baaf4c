import pg from 'pg';
import t from 'tap';
import { openApp, type App } from '../../core/app.ts';
import { record } from '../../core/audit/record.ts';
import { mintContext } from '../../core/db/context.ts';
import { JOBS_GRANTS } from '../../core/db/coverage/expected.ts';
import { openDoor } from '../../core/db/door.ts';
import { asSuperuser } from '../../core/db/embedded.ts';
import { createKeyLoader } from '../../core/db/key-store.ts';
import { INSTALLATION_WORKSPACE, systemScope, type Scope, type Tx } from '../../core/db/scope.ts';
import { loadSecrets } from '../../core/db/secrets.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { fault } from '../../core/errors.ts';
import { outcomeOf } from '../attack/scenario.ts';
import { sqlstateOf } from '../../core/db/database-error.ts';
import { createLog } from '../../core/log.ts';
import { Contact } from '../../core/practice/contacts/model.ts';
import { openTestApp, type TestDatabase } from '../support/database.ts';

async function openWorkspace(t: Parameters<typeof openTestApp>[0]): Promise<{ app: App; database: TestDatabase; scope: Scope; entries: () => Promise<{ seq: number; action: string; body: string; hash: string }[]>; second: () => Promise<App> }> {
  const { app, config, database } = await openTestApp(t);
  const id = await createWorkspace(app, { slug: 'willow', name: 'Willow', timeZone: 'UTC' });
  const scope = systemScope(id, 'test');
  const entries = () => app.withWorkspace(scope, async ({ knex }) => (await knex.raw(`select seq, action, body, encode(hash, 'hex') as hash from app.audit_entries order by seq`)).rows);
  const second = async () => {
    const other = await openApp({ config, log: app.log, appUrl: database.appUrl, jobsUrl: database.jobsUrl });
    t.teardown(() => other.close());
    return other;
  };
  return { app, database, scope, entries, second };
}

const rename = (tx: Tx, name: string) => tx.knex.raw('update app.workspaces set name = ?', [name]);
const nameOf = (app: App, scope: Scope) => app.withWorkspace(scope, async ({ knex }) => (await knex.raw('select name from app.workspaces')).rows[0].name as string);

t.test('a transaction', async (t) => {
  const { app, scope, entries } = await openWorkspace(t);

  await t.test('is of one workspace and commits with its entry', async (t) => {
    await app.withWorkspace(scope, async (tx) => {
      await rename(tx, 'Willow Clinic');
      record(tx, { action: 'workspace.renamed', detail: { by: 'test' } });
    });
    t.equal(await nameOf(app, scope), 'Willow Clinic');
    t.equal((await entries()).at(-1)?.action, 'workspace.renamed');
  });

  await t.test('without an entry does not commit a change', async (t) => {
    await t.rejects(app.withWorkspace(scope, (tx) => rename(tx, 'Nobody saw')), { message: /left no audit entry/ });
    t.equal(await nameOf(app, scope), 'Willow Clinic');
  });

  await t.test('that failed inside, and whose failure was swallowed, is not taken for committed', async (t) => {
    await t.rejects(app.withWorkspace(scope, async (tx) => {
      await rename(tx, 'Half');
      await outcomeOf(tx.knex.raw('select 1 / 0'));
    }));
    await t.rejects(app.withWorkspace(scope, async (tx) => {
      record(tx, { action: 'test.swallowed' });
      await outcomeOf(tx.knex.raw('select no_such_column'));
    }));
    t.equal(await nameOf(app, scope), 'Willow Clinic');
    t.notOk((await entries()).some(({ action }) => action === 'test.swallowed'));
  });

  await t.test('leaves its connection fit for the next, whatever happened in it', async (t) => {
    for (const evil of ['select 1 / 0', 'commit', 'set session search_path = pg_temp', 'deallocate all', 'discard sequences', 'discard plans']) {
      await outcomeOf(app.withWorkspace(scope, async ({ knex }) => knex.raw(evil)));
      await outcomeOf(app.withWorkspace(scope, async ({ knex }) => knex.raw('select ?::int', [1]))); // meets what `evil` left, and its connection is dropped
      for (let n = 0; n < 3; n += 1) t.equal(await nameOf(app, scope), 'Willow Clinic', evil);
    }
  });

  await t.test('of a workspace that does not exist is refused', async (t) => {
    await t.rejects(app.withWorkspace(systemScope('01900000-0000-7000-8000-000000000000', 'test'), async () => undefined), { code: 'workspace.not_found' });
    await t.rejects(app.withWorkspace(systemScope(INSTALLATION_WORKSPACE, 'test'), async () => undefined), { code: 'workspace.not_found' }, 'the installation is not entered by the ordinary door');
  });
});

t.test('the system door records why it was opened, and sees the directory', async (t) => {
  const { app } = await openWorkspace(t);
  const slugs = await app.withSystem('workspace.list', async ({ knex }) => (await knex.raw('select slug from sys.workspaces')).rows);
  t.same(slugs, [{ slug: 'willow' }]);
  const last = await app.withSystem('health', async ({ knex }) => (await knex.raw('select body from app.audit_entries where workspace_id = ? order by seq desc limit 1', [INSTALLATION_WORKSPACE])).rows[0]);
  t.match(JSON.parse(last.body), { action: 'system.door', detail: { reason: 'workspace.list' } });
});

t.test('behind the system door nothing is read or written but what is listed, plugins’ tables included', async (t) => {
  const { app, database } = await openWorkspace(t);
  await asSuperuser(database.superuserUrl, (client) => client.query(`set role wardkeep_owner; create table app.widgets (workspace_id uuid not null, id uuid not null, primary key (workspace_id, id)); call sec.protect('app.widgets', 'select, insert, update, delete')`));
  const open = await app.withSystem('health', async (tx) => (await tx.knex.raw(
    `select c.relname from pg_class c where c.relnamespace = 'app'::regnamespace and (has_any_column_privilege(c.oid, 'select, insert, update') or has_table_privilege(c.oid, 'delete')) order by 1`,
  )).rows.map(({ relname }: { relname: string }) => relname));
  t.same(open, Object.keys(JOBS_GRANTS).sort());
  for (const table of ['contacts', 'documents', 'widgets']) {
    await t.rejects(app.withSystem('health', (tx) => tx.knex(`app.${table}`).first()), { code: '42501' }, `reading ${table}`);
    await t.rejects(app.withSystem('health', (tx) => tx.knex(`app.${table}`).delete()), { code: '42501' }, `emptying ${table}`);
  }
});

t.test('the system door records what was refused behind it', async (t) => {
  const { app } = await openWorkspace(t);
  const refused = { action: 'test.refused', target: { type: 'workspace', id: null }, detail: { why: 'test' } };
  await t.rejects(app.withSystem('setup', async () => { throw fault('access.denied', { refused }); }), { code: 'access.denied' });
  const rows = await app.withSystem('health', async ({ knex }) => (await knex.raw('select body from app.audit_entries where workspace_id = ? order by seq desc limit 2', [INSTALLATION_WORKSPACE])).rows) as { body: string }[];
  t.match(rows.map(({ body }) => JSON.parse(body)), [{ action: 'test.refused', outcome: 'refused', detail: { why: 'test', code: 'access.denied' } }, { action: 'system.door', detail: { reason: 'setup' } }]);
});

t.test('when sealing fails, nothing is committed', async (t) => {
  const { app, database, scope } = await openWorkspace(t);
  const { contextKey, loadKeys } = await keysOf(app, database);
  for (const seal of [
    async () => { throw new Error('the signer is away'); },
    async (tx: Tx) => {
      const inserted = tx.knex.raw('insert into app.audit_entries (workspace_id) values (?)', [tx.scope.workspaceId]).then(() => undefined);
      inserted.catch(() => undefined);
      return { inserted };
    },
  ]) {
    const door = openDoor({ appUrl: database.appUrl, jobsUrl: database.jobsUrl, contextKey, loadKeys, seal: { pending: seal as never, ahead: () => undefined }, poolSize: 1 });
    await t.rejects(door.withWorkspace(scope, (tx) => rename(tx, 'Unsealed')), { message: /signer is away|null value/ });
    await door.close();
  }
  t.equal(await nameOf(app, scope), 'Willow');
});

t.test('a door with another key is refused, and says so', async (t) => {
  const { app, database, scope } = await openWorkspace(t);
  const { loadKeys } = await keysOf(app, database);
  const door = openDoor({ appUrl: database.appUrl, jobsUrl: database.jobsUrl, contextKey: { id: 'c1', bytes: Buffer.alloc(32) }, loadKeys, seal: { pending: async () => ({ inserted: Promise.resolve() }), ahead: () => undefined }, poolSize: 1 });
  t.teardown(() => door.close());
  await t.rejects(door.withWorkspace(scope, async () => 'nothing asked'), { message: /not signed by this installation/ });
});

t.test('writers of one workspace in two programs never fork its chain', async (t) => {
  const { app, scope, entries, second } = await openWorkspace(t);
  const other = await second();
  const before = (await entries()).length;
  await Promise.all(Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? app : other).withWorkspace(scope, async (tx) => {
    await rename(tx, `Willow ${n}`);
    for (let part = 0; part <= n % 3; part += 1) record(tx, { action: 'test.wrote', detail: { n, part } });
  })));
  const chain = await entries();
  t.equal(chain.length, before + 79);
  for (const [at, { seq, body }] of chain.entries()) {
    t.equal(seq, at + 1);
    if (at > 0) t.equal(JSON.parse(body).prev, chain[at - 1]?.hash);
  }
});

t.test('sec.enter() by hand', async (t) => {
  const { app, database, scope } = await openWorkspace(t);
  const { contextKey } = await keysOf(app, database);
  const client = new pg.Client({ connectionString: database.appUrl });
  await client.connect();
  t.teardown(() => client.end());
  const { pid } = (await client.query('select pg_backend_pid() as pid')).rows[0];
  const enter = (nth: number, expiresAt = Date.now() + 60_000) => client.query('select sec.enter($1)', [mintContext(contextKey, scope.workspaceId, { pid, nth }, expiresAt)]);
  const inside = async (work: () => Promise<unknown>) => {
    await client.query('begin');
    try {
      return await work();
    } finally {
      await client.query('rollback');
    }
  };
  for (const token of [null, '', '|', 'a|b|c|d|e', `${scope.workspaceId}|${pid}|1|9999999999999|c1.`, `${scope.workspaceId}|${pid}|1|9999999999999|nokey.00`]) {
    await t.rejects(inside(() => client.query('select sec.enter($1)', [token])), { code: '42501' }, String(token));
  }
  await t.rejects(inside(() => enter(2)), { message: /used before/ }, 'the first entry of a connection says so');
  await inside(() => enter(1));
  await t.rejects(inside(() => enter(1)), { message: /used before/ });
  await t.rejects(inside(() => enter(2, Date.now() - 1)), { message: /expired/ });
  await t.rejects(inside(async () => { await enter(3); await enter(4); }), { message: /already entered/ });
  await t.rejects(inside(() => enter(3)), { message: /used before/ }, 'what was entered once is spent, even by a transaction that was rolled back');
  await t.rejects(inside(() => client.query('select sec.workspace()')), { message: /no workspace has been entered/ });
  const forge = async (workspaceId: string) => {
    await client.query("select set_config('app.workspace_id', $1, true)", [workspaceId]);
    await client.query('select sec.workspace()');
  };
  await t.rejects(inside(() => forge(scope.workspaceId)), { message: /has not entered/ }, 'what an earlier transaction entered is no help');
  await t.rejects(inside(async () => { await enter(4); await forge(INSTALLATION_WORKSPACE); }), { message: /not set by sec\.enter/ });
  t.match((await inside(async () => {
    await client.query('select sec.enter($1)', [mintContext(contextKey, INSTALLATION_WORKSPACE, { pid, nth: 5 }, Date.now() + 60_000)]);
    return (await client.query('select sec.workspace() as w, sec.is_system() as "isSystem"')).rows;
  })), [{ w: INSTALLATION_WORKSPACE, isSystem: false }], "the installation's own workspace is the system door for the jobs role alone");
  t.same((await inside(async () => { await enter(6); return (await client.query('select sec.workspace() as w, pg_current_xact_id_if_assigned() as xid')).rows; })), [{ w: scope.workspaceId, xid: null }], 'entering to read assigns no transaction id');
});

async function keysOf(app: App, database: TestDatabase) {
  return { contextKey: (await loadSecrets(database.appUrl, app.roots)).contextKey, loadKeys: createKeyLoader(app.roots) };
}

t.test('an error that Objection wrapped is known by its SQLSTATE, and its text goes nowhere', async (t) => {
  const { app, scope } = await openWorkspace(t);
  const typed = 'Jane Q Patient';
  const error: unknown = await app.withWorkspace(scope, async (tx) => Contact.query(tx).findById(typed)).catch((thrown: unknown) => thrown);
  t.match(error, { name: 'DataError' });
  t.equal(sqlstateOf(error), '22P02');
  const lines: string[] = [];
  createLog('error', (line) => lines.push(line)).error('request failed', { err: error });
  t.match(lines[0], /"code":"22P02"/);
  t.notMatch(lines[0], typed);
});
