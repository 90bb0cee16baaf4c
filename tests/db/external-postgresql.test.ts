import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { openApp } from '../../core/app.ts';
import { readConfig } from '../../core/config.ts';
import { localRootKeys } from '../../core/crypto/root-keys.ts';
import { checkCatalog } from '../../core/db/coverage/check-catalog.ts';
import { asSuperuser, startEmbedded, withDatabase } from '../../core/db/embedded.ts';
import { CORE_MIGRATIONS, migrate } from '../../core/db/migrate.ts';
import { systemScope } from '../../core/db/scope.ts';
import { ensureSecrets } from '../../core/db/secrets.ts';
import { createLog } from '../../core/log.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { TEST_ROOT_KEYS } from '../support/cluster.ts';

/** A server as a hospital might run it: PostgreSQL's defaults, and a taste for logs. */
const SOMEBODY_ELSES = [
  'log_statement=all', 'log_min_duration_statement=0', 'log_parameter_max_length=-1', 'log_parameter_max_length_on_error=-1', 'log_min_error_statement=error',
  'log_error_verbosity=default', 'track_activities=on', 'jit=on', 'fsync=off',
];

t.test('the statements of docs/postgresql.md make a database Wardkeep starts on', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'wardkeep-external-'));
  await chmod(folder, 0o755); // as root, PostgreSQL runs as another user and must reach its folder
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const server = await startEmbedded(folder, SOMEBODY_ELSES);
  t.teardown(() => server.stop());

  const page = await readFile(new URL('../../docs/postgresql.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/```sql\n(.*?)```/gs)].map(([, sql]) => (sql as string).replaceAll('wardkeep', 'mercy'));
  t.equal(blocks.length, 2);
  const [makeDatabase, withdraw] = blocks as [string, string];
  await asSuperuser(server.superuserUrl, async (client) => {
    // One by one: CREATE DATABASE refuses company in its message.
    for (const statement of makeDatabase.replace(/--.*$/gm, '').split(';')) if (statement.trim() !== '') await client.query(statement);
  });
  const superuserUrl = withDatabase(server.superuserUrl, 'mercy');
  const url = (role: string) => {
    const made = new URL(superuserUrl);
    made.username = `mercy_${role}`;
    made.password = `${role}-password`;
    return made.href;
  };
  const roles = { app: 'mercy_app', jobs: 'mercy_jobs' };
  await migrate(url('owner'), roles, [CORE_MIGRATIONS]);
  await ensureSecrets(url('owner'), localRootKeys([...TEST_ROOT_KEYS]));

  const halfway = await checkCatalog(url('app'), { roles });
  t.same([...new Set(halfway.map(({ rule }) => rule))], ['function.large_objects', 'function.withdrawn'], 'without the second block the check says what is missing');
  await asSuperuser(superuserUrl, (client) => client.query(withdraw));
  t.same(await checkCatalog(url('app'), { roles }), []);
  t.same(await checkCatalog(url('jobs'), { roles }), []);

  const config = { ...readConfig('demo', {}), rootKeys: [...TEST_ROOT_KEYS] };
  const app = await openApp({ config, log: createLog('silent'), appUrl: url('app'), jobsUrl: url('jobs') });
  t.teardown(() => app.close());
  const id = await createWorkspace(app, { slug: 'mercy', name: 'Mercy', timeZone: 'UTC' });
  t.same(await app.withWorkspace(systemScope(id, 'test'), async ({ knex }) => (await knex.raw('select name from app.workspaces')).rows), [{ name: 'Mercy' }]);
});
