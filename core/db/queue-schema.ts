import { Logger, runMigrations } from 'graphile-worker';

/** The queue's own tables, made or brought up to date as the owner; migrations/0005_jobs.sql grants what the jobs role needs of them. */
export async function migrateQueue(ownerUrl: string): Promise<void> {
  await runMigrations({ connectionString: ownerUrl, schema: 'graphile_worker', maxPoolSize: 2, noHandleSignals: true, logger: new Logger(() => () => undefined) });
}
