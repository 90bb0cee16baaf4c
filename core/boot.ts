import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openApp, type App } from './app.ts';
import { ConfigError, type Config } from './config.ts';
import { checkDataFolder } from './data-folder.ts';
import { readRootKeyFile } from './crypto/root-key-file.ts';
import { localRootKeys, MissingRootKeyError } from './crypto/root-keys.ts';
import { startEmbedded, type Embedded } from './db/embedded.ts';
import { assertCatalog } from './db/coverage/check-catalog.ts';
import { recordPluginTables } from './db/plugin-tables.ts';
import { CORE_MIGRATIONS, migrate, missingMigrations, type RuntimeRoles } from './db/migrate.ts';
import { ensureKeyLog } from './audit/store/key-events.ts';
import { ensureSecrets } from './db/secrets.ts';
import { createLog } from './log.ts';
import type { PluginHost } from './plugins/host.ts';
import { checkRecorded, loadHost } from './plugins/load-host.ts';

/** A program brought up as far as its data: PostgreSQL reachable, schema current where the owner's URL is known, keys open. */
export type Booted = {
  readonly app: App;
  readonly host: PluginHost;
  readonly urls: DatabaseUrls;
  /** The bundled PostgreSQL is no more, which is in the log: it was killed, or has given up on a full disk. Nobody but a new start brings it back. */
  readonly databaseGone: Promise<'failed'>;
  close(): Promise<void>;
};
export type DatabaseUrls = { readonly ownerUrl: string | null; readonly appUrl: string; readonly jobsUrl: string };

/** The file the environment names, or root.key in the data folder: where `keys init` puts a root key and where the program looks for it. */
export function rootKeyFile(config: Config): string {
  return config.rootKeysFile ?? join(config.dataDir, 'root.key');
}

/**
 * The configuration with the root keys of that file when the environment gave none by value. First of all that needs the data folder, so a folder
 * that others have a hand in is refused here.
 * @throws ConfigError · MissingRootKeyError · RootKeyFileError for a file that others may read
 */
export async function withRootKeys(config: Config): Promise<Config> {
  await checkDataFolder(config.dataDir);
  if (config.rootKeys.length > 0) return config;
  const file = rootKeyFile(config);
  if (config.rootKeysFile === null && !existsSync(file)) throw new MissingRootKeyError();
  return { ...config, rootKeys: await readRootKeyFile(file) };
}

/** Opens the database (external, or the bundled one, started or joined) without touching its content. */
export async function openDatabase(config: Config): Promise<DatabaseUrls & Pick<Embedded, 'gone' | 'stop'> & { readonly started?: boolean }> {
  if (config.database !== null) return { ...config.database, gone: new Promise(() => undefined), stop: async () => undefined };
  return startEmbedded(config.dataDir);
}

/** Migrates where the owner's URL is known; an external database without it must be migrated already (`wardkeep migrate`). */
export async function migrateDatabase(config: Config, urls: DatabaseUrls, host: PluginHost): Promise<string[]> {
  if (urls.ownerUrl === null) return [];
  const applied = await migrate(urls.ownerUrl, rolesOf(urls), [CORE_MIGRATIONS, ...host.migrations]);
  await recordPluginTables(urls.ownerUrl, host.records);
  const roots = localRootKeys(config.rootKeys);
  await ensureSecrets(urls.ownerUrl, roots);
  await ensureKeyLog(urls.ownerUrl, roots);
  return applied;
}

/** The run-time roles by the names in their URLs. */
export function rolesOf(urls: DatabaseUrls): RuntimeRoles {
  return { app: decodeURIComponent(new URL(urls.appUrl).username), jobs: decodeURIComponent(new URL(urls.jobsUrl).username) };
}

/**
 * An upgrade is for a program that stays, or for who asks for it, and for nobody while others are at work on the database: they may be of the version
 * before. Whatever else a new program is asked, a backup above all, must leave the way back open.
 * @throws ConfigError
 */
export async function refuseUpgrade(database: DatabaseUrls & { readonly started?: boolean }, host: PluginHost, migrates: boolean): Promise<void> {
  if (database.ownerUrl === null || (migrates && database.started !== false)) return;
  const missing = await missingMigrations(database.ownerUrl, [CORE_MIGRATIONS, ...host.migrations]);
  if (missing.length === 0) return;
  throw new ConfigError([`the database is of a version before this program's (it lacks ${missing.join(', ')}), and nothing was changed. Back it up with the program of that version; then stop that and start this one, or run \`wardkeep migrate\``]);
}

/** Everything up to the app, on a database that keeps workspaces apart or not at all; what was started here is stopped by close(). `migrates`: also one of a version before. */
export async function boot(given: Config, { host: loaded, migrates = true }: { readonly host?: PluginHost; readonly migrates?: boolean } = {}): Promise<Booted> {
  const config = await withRootKeys(given);
  const host = loaded ?? (await loadHost(config));
  const database = await openDatabase(config);
  try {
    await refuseUpgrade(database, host, migrates);
    await migrateDatabase(config, database, host);
    await checkRecorded(database.appUrl, host);
    await assertCatalog(database.appUrl, { roles: rolesOf(database) });
    const log = createLog(config.logLevel);
    const app = await openApp({ config, log, appUrl: database.appUrl, jobsUrl: database.jobsUrl, plugged: host.plugged });
    return {
      app,
      host,
      urls: database,
      databaseGone: database.gone.then(() => {
        log.error('The bundled PostgreSQL has ended');
        return 'failed' as const;
      }),
      close: async () => {
        await app.close();
        await database.stop();
      },
    };
  } catch (error) {
    await database.stop();
    throw error;
  }
}
