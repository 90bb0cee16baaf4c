import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openApp, type App } from '../../core/app.ts';
import { ensureKeyLog } from '../../core/audit/store/key-events.ts';
import { readConfig, type Config } from '../../core/config.ts';
import { localRootKeys } from '../../core/crypto/root-keys.ts';
import { asSuperuser, createDatabase, startEmbedded, withDatabase, type EmbeddedUrls } from '../../core/db/embedded.ts';
import { CORE_MIGRATIONS, migrate } from '../../core/db/migrate.ts';
import { ensureSecrets } from '../../core/db/secrets.ts';
import { createLog } from '../../core/log.ts';
import { TEST_ROOT_KEYS } from '../support/cluster.ts';
import { createPeople, type People } from '../support/people.ts';
import { loadContacts } from './load-contacts.ts';

/**
 * A real installation beside its floor: one bundled PostgreSQL with the settings it ships with (fsync on), the program's database and one
 * called `floor` that holds the same contacts in the clear, without row-level security.
 */
export type Installation = {
  readonly folder: string;
  readonly config: Config;
  readonly urls: EmbeddedUrls;
  readonly app: App;
  readonly people: People;
  /** Connections as the run-time role to the database `floor`. */
  readonly floor: pg.Pool;
  readonly contacts: number;
  close(): Promise<void>;
};

const CONNECTIONS = 10;

/** `keepIn`: a folder that outlives the run and is used again by the next one with as many contacts; null: a temporary one. */
export async function openInstallation({ keepIn, contacts, say }: { keepIn: string | null; contacts: number; say: (line: string) => void }): Promise<Installation> {
  const folder = keepIn === null ? await mkdtemp(join(tmpdir(), 'wardkeep-bench-')) : join(keepIn, `contacts-${contacts}`);
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755); // as root, PostgreSQL runs as another user and must reach its folder
  const urls = await startEmbedded(folder);
  const config: Config = { ...readConfig('demo', {}), dataDir: folder, rootKeys: [...TEST_ROOT_KEYS], logLevel: 'silent', rateLimits: { signedIn: null, anonymous: null } };
  const roots = localRootKeys(config.rootKeys);
  await migrate(urls.ownerUrl, { app: 'wardkeep_app', jobs: 'wardkeep_jobs' }, [CORE_MIGRATIONS]);
  await ensureSecrets(urls.ownerUrl, roots);
  await ensureKeyLog(urls.ownerUrl, roots);
  const app = await openApp({ config, log: createLog(config.logLevel), appUrl: urls.appUrl, jobsUrl: urls.jobsUrl, poolSize: CONNECTIONS });
  const floor = new pg.Pool({ connectionString: withDatabase(urls.appUrl, 'floor'), max: CONNECTIONS });
  floor.on('error', () => undefined); // connections that idle while the server stops
  const people = await onceFilled(folder, async () => {
    say(`Loading ${contacts} contacts, sealed and in the clear …`);
    await createFloor(urls);
    const made = await createPeople(app, `bench-${randomUUID().slice(0, 8)}`);
    await loadContacts(app, made, floor, contacts);
    await asSuperuser(withDatabase(urls.superuserUrl, 'wardkeep'), (client) => client.query('vacuum analyze'));
    await asSuperuser(withDatabase(urls.superuserUrl, 'floor'), (client) => client.query('vacuum analyze'));
    await asSuperuser(urls.superuserUrl, (client) => client.query('checkpoint')); // or what was loaded is still being written while the first line is measured
    return made;
  });
  return {
    folder, config, urls, app, people, floor, contacts,
    async close() {
      await floor.end();
      await app.close();
      await urls.stop();
      if (keepIn === null) await rm(folder, { recursive: true, force: true });
    },
  };
}

async function createFloor(urls: EmbeddedUrls): Promise<void> {
  await createDatabase(urls.superuserUrl, 'floor');
  await asSuperuser(withDatabase(urls.superuserUrl, 'floor'), (client) => client.query(readFileSync(new URL('./floor.sql', import.meta.url), 'utf8')));
}

/** The people are written down last: a folder without them was never finished. */
async function onceFilled(folder: string, fill: () => Promise<People>): Promise<People> {
  const file = join(folder, 'people.json');
  if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8')) as People;
  const people = await fill();
  await writeFile(file, JSON.stringify(people), { mode: 0o600 });
  return people;
}
