import { connect, createServer } from 'node:net';
import t from 'tap';
import { localRootKeys } from '../../core/crypto/root-keys.ts';
import { mintContext } from '../../core/db/context.ts';
import { openPool, type BoundConfig } from '../../core/db/pool.ts';
import { loadSecrets } from '../../core/db/secrets.ts';
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
    (trx) => work((id) => trx.raw('select sec.workspace(), ?::int', [id])),
    { enter: (backend) => mintContext(contextKey, WORKSPACE, backend, Date.now() + 60_000) } as BoundConfig,
  );
  await request((query) => query(0)); // connects and prepares

  const before = proxy.turns();
  await request((query) => query(1));
  t.equal(proxy.turns() - before, 2, 'reset, BEGIN, binding and query in one; COMMIT in another');
  const third = proxy.turns();
  await request((query) => Promise.all([query(1), query(2), query(3)]));
  t.equal(proxy.turns() - third, 2, 'queries sent together share one');
});

t.test('a transaction on the pool without a workspace does not begin', async (t) => {
  const database = await createTestDatabase(t);
  const pool = openPool(database.appUrl, 1);
  t.teardown(() => pool.destroy());
  await t.rejects(pool.transaction(async (trx) => trx.raw('select 1')), /use the door/);
  await t.rejects(Promise.resolve(pool.raw('select * from app.contacts')), { code: '42501' });
});

t.test('an error names the statement, never its values', async (t) => {
  const database = await createTestDatabase(t);
  const { contextKey } = await loadSecrets(database.appUrl, localRootKeys([...TEST_ROOT_KEYS]));
  const pool = openPool(database.appUrl, 1);
  t.teardown(() => pool.destroy());
  const secret = 'quillon@example.org';
  const failed = pool.transaction((trx) => trx.raw('select 1 / (length(?::text) - ?::int)', [secret, secret.length]), { enter: (backend) => mintContext(contextKey, WORKSPACE, backend, Date.now() + 60_000) } as BoundConfig);
  const before = withConnection(database.appUrl, (knex) => knex.raw('select 1 / (length(?::text) - ?::int)', [secret, secret.length]));
  for (const { message } of await Promise.all([failed, before].map((one) => one.then(() => ({ message: 'no error' }), (error: Error) => error)))) {
    t.match(message, /division by zero/);
    t.notMatch(message, secret);
  }
});
