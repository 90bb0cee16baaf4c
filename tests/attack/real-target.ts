import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import pg from 'pg';
import type { Test } from 'tap';
import { localRootKeys } from '../../core/crypto/root-keys.ts';
import { mintContext, type Backend } from '../../core/db/context.ts';
import { openPool } from '../../core/db/pool.ts';
import { loadSecrets } from '../../core/db/secrets.ts';
import { createTestDatabase } from '../support/database.ts';
import { TEST_ROOT_KEYS } from '../support/cluster.ts';
import { BUSY, CENSUS, seed } from './seed.ts';
import type { Connection, Sql, Target, Workspace } from './target.ts';

/** The schema as migrated, through the program's own pool. */
export async function realTarget(t: Pick<Test, 'teardown'>): Promise<Target> {
  const database = await createTestDatabase(t);
  const { contextKey } = await loadSecrets(database.appUrl, localRootKeys([...TEST_ROOT_KEYS]));
  const superuser = new pg.Client({ connectionString: database.superuserUrl });
  await superuser.connect();
  t.teardown(() => superuser.end());

  const [a, b] = (['willow', 'harbor'] as const).map((name): Workspace => ({ id: randomUUID(), userId: randomUUID(), contactId: randomUUID(), email: `bea@${name}.example`, marker: `${name}-marker` })) as [Workspace, Workspace];
  await superuser.query('set session_replication_role = replica'); // seeds are no acts
  for (const workspace of [a, b]) {
    await superuser.query('insert into app.workspaces (workspace_id, name, slug) values ($1, $2, $2)', [workspace.id, workspace.marker]);
    await superuser.query(seed(workspace));
  }
  await superuser.query('reset session_replication_role; analyze');

  const mint = (workspace: Workspace, backend: Backend, expiresAt = Date.now() + 60_000) => mintContext(contextKey, workspace.id, backend, expiresAt);
  const connect = async (): Promise<Connection> => {
    const pool = openPool(database.appUrl, 1);
    const raw = async <T>(work: (sql: Sql) => Promise<T>, client: { acquireConnection(): Promise<pg.Client>; releaseConnection(c: pg.Client): unknown }): Promise<T> => {
      const connection = await client.acquireConnection();
      await setImmediate(); // what the program has begun is sent first
      try {
        return await work(async (text, values) => rowsOf(await connection.query(text, values)));
      } finally {
        await client.releaseConnection(connection);
      }
    };
    return {
      pid: () => raw(async (sql) => Number((await sql('select pg_backend_pid() as pid'))[0]?.['pid']), pool.knex.client),
      request: (workspace, work) => pool.transaction((backend) => mint(workspace, backend), ({ query, knex }) => raw((sql) => work({
        sql,
        program: (id) => query('select status from contacts where id = $1', [id]),
      }), knex.client)),
      between: (text, values) => raw((sql) => sql(text, values), pool.knex.client),
      close: () => pool.destroy(),
    };
  };

  return {
    a, b, connect,
    census: async () => JSON.stringify((await superuser.query(CENSUS, [b.id])).rows),
    entering: (workspace, backend, expiresAt) => `select sec.enter('${mint(workspace, backend, expiresAt)}')`,
    async withBusyNeighbour(work) {
      const neighbour = await connect();
      try {
        return await neighbour.request(b, async ({ sql }) => {
          await sql(BUSY(b));
          return work(Number((await sql(`select pg_backend_pid() as pid, '${b.marker}'`))[0]?.['pid']));
        });
      } finally {
        await neighbour.close();
      }
    },
  };
}

export function rowsOf(result: pg.QueryResult | pg.QueryResult[]): Record<string, unknown>[] {
  return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
}
