import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import knexModule, { type Knex } from 'knex';
import { migrateQueue } from './queue-schema.ts';
import { quoteName } from './quote-name.ts';
import { withConnection } from './single-connection.ts';

/**
 * Schema changes. SQL files in order, each run once in one transaction under an advisory lock, so several programs may start at once; the
 * history lives in `sys_history` with names that carry no file ending (a source tree and the binary must agree about history).
 * knex refuses a database that has migrations this program does not know: an old program never runs on a newer schema.
 */
export type MigrationFolder = { readonly dir: string; readonly historyTable: string };
/** The core's own folder; each plugin brings another with a history of its own. */
export const CORE_MIGRATIONS: MigrationFolder = { dir: fileURLToPath(new URL('../../migrations', import.meta.url)), historyTable: 'core' };
export type RuntimeRoles = { readonly app: string; readonly jobs: string };

const SILENT = { warn: () => undefined, error: () => undefined, debug: () => undefined };
const MIGRATION_LOCK = 0x57_4b_4d_31; // any constant of our own: "WKM1"

export async function migrate(ownerUrl: string, roles: RuntimeRoles, folders: readonly MigrationFolder[]): Promise<string[]> {
  const knex = knexModule({ client: 'pg', connection: ownerUrl, pool: { min: 0, max: 2 }, log: SILENT });
  try {
    return await underAdvisoryLock(knex, async () => {
      const applied: string[] = [];
      await knex.raw('create schema if not exists history');
      await migrateQueue(ownerUrl);
      for (const folder of folders) {
        const config: Knex.MigratorConfig = { migrationSource: sqlSource(folder.dir, roles), tableName: folder.historyTable, schemaName: 'history' };
        // A program killed while migrating leaves knex's lock row set; we hold the advisory lock, so nobody else can be migrating.
        await knex.migrate.forceFreeMigrationsLock(config);
        const [, names] = (await knex.migrate.latest(config).catch(ofNewerVersion)) as [number, string[]];
        applied.push(...names);
      }
      return applied;
    });
  } finally {
    await knex.destroy();
  }
}

/** Migrations that the program has and the database has not; none where nothing has been migrated yet. Changes nothing. */
export function missingMigrations(ownerUrl: string, folders: readonly MigrationFolder[]): Promise<string[]> {
  return withConnection(ownerUrl, async (knex) => {
    const isThere = (table: string) => knex.schema.withSchema('history').hasTable(table);
    if (!(await isThere(CORE_MIGRATIONS.historyTable))) return [];
    const missing: string[] = [];
    for (const { dir, historyTable } of folders) {
      const done = (await isThere(historyTable)) ? await knex.withSchema('history').from(historyTable).pluck<string[]>('name') : [];
      missing.push(...filesIn(dir).map(nameOf).filter((name) => !done.includes(name)));
    }
    return missing;
  });
}

const filesIn = (dir: string): string[] => readdirSync(dir).filter((file) => file.endsWith('.sql')).sort();
const nameOf = (file: string): string => basename(file, '.sql');

/** In knex's words the program's folder is corrupt. */
function ofNewerVersion(error: Error): never {
  const names = /following files are missing: (.*)$/.exec(error.message)?.[1];
  throw names === undefined ? error : new Error(`The database is of a later version than this program, which does not know its migrations ${names}. Start that version; there is no way back but a backup from before.`, { cause: error });
}

async function underAdvisoryLock<T>(knex: Knex, work: () => Promise<T>): Promise<T> {
  const connection = (await knex.client.acquireConnection()) as { query(sql: string, values: unknown[]): Promise<unknown> };
  try {
    await connection.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    try {
      return await work();
    } finally {
      await connection.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    }
  } finally {
    await knex.client.releaseConnection(connection);
  }
}

function sqlSource(dir: string, roles: RuntimeRoles): Knex.MigrationSource<string> {
  return {
    getMigrations: async () => filesIn(dir),
    getMigrationName: nameOf,
    getMigration: async (file) => ({
      up: async (knex: Knex) => {
        try {
          await knex.raw(withRoles(readFileSync(join(dir, file), 'utf8'), roles).replaceAll('?', '\\?'));
        } catch (cause) {
          // knex puts the statement, here the whole file, in front of the server's message.
          const { message } = cause as Error;
          const reason = message.slice(message.lastIndexOf(' - ') + 1).replace(/^- /, '');
          throw new Error(`Migration ${nameOf(file)} failed and was rolled back: ${reason}`);
        }
      },
      down: async () => {
        throw new Error(`Migration ${file} has no way down: restore a backup to go back.`);
      },
    }),
  };
}

export function withRoles(sql: string, roles: RuntimeRoles): string {
  return sql
    .replaceAll('{{app}}', quoteName(roles.app))
    .replaceAll('{{jobs}}', quoteName(roles.jobs))
    .replaceAll("'{{jobs:name}}'", `'${roles.jobs.replaceAll("'", "''")}'`);
}
