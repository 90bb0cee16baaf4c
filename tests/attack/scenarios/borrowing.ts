import { attempt, outcomeOf, seenOfB, type Scenario } from '../scenario.ts';
import type { Connection, Row, Target } from '../target.ts';

/** In a request for `first`, an attacker runs `left` and ends the transaction; then `next` looks at what the connection kept. */
function leaves(name: string, leak: string, left: string, next: (c: Connection, target: Target) => Promise<string | null>): Scenario {
  return {
    name, leak,
    onConnection: async (c, target) => {
      await outcomeOf(c.request(target.a, ({ sql }) => outcomeOf(sql(`${left.replaceAll('{b}', target.b.id)}; commit`))));
      return next(c, target);
    },
  };
}

const inNext = (text: string, judge: (rows: Row[], error: string | null, target: Target) => string | null) => (c: Connection, target: Target) =>
  c.request(target.b, async ({ sql }) => {
    const { rows, error } = await attempt(sql, text);
    return judge(rows, error, target);
  });

const settingStays = (setting: string, evil: string) =>
  leaves(`session setting left behind: ${setting}`, 'the next borrower runs under it', `set session ${setting} = ${evil}`,
    inNext(`show ${setting}`, (rows) => (JSON.stringify(Object.values(rows[0] ?? {})[0]).toLowerCase().includes(evil.replace(/'/g, '').toLowerCase()) ? `${setting} is still ${evil}` : null)));

/** What one borrower of a connection leaves for the next, who is of another workspace. */
export const BORROWING_ATTACKS: readonly Scenario[] = [
  leaves('session-level context, then nobody’s turn', 'rows of b outside any request', `select set_config('app.workspace_id', '{b}', false)`,
    async (c, target) => seenOfB({ rows: (await outcomeOf(c.between('select * from app.contacts'))) ?? [], error: null }, target)),
  leaves('cursor WITH HOLD', 'b’s attacker reads a’s rows', 'declare loot cursor with hold for select * from app.contacts',
    inNext('fetch all from loot', (rows, _error, { a }) => (JSON.stringify(rows).includes(a.marker) ? 'read the rows of a' : null))),
  leaves('temporary table left behind', 'b’s attacker reads a’s rows', 'create temporary table loot as select * from app.contacts',
    inNext('select * from loot', (rows, _error, { a }) => (JSON.stringify(rows).includes(a.marker) ? 'read the rows of a' : null))),
  leaves('temporary table in front of a real one', 'the program reads the attacker’s rows', `create temporary table contacts as select '{b}'::uuid as workspace_id, id, 'forged' as status from app.users`,
    async (c, target) => c.request(target.b, async ({ program }) => ((await program(target.a.userId)).some((row) => row['status'] === 'forged') ? 'the program was served a forged row' : null))),
  leaves('function in a temporary schema', 'it can be made', 'create function pg_temp.loot() returns int language sql as $$ select 1 $$',
    inNext('select pg_temp.loot()', (rows) => (rows.length > 0 ? 'a function of a’s attacker runs in b' : null))),
  leaves('prepared statement across workspaces', 'it returns rows of the other workspace', `prepare peek as select family_name from app.contacts; execute peek`,
    inNext('execute peek', (rows, _error, { a }) => (JSON.stringify(rows).includes(a.marker) ? 'read the rows of a' : null))),
  {
    name: 'the program’s prepared statement replaced', leak: 'the attacker’s SQL runs in a request for b',
    onConnection: async (c, target) => {
      await c.request(target.a, async ({ program }) => program(target.a.contactId));
      await outcomeOf(c.request(target.a, async ({ sql }) => {
        const names = (await attempt(sql, 'select name from pg_prepared_statements')).rows.map((row) => String(row['name']));
        for (const name of names) await outcomeOf(sql(`deallocate "${name}"; prepare "${name}" (uuid) as select 'stolen: ' || family_name as status from app.contacts where id = '${target.b.contactId}' and $1 is not null`));
        await sql('commit');
      }));
      const rows = await outcomeOf(c.request(target.b, async ({ program }) => program(target.b.contactId)));
      return JSON.stringify(rows).includes('stolen') ? 'the program ran the attacker’s statement' : null;
    },
  },
  leaves('LISTEN left behind', 'the next borrower hears a’s channel', 'listen loot', inNext('select pg_listening_channels() as channel', (rows) => (rows.length > 0 ? 'still listening' : null))),
  {
    name: 'session-level lock left behind', leak: 'b’s program waits for the attacker',
    onConnection: async (c, target) => {
      const chain = `hashtextextended('${target.b.id}', 4711)`;
      await outcomeOf(c.request(target.a, async ({ sql }) => sql(`select pg_advisory_lock(${chain}); commit`)));
      await c.request(target.a, async ({ sql }) => sql('select 1'));
      const other = await target.connect();
      try {
        return await other.request(target.b, async ({ sql }) => ((await sql(`select pg_try_advisory_xact_lock(${chain}) as free`))[0]?.['free'] === true ? null : 'b’s audit chain is held by a request of a that has ended'));
      } finally {
        await other.close();
      }
    },
  },
  settingStays('standard_conforming_strings', 'off'),
  settingStays('datestyle', "'sql, dmy'"),
  settingStays('timezone', "'pacific/apia'"),
  settingStays('search_path', 'sys'),
  settingStays('default_transaction_isolation', "'serializable'"),
  settingStays('debug_print_plan', 'on'),
  {
    name: 'ALTER ROLE … SET on oneself', leak: 'later connections, of any workspace, run under it',
    onConnection: async (c, target) => {
      const database = String((await c.between('select current_database() as name'))[0]?.['name']);
      const alter = (text: string) => outcomeOf(c.request(target.a, async ({ sql }) => sql(`alter role current_user in database ${database} ${text}; commit`)));
      await alter('set standard_conforming_strings = off');
      const later = await target.connect();
      try {
        return await later.request(target.b, async ({ sql }) => ((await sql('show standard_conforming_strings'))[0]?.['standard_conforming_strings'] === 'off' ? 'a new connection runs under it' : null));
      } finally {
        await later.close();
        await alter('reset all');
      }
    },
  },
  {
    name: 'PREPARE TRANSACTION', leak: 'it is accepted and keeps its locks without a session',
    onConnection: async (c, target) => {
      let outcome: string | null = null;
      await outcomeOf(c.request(target.a, async ({ sql }) => {
        await sql(`prepare transaction 'loot'`);
        outcome = 'accepted';
        await sql(`rollback prepared 'loot'`);
      }));
      return outcome;
    },
  },
];
