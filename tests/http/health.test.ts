import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { asSuperuser } from '../../core/db/embedded.ts';
import { quoteName } from '../../core/db/quote-name.ts';
import { composeServer } from '../../core/server.ts';
import { openTestApp } from '../support/database.ts';

const ANSWER_LASTS_MS = 1_000;

t.test('live while the process answers, ready while the database does', async (t) => {
  const { app, database } = await openTestApp(t);
  const server = await composeServer(app, { tls: null, host: 'localhost', port: 0 });
  const ask = async (path: string) => {
    const { statusCode, payload } = await server.inject(path);
    return { statusCode, payload };
  };
  t.strictSame(await ask('/health/live'), { statusCode: 200, payload: 'live\n' });
  t.strictSame(await ask('/health/ready'), { statusCode: 200, payload: 'ready\n' });

  // `postgres`: the connection that says so must not be one to the database itself.
  const elsewhere = new URL(database.superuserUrl);
  elsewhere.pathname = '/postgres';
  const allow = (allowed: boolean) => asSuperuser(elsewhere.href, (client) => client.query(`alter database ${quoteName(database.name)} allow_connections ${allowed ? 'true' : 'false'}`));
  await allow(false);
  await asSuperuser(elsewhere.href, (client) => client.query('select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1', [database.name]));
  await sleep(ANSWER_LASTS_MS);
  t.strictSame(await ask('/health/ready'), { statusCode: 503, payload: 'not ready\n' }, 'and it says no more than that');
  t.strictSame(await ask('/health/live'), { statusCode: 200, payload: 'live\n' });

  await allow(true);
  await sleep(ANSWER_LASTS_MS);
  t.strictSame(await ask('/health/ready'), { statusCode: 200, payload: 'ready\n' });
});

t.test('many who ask at once are one question to the database', async (t) => {
  const { app } = await openTestApp(t);
  let pings = 0;
  const counting = { ...app, ping: () => { pings += 1; return app.ping(); } };
  const server = await composeServer(counting, { tls: null, host: 'localhost', port: 0 });
  const answers = await Promise.all(Array.from({ length: 20 }, () => server.inject('/health/ready')));
  t.ok(answers.every(({ statusCode }) => statusCode === 200));
  t.equal(pings, 1);
});

t.test('a database that does not come to an answer is asked once, and is not ready', async (t) => {
  const { app } = await openTestApp(t);
  let pings = 0;
  let answer: () => void = () => undefined;
  const hanging = { ...app, ping: () => { pings += 1; return new Promise<void>((resolve) => { answer = resolve; }); } };
  const server = await composeServer(hanging, { tls: null, host: 'localhost', port: 0 });
  for (let n = 0; n < 2; n += 1) t.equal((await server.inject('/health/ready')).statusCode, 503, 'after two seconds');
  t.equal(pings, 1, 'the first is still waited for');
  answer();
  const again = server.inject('/health/ready');
  await sleep(100);
  answer();
  t.equal((await again).statusCode, 200);
  t.equal(pings, 2);
});

t.test('no address is turned away', async (t) => {
  const { app } = await openTestApp(t, { rateLimits: { signedIn: 60, anonymous: 60 } });
  const server = await composeServer(app, { tls: null, host: 'localhost', port: 0 });
  for (let n = 0; n < 70; n += 1) await server.inject('/sign-in');
  t.equal((await server.inject('/sign-in')).statusCode, 429);
  for (const path of ['/health/live', '/health/ready']) t.equal((await server.inject(path)).statusCode, 200, path);
});
