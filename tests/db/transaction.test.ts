import t from 'tap';
import { localRootKeys } from '../../core/crypto/root-keys.ts';
import { mintContext, type Backend } from '../../core/db/context.ts';
import { openPool } from '../../core/db/pool.ts';
import { loadSecrets } from '../../core/db/secrets.ts';
import type { Bound } from '../../core/db/transaction.ts';
import { TEST_ROOT_KEYS } from '../support/cluster.ts';
import { createTestDatabase } from '../support/database.ts';

const WORKSPACES = ['01900000-0000-7000-8000-00000000000a', '01900000-0000-7000-8000-00000000000b'] as const;

/** One connection, on which whoever asks stands behind whoever asked before. */
async function openOne(t: { teardown(work: () => unknown): void }) {
  const database = await createTestDatabase(t);
  const { contextKey } = await loadSecrets(database.appUrl, localRootKeys([...TEST_ROOT_KEYS]));
  const pool = openPool(database.appUrl, 1);
  t.teardown(() => pool.destroy());
  return <T>(fn: (bound: Bound) => Promise<T>, workspace: string = WORKSPACES[0]) => pool.transaction((backend: Backend) => mintContext(contextKey, workspace, backend, Date.now() + 60_000), fn);
}

t.test('nothing of a transaction is left for the next on its connection', async (t) => {
  const act = await openOne(t);
  const state = ({ query }: Bound) => query(
    `select sec.workspace() as workspace, pg_backend_pid() as pid, current_setting('work_mem') as memory, current_setting('search_path') as path, current_setting('transaction_read_only') as readonly,
       (select count(*)::int from pg_cursors where is_holdable) as cursors, (select count(*)::int from pg_listening_channels()) as channels`);
  const clean = await act(state);
  const hostile = async ({ query, knex }: Bound) => {
    await knex.raw('declare kept cursor with hold for select 1; listen heard');
    for (const [name, value] of Object.entries({ work_mem: '64kB', search_path: 'app', default_transaction_read_only: 'on', default_transaction_isolation: 'serializable' })) await query('select set_config($1, $2, false)', [name, value]);
  };
  await act(hostile);
  t.same(await act(state), clean, 'that was committed');
  await t.rejects(act(async (bound) => { await hostile(bound); throw new Error('no'); }), /no/);
  t.same(await act(state), clean, 'that was rolled back');
  const [, other] = await Promise.all([act(hostile), act(state, WORKSPACES[1])]);
  t.same(other, clean.map((row) => ({ ...row, workspace: WORKSPACES[1] })), 'by whoever was waiting for it');
});

t.test('statements that nobody waits for stay in their transaction', async (t) => {
  const act = await openOne(t);
  type Moment = { at: string };
  const begun = ({ query }: Bound) => query<Moment>('select now()::text as at'); // stands still within a transaction
  for (const end of [() => undefined, () => { throw new Error('no'); }]) {
    let stray: Promise<Moment[]> | undefined;
    let first: Moment[] | undefined;
    await Promise.allSettled([act(async (bound) => {
      first = await begun(bound);
      stray = begun(bound);
      end();
    })]);
    t.same(await stray, first, 'in front of its COMMIT or ROLLBACK');
  }

  await t.rejects(act(async ({ query }) => void query('select 1 / 0').catch(() => undefined /* the COMMIT tells */)), { code: '25P02' }, 'one that fails fails the COMMIT');
  const [mark] = await act(({ query }) => query<{ at: string }>('select now()::text as at, sec.workspace() as workspace'));
  t.match(mark, { workspace: WORKSPACES[0] }, 'and leaves no transaction open');

  let late: Promise<unknown> = Promise.resolve();
  await act(async ({ query, knex }) => {
    late = Promise.resolve().then(() => Promise.resolve()).then(() => new Promise((resolve) => setImmediate(resolve))).then(() => Promise.allSettled([query('select 1'), knex.raw('select 1')]));
  });
  t.match(await late, [{ status: 'rejected' }, { status: 'rejected' }], 'one that comes while it commits is not sent');
});

t.test('what is done while PostgreSQL commits', async (t) => {
  const act = await openOne(t);
  const done: string[] = [];
  t.equal(await act(async (bound) => {
    await bound.query('select 1');
    bound.whileCommitting(() => done.push('first'));
    bound.whileCommitting(() => done.push('second'));
    return 'answer';
  }), 'answer');
  t.same(done.splice(0), ['first', 'second']);

  await t.rejects(act(async (bound) => {
    await bound.query('select 1');
    bound.whileCommitting(() => { throw new Error('cannot be written out'); });
  }), /cannot be written out/);
  t.same(await act(({ query }) => query('select 1 as n')), [{ n: 1 }], 'its error is told; the connection goes on');

  await t.rejects(act(async (bound) => { bound.whileCommitting(() => done.push('never')); throw new Error('no'); }), /no/);
  t.same(done.splice(0), [], 'not where nothing is committed');
  await t.rejects(act(async (bound) => {
    bound.query('select 1 / 0').catch(() => undefined); // the COMMIT tells
    bound.whileCommitting(() => { throw new Error('cannot be written out'); });
  }), { code: '25P02' }, 'a COMMIT that was refused comes first');
});
