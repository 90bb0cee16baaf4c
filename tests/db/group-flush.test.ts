import knexModule, { type Knex } from 'knex';
import t from 'tap';
import { record } from '../../core/audit/record.ts';
import { asSuperuser } from '../../core/db/embedded.ts';
import { createGroupFlush } from '../../core/db/group-flush.ts';
import { systemScope } from '../../core/db/scope.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { quoteName } from '../../core/db/migrate.ts';
import { createTestDatabase, openTestApp } from '../support/database.ts';
import { auditOf } from '../support/rows.ts';

/** Test databases do not wait for the disk; here the server's setting is what an installation has. */
const waitForDisk = (superuserUrl: string, name: string) => asSuperuser(superuserUrl, (client) => client.query(`alter database ${quoteName(name)} set synchronous_commit = on`));

t.test('a flush makes durable what was committed before it without waiting', async (t) => {
  const database = await createTestDatabase(t);
  await waitForDisk(database.superuserUrl, database.name);
  const [writer, pool] = [openKnex(database.superuserUrl), openKnex(database.appUrl)];
  t.teardown(() => Promise.all([writer.destroy(), pool.destroy()]));
  const flushed = createGroupFlush(pool);
  await writer.raw('create table public.t (n int)');
  const commitLazily = async (): Promise<boolean> => {
    await writer.raw('begin; set local synchronous_commit = off; insert into public.t values (1); commit');
    return isDurable(await writer.raw('select pg_current_wal_insert_lsn() - pg_current_wal_flush_lsn() as behind'));
  };
  const lazily = [];
  for (let i = 0; i < 20; i++) lazily.push(await commitLazily());
  t.ok(lazily.includes(false), 'the commit itself did not wait');

  await pool.raw('set synchronous_commit = off'); // what a borrower of the connection may have left behind
  for (let i = 0; i < 20; i++) {
    await commitLazily();
    const { rows: [{ at }] } = (await writer.raw('select pg_current_wal_insert_lsn() as at')) as { rows: [{ at: string }] };
    await flushed();
    t.ok(isDurable(await writer.raw('select greatest(0, ?::pg_lsn - pg_current_wal_flush_lsn()) as behind', [at])));
  }
});

t.test('those who ask while one flush runs share the next', async (t) => {
  let flushes = 0;
  const flushed = createGroupFlush({ raw: async () => { flushes += 1; await new Promise((resolve) => setImmediate(resolve)); } } as unknown as Knex);
  await Promise.all(Array.from({ length: 10 }, () => flushed()));
  t.equal(flushes, 1);
  const first = flushed();
  await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([first, flushed(), flushed()]);
  t.equal(flushes, 3, 'whoever asks after a flush began waits for one more');
});

t.test('acts of one workspace at once', async (t) => {
  const { app, database } = await openTestApp(t);
  await waitForDisk(database.superuserUrl, database.name);
  const workspaceId = await createWorkspace(app, { slug: 'willow', name: 'Willow', timeZone: 'UTC' });
  const act = (nth: number) => app.withWorkspace(systemScope(workspaceId, 'test'), async (tx) => {
    record(tx, { action: 'test.acted', detail: { nth } });
  });
  await Promise.all(Array.from({ length: 30 }, (_, nth) => act(nth)));
  const entries = await auditOf(database, workspaceId);
  t.equal(entries.filter(({ action }) => action === 'test.acted').length, 30);
});

function openKnex(url: string): Knex {
  return knexModule({ client: 'pg', connection: url, pool: { min: 1, max: 1 } });
}

function isDurable({ rows }: { rows: { behind: string | number }[] }): boolean {
  return Number(rows[0]?.behind) === 0;
}
