import Hapi from '@hapi/hapi';
import pg from 'pg';
import t from 'tap';
import type { App } from '../../core/app.ts';
import { asSuperuser } from '../../core/db/embedded.ts';
import { isDatabaseUnavailable } from '../../core/db/unavailable.ts';
import { openPool } from '../../core/db/pool.ts';
import { createLog } from '../../core/log.ts';
import { refusalsPlugin } from '../../core/http/refusals.ts';
import { createTestDatabase } from '../support/database.ts';

t.test('a database that is away is a service that is not ready, and is logged', async (t) => {
  const database = await createTestDatabase(t);
  const lines: { message: string; err: { code?: string } }[] = [];
  const server = Hapi.server({ debug: false });
  await server.register({ plugin: refusalsPlugin, options: { app: { log: createLog('error', (line) => lines.push(JSON.parse(line))) } as App } });

  const nobody = openPool('postgres://wardkeep_app:x@127.0.0.1:1/wardkeep', 1);
  t.teardown(() => nobody.destroy());
  const ended = async () => {
    const client = new pg.Client({ connectionString: database.appUrl });
    client.on('error', () => undefined);
    await client.connect();
    const { pid } = (await client.query('select pg_backend_pid() as pid')).rows[0] as { pid: number };
    const waiting = client.query('select pg_sleep(60)');
    waiting.catch(() => undefined);
    await asSuperuser(database.superuserUrl, (other) => other.query('select pg_terminate_backend($1, 5000)', [pid]));
    return waiting;
  };
  const closed = async () => {
    const client = new pg.Client({ connectionString: database.appUrl });
    client.on('error', () => undefined);
    await client.connect();
    const waiting = client.query('select pg_sleep(60)');
    waiting.catch(() => undefined);
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    return waiting;
  };
  const full = async () => {
    const pool = openPool(database.appUrl, 1);
    pool.knex.client.pool.acquireTimeoutMillis = 50;
    const held = await pool.knex.client.acquireConnection();
    try {
      return await pool.knex.raw('select 1');
    } finally {
      await pool.knex.client.releaseConnection(held);
      await pool.destroy();
    }
  };
  const deadlocked = async () => {
    const clients = [new pg.Client({ connectionString: database.appUrl }), new pg.Client({ connectionString: database.appUrl })] as const;
    const take = (client: pg.Client, lock: number) => client.query('select pg_advisory_xact_lock($1)', [lock]);
    try {
      await Promise.all(clients.map(async (client, at) => { await client.connect(); await client.query('begin'); await take(client, at); }));
      // PostgreSQL gives up one of the two; the other goes on when that one is rolled back.
      return await Promise.all(clients.map((client, at) => take(client, 1 - at)));
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
  };
  const wrong = async () => {
    const client = new pg.Client({ connectionString: database.appUrl });
    await client.connect();
    try {
      return await client.query('select no_such_column');
    } finally {
      await client.end();
    }
  };
  server.route([
    { method: 'GET', path: '/api/refused', handler: () => nobody.knex.raw('select 1') },
    { method: 'GET', path: '/api/ended', handler: ended },
    { method: 'GET', path: '/api/closed', handler: closed },
    { method: 'GET', path: '/api/full', handler: full },
    { method: 'GET', path: '/api/deadlocked', handler: deadlocked },
    { method: 'GET', path: '/api/wrong', handler: wrong },
  ]);
  for (const path of ['/api/refused', '/api/ended', '/api/closed', '/api/full', '/api/deadlocked']) {
    const { statusCode, headers, payload } = await server.inject(path);
    t.match({ statusCode, headers, ...JSON.parse(payload) }, { statusCode: 503, headers: { 'retry-after': /^\d+$/ }, code: 'system.unavailable' }, path);
    t.match(lines.pop(), { message: 'request failed' }, 'and logged');
  }
  t.equal((await server.inject('/api/wrong')).statusCode, 500, 'a statement that is wrong is our fault');
});

t.test('by its code', async (t) => {
  const coded = (code: string) => isDatabaseUnavailable(Object.assign(new Error('x'), { code }));
  for (const code of ['08006', '57P01', '57P02', '57P03', '53300', '40P01', '40001', 'ECONNRESET']) t.ok(coded(code), code);
  for (const code of ['57014', '57P04', '42501', '23505', 'ENOENT']) t.notOk(coded(code), code);
  t.notOk(isDatabaseUnavailable('ECONNREFUSED'));

  // As Objection and knex hand them on.
  const wrapped = (error: Error) => Object.assign(new Error(`select 1 - ${error.message}`), { name: 'DBError', nativeError: error });
  t.ok(isDatabaseUnavailable(wrapped(Object.assign(new Error('x'), { code: '57P01' }))));
  t.ok(isDatabaseUnavailable(new Error('select "id" from "contacts" - Connection terminated unexpectedly')));
  t.notOk(isDatabaseUnavailable(wrapped(Object.assign(new Error('x'), { code: '23505' }))));
});
