import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Test } from 'tap';
import { asSuperuser, withDatabase } from '../../core/db/embedded.ts';
import { quoteName } from '../../core/db/quote-name.ts';
import { createTestDatabase } from '../support/database.ts';
import { rowsOf } from './real-target.ts';
import { outcomeOf } from './scenario.ts';
import { BUSY, CENSUS, seed } from './seed.ts';
import type { Connection, Target, Workspace } from './target.ts';

/**
 * How row-level security is usually done, and done with care: enabled and forced on every table, USING and WITH CHECK, a role that owns
 * nothing, the workspace set transaction-locally. Everything else of the design is missing. It is the suite's positive control.
 */
const SCHEMA = (role: string) => `
  create schema app;
  grant usage on schema app to ${role};
  create table app.users (workspace_id uuid not null, id uuid primary key, email text not null unique, name text, role text);
  create table app.contacts (workspace_id uuid not null, id uuid primary key, owner_id uuid references app.users, status text, family_name text, entry serial);
  create table app.contact_points (workspace_id uuid not null, id uuid primary key, contact_id uuid references app.contacts, kind text, value text);
  create table app.visits (workspace_id uuid not null, id uuid not null, note text) partition by list (workspace_id);
  create table app.visits_all partition of app.visits default;
  create materialized view app.busiest as select workspace_id, family_name, count(*) from app.contacts group by 1, 2 with no data;
  create view app.directory as select workspace_id, email from app.users;
  do $$ declare name text; begin
    foreach name in array array['users', 'contacts', 'contact_points', 'visits'] loop
      execute format('alter table app.%I enable row level security, force row level security', name);
      execute format('create policy tenant on app.%I using (workspace_id = current_setting(''app.workspace_id'')::uuid) with check (workspace_id = current_setting(''app.workspace_id'')::uuid)', name);
    end loop;
  end $$;
  grant all on all tables in schema app to ${role};
  grant all on all sequences in schema app to ${role};`;

export async function naiveTarget(t: Pick<Test, 'teardown'>): Promise<Target> {
  const { superuserUrl } = await createTestDatabase(t);
  const name = `naive_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await asSuperuser(superuserUrl, async (client) => {
    await client.query(`create role ${quoteName(name)} login password ${client.escapeLiteral(password)}`);
    await client.query(`create database ${quoteName(name)} template template0`);
  });
  t.teardown(() => asSuperuser(superuserUrl, async (client) => {
    await client.query(`drop database ${quoteName(name)} with (force)`);
    await client.query(`drop role ${quoteName(name)}`);
  }));
  const superuser = new pg.Client({ connectionString: withDatabase(superuserUrl, name) });
  await superuser.connect();
  t.teardown(() => superuser.end());
  await superuser.query(`alter database ${quoteName(name)} set track_activities = on`); // PostgreSQL's own default
  await superuser.query(SCHEMA(name));

  const [a, b] = (['willow', 'harbor'] as const).map((slug): Workspace => ({ id: randomUUID(), userId: randomUUID(), contactId: randomUUID(), email: `bea@${slug}.example`, marker: `${slug}-marker` })) as [Workspace, Workspace];
  for (const workspace of [a, b]) {
    await superuser.query(seed(workspace));
    await superuser.query('insert into app.visits values ($1, gen_random_uuid(), $2)', [workspace.id, workspace.marker]);
  }
  await superuser.query('refresh materialized view app.busiest');
  await superuser.query('analyze');

  const url = new URL(withDatabase(superuserUrl, name));
  url.username = name;
  url.password = password;
  const connect = async (): Promise<Connection> => {
    const client = new pg.Client({ connectionString: url.href, options: '-c search_path=app' });
    client.on('error', () => undefined);
    await client.connect();
    const sql = async (text: string, values?: unknown[]) => rowsOf(await client.query(text, values));
    return {
      pid: async () => Number((await sql('select pg_backend_pid() as pid'))[0]?.['pid']),
      async request(workspace, work) {
        await client.query('begin');
        try {
          await client.query(`select set_config('app.workspace_id', $1, true)`, [workspace.id]);
          const result = await work({ sql, program: async (id) => (await client.query({ name: 'contact-status', text: 'select status from contacts where id = $1', values: [id] })).rows });
          await client.query('commit');
          return result;
        } catch (error) {
          await outcomeOf(client.query('rollback'));
          throw error;
        }
      },
      between: sql,
      close: () => client.end(),
    };
  };

  return {
    a, b, connect,
    census: async () => JSON.stringify((await superuser.query(CENSUS, [b.id])).rows),
    entering: (workspace) => `select set_config('app.workspace_id', '${workspace.id}', true)`,
    async withBusyNeighbour(work) {
      const neighbour = await connect();
      try {
        return await neighbour.request(b, async ({ sql }) => {
          await sql(BUSY(b));
          return work(Number((await sql(`select pg_backend_pid() as pid, '${b.marker}'`))[0]?.['pid']));
        });
      } finally {
        await outcomeOf(neighbour.close());
      }
    },
  };
}
