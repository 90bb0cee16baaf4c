import pg from 'pg';
import t from 'tap';
import { createTestDatabase, openTestApp } from './database.ts';

t.test('every test has a database of its own, migrated, with the three roles', async (t) => {
  const [first, second] = await Promise.all([createTestDatabase(t), createTestDatabase(t)]);
  t.not(first.name, second.name);
  for (const [url, role] of [[first.appUrl, 'wardkeep_app'], [first.jobsUrl, 'wardkeep_jobs'], [first.ownerUrl, 'wardkeep_owner']] as const) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query(`select current_user as role, current_database() as database, exists (select from pg_namespace where nspname = 'app') as migrated`);
    t.match(rows[0], { role, database: first.name, migrated: true });
    await client.end();
  }
});

t.test('a program opens on such a database', async (t) => {
  const { app } = await openTestApp(t);
  t.match(app.installationId, /^[0-9a-f-]{36}$/);
});
