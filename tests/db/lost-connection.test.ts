import t from 'tap';
import { systemScope } from '../../core/db/scope.ts';
import { isDatabaseUnavailable } from '../../core/db/unavailable.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { openTestApp } from '../support/database.ts';
import { rows } from '../support/rows.ts';

// Whoever meets a connection that is lost is told that the database is away, wherever in a transaction they stand and whatever else was asked with it.

t.test('a connection that is lost', async (t) => {
  const { app, database } = await openTestApp(t);
  const scope = systemScope(await createWorkspace(app, { slug: 'willow', name: 'Willow', timeZone: 'UTC' }), 'test');
  const end = (pid: number) => rows(database, 'select pg_terminate_backend($1, 5000)', [pid]);
  const failure = (act: Parameters<typeof app.withWorkspace>[1]) => app.withWorkspace(scope, act).then(() => null, (error: unknown) => error);

  t.ok(isDatabaseUnavailable(await failure(async ({ query }) => {
    const [{ pid }] = (await query<{ pid: number }>('select pg_backend_pid() as pid')) as [{ pid: number }];
    await end(pid);
  })), 'before COMMIT is sent');

  t.ok(isDatabaseUnavailable(await failure(async ({ query }) => {
    const [{ pid }] = (await query<{ pid: number }>('select pg_backend_pid() as pid')) as [{ pid: number }];
    query('select pg_sleep(60)').catch(() => undefined); // its connection is ended below
    const behind = query('select 1');
    behind.catch(() => undefined);
    await end(pid);
    await behind;
  })), 'while the statement in front of it ran');

  t.ok(isDatabaseUnavailable(await failure(async ({ query }) => {
    await query("set local lock_timeout = '50ms'");
    await app.withWorkspace(scope, async (other) => {
      await other.query('select pg_advisory_xact_lock(1)');
      query('select pg_advisory_xact_lock(1)').catch(() => undefined); // what stands behind it tells
      await query('select 1');
    });
  })), 'a lock not had in time by the statement in front of it');

  t.notOk(isDatabaseUnavailable(await failure(async ({ query }) => {
    query('select 1 / 0').catch(() => undefined); // what stands behind it tells
    await query('select 1');
  })), 'what fails behind a statement that is wrong is our fault');
});
