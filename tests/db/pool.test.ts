import { connect, createServer } from 'node:net';
import t from 'tap';
import { localRootKeys } from '../../core/crypto/root-keys.ts';
import { mintContext, type Backend } from '../../core/db/context.ts';
import { openPool } from '../../core/db/pool.ts';
import { loadSecrets } from '../../core/db/secrets.ts';
import { asSuperuser } from '../../core/db/embedded.ts';
import { isDatabaseUnavailable } from '../../core/db/unavailable.ts';
import { withConnection } from '../../core/db/single-connection.ts';
import { TEST_ROOT_KEYS } from '../support/cluster.ts';
import { createTestDatabase } from '../support/database.ts';

const WORKSPACE = '01900000-0000-7000-8000-00000000000a';

/** Forwards to PostgreSQL and counts how often the direction turns from answer to question: the round trips. */
async function countingProxy(t: { teardown(work: () => void): void }, target: URL): Promise<{ port: number; turns: () => number }> {
  let turns = 0;
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    let answered = true;
    near.on('data', (chunk) => {
      if (answered) turns += 1;
      answered = false;
      far.write(chunk);
    });
    far.on('data', (chunk) => {
      answered = true;
      near.write(chunk);
    });
    for (const socket of [near, far]) socket.on('error', () => undefined).on('close', () => [near, far].forEach((s) => s.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { port: (server.address() as { port: number }).port, turns: () => turns };
}

t.test('entering a workspace costs no round trip of its own', async (t) => {
  const database = await createTestDatabase(t);
  const { contextKey } = await loadSecrets(database.appUrl, localRootKeys([...TEST_ROOT_KEYS]));
  const url = new URL(database.appUrl);
  const proxy = await countingProxy(t, new URL(url));
  url.port = String(proxy.port);
  const pool = openPool(url.href, 1);
  t.teardown(() => pool.destroy());
  const request = <T>(work: (query: (id: number) => Promise<unknown>) => Promise<T>) => pool.transaction(
    (backend) => mintContext(contextKey, WORKSPACE, backend, Date.now() + 60_000),
    ({ query, knex }) => work((id) => (id % 2 === 0 ? query('select sec.workspace(), $1::int', [id]) : knex.raw('select sec.workspace(), ?::int as n', [id]))),
  );
  await request((query) => Promise.all([query(0), query(1)])); // connects and prepares

  const before = proxy.turns();
  await request((query) => query(1));
  t.equal(proxy.turns() - before, 2, 'reset, BEGIN, binding and query in one; COMMIT in another');
  const third = proxy.turns();
  await request((query) => Promise.all([query(1), query(2), query(3)]));
  t.equal(proxy.turns() - third, 2, 'queries sent together share one');
});

t.test('nothing is seen on the pool without a workspace', async (t) => {
  const database = await createTestDatabase(t);
  const pool = openPool(database.appUrl, 1);
  t.teardown(() => pool.destroy());
  await t.rejects(Promise.resolve(pool.knex.raw('select * from app.contacts')), { code: '42501' });
});

t.test('an error names the statement, never its values', async (t) => {
  const database = await createTestDatabase(t);
  const { contextKey } = await loadSecrets(database.appUrl, localRootKeys([...TEST_ROOT_KEYS]));
  const pool = openPool(database.appUrl, 1);
  t.teardown(() => pool.destroy());
  const secret = 'quillon@example.org';
  const enter = (backend: Backend) => mintContext(contextKey, WORKSPACE, backend, Date.now() + 60_000);
  const composed = pool.transaction(enter, async ({ knex }) => knex.raw('select 1 / (length(?::text) - ?::int)', [secret, secret.length]));
  const fixed = pool.transaction(enter, ({ query }) => query('select 1 / (length($1::text) - $2::int)', [secret, secret.length]));
  const before = withConnection(database.appUrl, (knex) => knex.raw('select 1 / (length(?::text) - ?::int)', [secret, secret.length]));
  for (const { message } of await Promise.all([composed, fixed, before].map((one) => one.then(() => ({ message: 'no error' }), (error: Error) => error)))) {
    t.match(message, /division by zero/);
    t.notMatch(message, secret);
  }
});

t.test('what outlives its transaction is refused', async (t) => {
  const database = await createTestDatabase(t);
  const { contextKey } = await loadSecrets(database.appUrl, localRootKeys([...TEST_ROOT_KEYS]));
  const pool = openPool(database.appUrl, 1);
  t.teardown(() => pool.destroy());
  const enter = (backend: Backend) => mintContext(contextKey, WORKSPACE, backend, Date.now() + 60_000);
  const kept = await pool.transaction(enter, async ({ query, knex, ended }) => {
    await knex.raw('select 1');
    return { query, knex, ended };
  });
  await kept.ended;
  const other = pool.transaction(enter, async ({ query }) => {
    // Another request's transaction on the very same connection.
    await t.rejects(kept.query('select 1'), { name: 'TransactionEnded' });
    await t.rejects(Promise.resolve(kept.knex.raw('select 1')), /after the end of its transaction/);
    await t.rejects(Promise.resolve(kept.knex('contacts').select('id')), /after the end of its transaction/);
    return query('select sec.workspace() as id');
  });
  t.same(await other, [{ id: WORKSPACE }]);
  await t.rejects(Promise.resolve(kept.knex.raw('select 1')), /after the end of its transaction/);
});

t.test('a transaction that fails is rolled back, and its connection serves the next', async (t) => {
  const database = await createTestDatabase(t);
  const { contextKey } = await loadSecrets(database.appUrl, localRootKeys([...TEST_ROOT_KEYS]));
  const pool = openPool(database.appUrl, 1);
  t.teardown(() => pool.destroy());
  const enter = (backend: Backend) => mintContext(contextKey, WORKSPACE, backend, Date.now() + 60_000);
  const pid = () => pool.transaction(enter, async ({ query }) => (await query<{ pid: number }>('select pg_backend_pid() as pid'))[0]?.pid);
  const first = await pid();
  await t.rejects(pool.transaction(enter, async ({ query }) => query('select 1 / $1::int', [0])), /division by zero/);
  await t.rejects(pool.transaction(enter, async () => { throw new Error('of its own'); }), /of its own/);
  await t.rejects(pool.transaction(enter, async ({ query }) => query('select 1 / $1::int', [0]).catch(() => 'swallowed')), /aborted and has been rolled back/);
  t.equal(await pid(), first);
  await t.rejects(pool.transaction(() => { throw new Error('no token'); }, async () => 'never'), /no token/);
  await t.rejects(pool.transaction(() => 'forged', async ({ query }) => query('select 1')), { code: '42501' }, 'what was refused, not what came after it');
  t.not(await pid(), first, 'a connection that could not be bound is closed');
});

t.test('a statement whose result a migration has changed fails once', async (t) => {
  const database = await createTestDatabase(t);
  const { contextKey } = await loadSecrets(database.appUrl, localRootKeys([...TEST_ROOT_KEYS]));
  const pool = openPool(database.appUrl, 1);
  t.teardown(() => pool.destroy());
  const read = () => pool.transaction((backend) => mintContext(contextKey, WORKSPACE, backend, Date.now() + 60_000), ({ query }) => query('select * from app.activities where id = $1', [WORKSPACE]));
  t.same(await read(), []);
  await asSuperuser(database.superuserUrl, (client) => client.query('alter table app.activities add column later int'));
  await t.rejects(read(), { code: '0A000' });
  t.same(await read(), [], 'on a connection of its own');
});

t.test('nobody waits for ever for a program that vanished', async (t) => {
  const database = await createTestDatabase(t);
  const { contextKey } = await loadSecrets(database.appUrl, localRootKeys([...TEST_ROOT_KEYS]));
  const pool = openPool(database.appUrl, 2);
  t.teardown(() => pool.destroy());
  const enter = (backend: Backend) => mintContext(contextKey, WORKSPACE, backend, Date.now() + 60_000);
  const [settings] = await pool.transaction(enter, ({ query }) => query("select current_setting('idle_in_transaction_session_timeout') as idle, current_setting('lock_timeout') as lock, current_setting('tcp_user_timeout') as user, current_setting('tcp_keepalives_idle') as alive"));
  t.match(settings, { idle: '1min', lock: '20s', user: '20000', alive: '10' }); // over TCP, as tests connect
  await pool.transaction(enter, async ({ query }) => {
    await query('select pg_advisory_xact_lock($1)', [7]);
    const waiting = pool.transaction(enter, async ({ query: other }) => {
      await other('set local lock_timeout = 50'); // as the twenty seconds do
      return other('select pg_advisory_xact_lock($1)', [7]);
    });
    t.ok(isDatabaseUnavailable(await waiting.catch((error: unknown) => error)), 'a lock not had in time is a service that is not ready');
  });
});

t.test('a rollback that stands behind a statement which runs on cuts the connection', async (t) => {
  const database = await createTestDatabase(t);
  const { contextKey } = await loadSecrets(database.appUrl, localRootKeys([...TEST_ROOT_KEYS]));
  const pool = openPool(database.appUrl, 1);
  t.teardown(() => pool.destroy());
  const enter = (backend: Backend) => mintContext(contextKey, WORKSPACE, backend, Date.now() + 60_000);
  let pid = 0;
  const startedAt = performance.now();
  await t.rejects(pool.transaction(enter, async ({ query }) => {
    pid = (await query<{ pid: number }>('select pg_backend_pid() as pid'))[0]?.pid ?? 0;
    query('select pg_sleep(60)').catch(() => undefined); // its connection is cut below
    throw new Error('of its own');
  }), /of its own/);
  t.ok(performance.now() - startedAt < 20_000, 'whoever asked is told meanwhile');
  const next = await pool.transaction(enter, ({ query }) => query<{ pid: number }>('select pg_backend_pid() as pid'));
  t.not(next[0]?.pid, pid, 'and the next borrower has another');
});
