import { accepted, attempt, outcomeOf, seenOfB, type Scenario } from '../scenario.ts';

const EVERYTHING = 'select * from app.contacts';
const inSixtySeconds = () => Date.now() + 60_000;

/** Getting into a workspace without being let in. */
export const CONTEXT_ATTACKS: readonly Scenario[] = [
  {
    name: 'no context', leak: 'rows of b',
    onConnection: async (c, target) => seenOfB(await attemptOutside(c, EVERYTHING), target),
  },
  {
    name: 'empty context', leak: 'rows of b',
    inRequest: async ({ sql }, target) => seenOfB(await attempt(sql, `select set_config('app.workspace_id', '', true); ${EVERYTHING}`), target),
  },
  {
    name: 'garbage context', leak: 'rows of b',
    inRequest: async ({ sql }, target) => seenOfB(await attempt(sql, `select set_config('app.workspace_id', 'x|y|z|%s' || chr(10), true); ${EVERYTHING}`), target),
  },
  {
    name: 'context forged by set_config', leak: 'rows of b',
    inRequest: async ({ sql }, target) => seenOfB(await attempt(sql, `select set_config('app.workspace_id', '${target.b.id}', true); ${EVERYTHING}`), target),
  },
  {
    name: 'context forged by SET LOCAL in a savepoint', leak: 'rows of b',
    inRequest: async ({ sql }, target) => seenOfB(await attempt(sql, `set local app.workspace_id = '${target.b.id}'; ${EVERYTHING}`), target),
  },
  {
    name: 'context forged outside a request', leak: 'rows of b',
    onConnection: async (c, target) => seenOfB(await attemptOutside(c, `select set_config('app.workspace_id', '${target.b.id}', false); ${EVERYTHING}`), target),
  },
  {
    name: 'context of the installation forged', leak: 'the system door opens',
    inRequest: async ({ sql }, target) => {
      const nil = '00000000-0000-0000-0000-000000000000';
      return seenOfB(await attempt(sql, `select set_config('app.workspace_id', '${nil}', true); ${EVERYTHING}`), target);
    },
  },
  {
    name: 'captured context on another connection', leak: 'it is accepted',
    onConnection: async (c, target) => {
      const other = await target.connect();
      try {
        const captured = target.entering(target.b, { pid: await other.pid(), nth: 1 }, inSixtySeconds());
        return (await attemptOutside(c, `begin; ${captured}; commit`)).error === null ? 'accepted' : null;
      } finally {
        await other.close();
      }
    },
  },
  {
    name: 'captured context after its expiry', leak: 'it is accepted',
    onConnection: async (c, target) => {
      const captured = target.entering(target.b, { pid: await c.pid(), nth: 1 }, Date.now() - 1);
      return (await attemptOutside(c, `begin; ${captured}; commit`)).error === null ? 'accepted' : null;
    },
  },
  {
    name: 'context used on after its expiry', leak: 'rows after it',
    onConnection: async (c, target) => {
      const captured = target.entering(target.b, { pid: await c.pid(), nth: 1 }, Date.now() + 400);
      const { rows } = await attemptOutside(c, `begin; ${captured}; select pg_sleep(0.6)`);
      const late = await attemptOutside(c, EVERYTHING);
      await c.between('rollback');
      return rows.length > 0 ? seenOfB(late, target) : 'never entered';
    },
  },
  {
    name: 'captured context used a second time', leak: 'it is accepted',
    onConnection: async (c, target) => {
      const captured = target.entering(target.b, { pid: await c.pid(), nth: 1 }, inSixtySeconds());
      await c.between(`begin; ${captured}; commit`);
      return (await attemptOutside(c, `begin; ${captured}; commit`)).error === null ? 'accepted' : null;
    },
  },
  {
    name: 'a context with its workspace exchanged', leak: 'it is accepted',
    onConnection: async (c, target) => {
      const own = target.entering(target.a, { pid: await c.pid(), nth: 1 }, inSixtySeconds());
      return (await attemptOutside(c, `begin; ${own.replace(target.a.id, target.b.id)}; commit`)).error === null ? 'accepted' : null;
    },
  },
  ...[
    ['a second workspace in one transaction', 'select 1'],
    ['a second workspace after DISCARD SEQUENCES', 'discard sequences'],
    ['a second workspace after clearing the setting', `select set_config('app.workspace_id', '', true)`],
  ].map(([name, first]): Scenario => ({
    name: name as string, leak: 'rows of both in one transaction',
    inRequest: async ({ sql }, target) => {
      const captured = target.entering(target.b, { pid: await pidOf(sql), nth: 2 }, inSixtySeconds());
      return seenOfB(await attempt(sql, `${first}; ${captured}; ${EVERYTHING}`), target);
    },
  })),
  {
    name: 'a second workspace by savepoint revert', leak: 'rows of both in one transaction',
    onConnection: async (c, target) => {
      const pid = await c.pid();
      await c.between(`begin; savepoint s; ${target.entering(target.a, { pid, nth: 1 }, inSixtySeconds())}; rollback to s`);
      const second = await attemptOutside(c, `${target.entering(target.b, { pid, nth: 2 }, inSixtySeconds())}; ${EVERYTHING}`);
      await c.between('rollback');
      return seenOfB(second, target);
    },
  },
  {
    name: 'the key and the memory of the context', leak: 'readable, or set by hand',
    inRequest: async ({ sql }) => {
      for (const text of ['select * from sec.context_keys', `select setval('sec.entered_high', 1)`, `select currval('sec.entered_high')`, 'select last_value from sec.entered_low', `insert into sec.context_keys values ('x', '', '')`]) {
        const leak = await accepted(sql, text);
        if (leak !== null) return leak;
      }
      return null;
    },
  },
  ...['set role wardkeep_owner', 'set session authorization postgres', 'set local role postgres', 'set session_replication_role = replica'].map((text): Scenario => ({
    name: text, leak: 'it is accepted', inRequest: ({ sql }) => accepted(sql, text),
  })),
  {
    name: 'row_security = off', leak: 'rows of b',
    inRequest: async ({ sql }, target) => seenOfB(await attempt(sql, `set local row_security = off; ${EVERYTHING}`), target),
  },
  {
    name: 'parallel workers', leak: 'rows of b',
    inRequest: async ({ sql }, target) => seenOfB(await attempt(sql, `set local debug_parallel_query = on; set local parallel_setup_cost = 0; set local min_parallel_table_scan_size = 0; ${EVERYTHING}`), target),
  },
];

async function pidOf(sql: (text: string) => Promise<Record<string, unknown>[]>): Promise<number> {
  return Number((await sql('select pg_backend_pid() as pid'))[0]?.['pid']);
}

async function attemptOutside(c: { between(text: string): Promise<Record<string, unknown>[]> }, text: string): Promise<{ rows: Record<string, unknown>[]; error: string | null }> {
  try {
    return { rows: await c.between(text), error: null };
  } catch (error) {
    await outcomeOf(c.between('rollback'));
    return { rows: [], error: (error as Error).message };
  }
}
