import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Test } from 'tap';
import { openApp, type App } from '../../core/app.ts';
import { readConfig, type Config } from '../../core/config.ts';
import { asSuperuser, createDatabase, withDatabase, type EmbeddedUrls } from '../../core/db/embedded.ts';
import { quoteName } from '../../core/db/quote-name.ts';
import type { Plugged } from '../../core/db/scope.ts';
import { createLog } from '../../core/log.ts';
import { startTestCluster, TEST_ROOT_KEYS, type TestCluster } from './cluster.ts';

/** `superuserUrl`, too, leads into the test's own database. */
export type TestDatabase = EmbeddedUrls & { readonly name: string };
type Parent = Pick<Test, 'teardown'>;

/**
 * A migrated, empty database of the test's own, cloned from the template and dropped at the test's teardown. Under `npm test` it lives in the
 * run's one PostgreSQL (WARDKEEP_TEST_POSTGRES, the JSON of its four URLs); a file run alone starts one and stops it.
 */
export async function createTestDatabase(t: Parent): Promise<TestDatabase> {
  const shared = process.env['WARDKEEP_TEST_POSTGRES'];
  const cluster = shared === undefined ? await borrowOwnCluster(t) : (JSON.parse(shared) as EmbeddedUrls);
  const name = `test_${randomBytes(6).toString('hex')}`;
  t.teardown(() => asSuperuser(cluster.superuserUrl, (client) => dropDatabase(client, name)));
  await createDatabase(cluster.superuserUrl, name, 'wardkeep');
  return {
    name,
    superuserUrl: withDatabase(cluster.superuserUrl, name),
    ownerUrl: withDatabase(cluster.ownerUrl, name),
    appUrl: withDatabase(cluster.appUrl, name),
    jobsUrl: withDatabase(cluster.jobsUrl, name),
  };
}

/** Connections that are just being closed get a moment to go: force would end them with an error nobody listens for any more. */
async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  for (let left = 40; left > 0; left--) {
    const { rows } = await client.query('select from pg_stat_activity where datname = $1', [name]);
    if (rows.length === 0) break;
    await sleep(50);
  }
  await client.query(`drop database if exists ${quoteName(name)} with (force)`);
}

/** A whole program on a database of its own, silent, closed at the test's teardown. `change` overrides settings. */
export async function openTestApp(t: Parent, change: Partial<Config> = {}, plugged?: Plugged): Promise<{ app: App; config: Config; database: TestDatabase }> {
  const database = await createTestDatabase(t);
  const config: Config = { ...readConfig('demo', {}), rootKeys: [...TEST_ROOT_KEYS], logLevel: 'silent', rateLimits: { signedIn: null, anonymous: null }, ...change };
  const app = await openApp({ config, log: createLog(config.logLevel), appUrl: database.appUrl, jobsUrl: database.jobsUrl, ...(plugged === undefined ? {} : { plugged }) });
  t.teardown(() => app.close()); // tap runs teardowns last one first: the program is closed before its database goes
  return { app, config, database };
}

let own: Promise<TestCluster> | null = null;
let borrowers = 0;

/** One PostgreSQL for a file run alone; the last test to end, or a signal, stops it. */
async function borrowOwnCluster(t: Parent): Promise<EmbeddedUrls> {
  own ??= startTestCluster();
  borrowers++;
  const stop = async () => {
    const cluster = await own;
    own = null;
    await cluster?.stop();
  };
  const stopAndExit = () => void stop().finally(() => process.exit(130));
  process.once('SIGINT', stopAndExit).once('SIGTERM', stopAndExit);
  t.teardown(async () => {
    process.off('SIGINT', stopAndExit).off('SIGTERM', stopAndExit);
    if (--borrowers === 0) await stop();
  });
  return own;
}
