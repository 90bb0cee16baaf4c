import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import t from 'tap';
import { localRootKeys } from '../../core/crypto/root-keys.ts';
import { asSuperuser, createDatabase, withDatabase } from '../../core/db/embedded.ts';
import { CORE_MIGRATIONS, migrate } from '../../core/db/migrate.ts';
import { quoteName } from '../../core/db/quote-name.ts';
import { ensureSecrets, loadSecrets } from '../../core/db/secrets.ts';
import { TEST_ROOT_KEYS } from '../support/cluster.ts';
import { createTestDatabase } from '../support/database.ts';

const roles = { app: 'wardkeep_app', jobs: 'wardkeep_jobs' };

t.test('migrate', async (t) => {
  const database = await createTestDatabase(t);
  const folder = await mkdtemp(join(tmpdir(), 'wardkeep-migrations-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const plugin = { dir: folder, historyTable: 'plugin_test' };
  const write = (name: string, sql: string) => writeFile(join(folder, `${name}.sql`), sql);
  const query = async (sql: string) => {
    const client = new pg.Client({ connectionString: database.ownerUrl });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  };

  await t.test('runs each file once, however many programs start at once', async (t) => {
    await write('0001_first', 'create table app.first (workspace_id uuid not null, id uuid, primary key (workspace_id, id)); select pg_sleep(0.2)');
    const runs = await Promise.all([1, 2, 3].map(() => migrate(database.ownerUrl, roles, [CORE_MIGRATIONS, plugin])));
    t.same(runs.flat(), ['0001_first']);
    t.same(await query('select name from history.plugin_test'), [{ name: '0001_first' }], 'names carry no file ending');
    t.same(await migrate(database.ownerUrl, roles, [plugin]), []);
  });

  await t.test('on an empty database, by several programs', async (t) => {
    const name = `${database.name}_empty`;
    await createDatabase(database.superuserUrl, name);
    t.teardown(() => asSuperuser(database.superuserUrl, (client) => client.query(`drop database ${quoteName(name)} with (force)`)));
    const url = withDatabase(database.ownerUrl, name);
    const [one, two] = await Promise.all([migrate(url, roles, [CORE_MIGRATIONS]), migrate(url, roles, [CORE_MIGRATIONS])]) as [string[], string[]];
    t.ok(one.length === 0 || two.length === 0);
    t.equal([...one, ...two][0], '0001_foundation');
    const roots = localRootKeys([...TEST_ROOT_KEYS]);
    await Promise.all([1, 2, 3].map(() => ensureSecrets(url, roots)));
    await loadSecrets(withDatabase(database.appUrl, name), roots);
    t.pass('and agree on one set of secrets');
  });

  await t.test('rolls a failing file back and says which and why, without its text', async (t) => {
    await write('0002_broken', `create table app.second (id uuid); select 'secret text' as x, 1 / 0`);
    const error = await migrate(database.ownerUrl, roles, [plugin]).then(() => null, (e: Error) => e);
    t.match(error?.message, /Migration 0002_broken failed and was rolled back: division by zero/);
    t.notMatch(error?.message, /secret text/);
    t.same(await query(`select to_regclass('app.second') as second`), [{ second: null }]);
    await write('0002_broken', 'create table app.second (id uuid)');
    t.same(await migrate(database.ownerUrl, roles, [plugin]), ['0002_broken'], 'the lock of the failed run is free');
  });

  await t.test('refuses a schema newer than the program', async (t) => {
    await rm(join(folder, '0002_broken.sql'));
    await t.rejects(migrate(database.ownerUrl, roles, [plugin]), { message: /later version than this program.*0002_broken/ });
  });
});
