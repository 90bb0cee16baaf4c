import { randomUUID } from 'node:crypto';
import { attempt, outcomeOf, tells, type Scenario } from '../scenario.ts';
import type { Row, Target } from '../target.ts';

/** Is there such a value in another workspace? The same statement about theirs and about nobody's must end alike. */
const asks = (name: string, statement: (value: { email: string; contactId: string; userId: string }, target: Target) => string, read?: (rows: Row[]) => unknown): Scenario => ({
  name, leak: 'a value of b’s ends differently from a value nobody has',
  inRequest: ({ sql }, target) => tells(sql, (whose) => statement(whose === 'theirs' ? target.b : { email: `nobody@${randomUUID()}.example`, contactId: randomUUID(), userId: randomUUID() }, target), read),
});

const plan = (rows: Row[]): Record<string, number> => (rows[0]?.['QUERY PLAN'] as [{ Plan: Record<string, number> }])[0].Plan;
const depth = (node: Record<string, unknown>): Record<string, unknown>[] => [node, ...((node['Plans'] as Record<string, unknown>[] | undefined) ?? []).flatMap(depth)];

export const ORACLE_ATTACKS: readonly Scenario[] = [
  asks('unique oracle', ({ email }, { a }) => `insert into app.users (workspace_id, id, email, name, role) values ('${a.id}', gen_random_uuid(), '${email}', 'x', 'AGENT')`),
  asks('primary-key oracle', ({ contactId }, { a }) => `insert into app.contacts (workspace_id, id, status) values ('${a.id}', '${contactId}', 'new')`),
  asks('ON CONFLICT count', ({ email }, { a }) => `insert into app.users (workspace_id, id, email, name, role) values ('${a.id}', gen_random_uuid(), '${email}', 'x', 'AGENT') on conflict do nothing returning 1`),
  asks('foreign key to a foreign row', ({ userId }, { a }) => `update app.contacts set owner_id = '${userId}' where id = '${a.contactId}'; set constraints all immediate`),
  asks('EXPLAIN ANALYZE counts what the policy removed', ({ email }) => `explain (analyze, format json, costs off, timing off, summary off, buffers off) select 1 from app.users where email = '${email}'`,
    (rows) => depth(plan(rows)).map((node) => [node['Rows Removed by Filter'], node['Rows Removed by Index Recheck']])),
  {
    name: 'EXPLAIN estimates', leak: 'the estimate for a range of values follows b’s values',
    inRequest: async ({ sql }) => {
      const estimates = new Set<unknown>();
      for (const letter of ['0', '4', '8', 'c', 'g']) {
        const { rows } = await attempt(sql, `explain (format json) select 1 from app.users where email < '${letter}'`);
        if (rows.length > 0) estimates.add(Math.max(...depth(plan(rows)).map((node) => Number(node['Plan Rows']))));
      }
      return estimates.size > 1 ? `estimates ${[...estimates].join(', ')}` : null;
    },
  },
  {
    name: 'delete oracle', leak: 'deleting one’s own row is refused because b refers to it',
    onConnection: async (c, target) => {
      const loot = randomUUID();
      await outcomeOf(c.request(target.a, async ({ sql }) => sql(`insert into app.users (workspace_id, id, email, name, role) values ('${target.a.id}', '${loot}', '${loot}@a.example', 'x', 'AGENT')`)));
      await outcomeOf(c.request(target.b, async ({ sql }) => sql(`update app.contacts set owner_id = '${loot}' where id = '${target.b.contactId}'`)));
      const leak = await c.request(target.a, async ({ sql }) => ((await attempt(sql, `update app.users set id = gen_random_uuid() where id = '${loot}'; set constraints all immediate`)).error?.includes('foreign key') ? 'refused' : null));
      await outcomeOf(c.request(target.b, async ({ sql }) => sql(`update app.contacts set owner_id = '${target.b.userId}' where id = '${target.b.contactId}'`)));
      await outcomeOf(c.request(target.a, async ({ sql }) => sql(`delete from app.users where email = '${loot}@a.example'`)));
      return leak;
    },
  },
  {
    name: 'sequences', leak: 'a shared counter tells how much others write',
    inRequest: async ({ sql }) => {
      for (const { name } of await sql(`select oid::regclass::text as name from pg_class where relkind = 'S'`)) {
        for (const text of [`select last_value from ${String(name)}`, `select last_value from pg_sequences where (quote_ident(schemaname) || '.' || quote_ident(sequencename))::regclass = '${String(name)}'::regclass`, `select pg_sequence_last_value('${String(name)}') as last_value`]) {
          if ((await attempt(sql, text)).rows.some((row) => row['last_value'] !== null)) return `${String(name)}: ${text}`;
        }
      }
      return null;
    },
  },
  {
    name: 'pg_stats', leak: 'samples of rows',
    inRequest: async ({ sql }) => ((await attempt(sql, `select 1 from pg_stats where schemaname = 'app'`)).rows.length > 0 ? 'visible' : null),
  },
  {
    name: 'pg_stat_activity literals', leak: 'text of a statement of b’s',
    inRequest: async ({ sql }, target) => target.withBusyNeighbour(async () => (JSON.stringify((await attempt(sql, 'select query from pg_stat_activity')).rows).includes(target.b.marker) ? 'saw a statement of b' : null)),
  },
  {
    name: 'pg_locks', leak: 'that b is writing now',
    inRequest: async ({ sql }, target) => target.withBusyNeighbour(async () => {
      const { rows } = await attempt(sql, `select 1 from pg_locks where locktype = 'advisory' and ((classid::bigint << 32) | objid::bigint) = hashtextextended('${target.b.id}', 4711)`);
      return rows.length > 0 ? 'saw the lock of b’s chain' : null;
    }),
  },
  {
    name: 'ending another session', leak: 'a request of b is broken off',
    inRequest: async ({ sql }, target) => {
      const done = await outcomeOf(target.withBusyNeighbour(async (pid) => ((await attempt(sql, `select pg_cancel_backend(${pid}) as done`)).rows[0]?.['done'] === true ? 'cancelled' : 'refused')));
      return done === 'refused' ? null : 'cancelled';
    },
  },
];
