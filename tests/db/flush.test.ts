import { connect, createServer } from 'node:net';
import pg from 'pg';
import t from 'tap';
import { record } from '../../core/audit/record.ts';
import { localRootKeys } from '../../core/crypto/root-keys.ts';
import { mintContext, type Backend } from '../../core/db/context.ts';
import { asSuperuser } from '../../core/db/embedded.ts';
import { quoteName } from '../../core/db/quote-name.ts';
import { openPool } from '../../core/db/pool.ts';
import type { Bound } from '../../core/db/transaction.ts';
import { systemScope } from '../../core/db/scope.ts';
import { loadSecrets } from '../../core/db/secrets.ts';
import { isDatabaseUnavailable } from '../../core/db/unavailable.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { TEST_ROOT_KEYS } from '../support/cluster.ts';
import { createTestDatabase, openTestApp } from '../support/database.ts';
import { auditOf } from '../support/rows.ts';

const WORKSPACE = '01900000-0000-7000-8000-00000000000a';
const INSERTED = "select (pg_current_wal_insert_lsn() - '0/0')::text as at";
const FLUSHED = "select (pg_current_wal_flush_lsn() - '0/0')::text as at";
const LAZY = "select set_config('synchronous_commit', 'off', true)";

/** Test databases do not wait for the disk; here the server's setting is what an installation has. */
const waitForDisk = (superuserUrl: string, name: string) => asSuperuser(superuserUrl, (client) => client.query(`alter database ${quoteName(name)} set synchronous_commit = on`));

/** A wire that is cut as soon as the program sends `word`, which never arrives. */
async function fragileWire(t: { teardown(work: () => void): void }, target: string, word: string): Promise<string> {
  const url = new URL(target);
  const [port, host] = [Number(url.port), url.hostname];
  const server = createServer((near) => {
    const far = connect(port, host);
    near.on('data', (chunk) => {
      const at = chunk.indexOf(word);
      if (at === -1) return far.write(chunk);
      let cut = 0; // before the message the word is in: each is a letter, four bytes of length, and what follows them
      for (let next = 0; next <= at; next += 1 + chunk.readUInt32BE(next + 1)) cut = next;
      far.end(chunk.subarray(0, cut));
      return near.destroy();
    });
    far.on('data', (chunk) => near.destroyed || near.write(chunk));
    for (const socket of [near, far]) socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  url.port = String((server.address() as { port: number }).port);
  return url.href;
}

t.test('what is flushed behind its commit is on disk when it is answered', async (t) => {
  const database = await createTestDatabase(t);
  await waitForDisk(database.superuserUrl, database.name);
  const { contextKey } = await loadSecrets(database.appUrl, localRootKeys([...TEST_ROOT_KEYS]));
  const watcher = new pg.Client({ connectionString: database.superuserUrl });
  await watcher.connect();
  t.teardown(() => watcher.end());
  const enter = (backend: Backend) => mintContext(contextKey, WORKSPACE, backend, Date.now() + 60_000);
  const pool = openPool(database.appUrl, 1);
  t.teardown(() => pool.destroy());

  const position = async (sql: string): Promise<bigint> => BigInt((await watcher.query(sql)).rows[0].at as string);
  const isDurable = async (finish: (bound: Bound) => void): Promise<boolean> => {
    const written = await pool.transaction(enter, async (bound) => {
      await bound.query(LAZY);
      await bound.query("select pg_catalog.pg_logical_emit_message(true, 'test', $1)", ['x'.repeat(2_000)]);
      const at = await position(INSERTED);
      finish(bound);
      return at;
    });
    return (await position(FLUSHED)) >= written;
  };
  const lazily = [];
  for (let i = 0; i < 20; i++) lazily.push(await isDurable(() => undefined));
  t.ok(lazily.includes(false), 'the commit itself did not wait');
  for (let i = 0; i < 20; i++) t.ok(await isDurable((bound) => bound.flushBehind()));

  const cut = openPool(await fragileWire(t, database.appUrl, 'pg_logical_emit'), 1);
  t.teardown(() => cut.destroy());
  const lost = cut.transaction(enter, async (bound) => {
    await bound.query(LAZY);
    bound.flushBehind();
    return 'committed, for all that is known';
  });
  t.ok(isDatabaseUnavailable(await lost.catch((error: unknown) => error)), 'a session that ends before its flush answers nothing');
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
