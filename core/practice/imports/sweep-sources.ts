import { record } from '../../audit/record.ts';
import type { Tx } from '../../db/scope.ts';
import { enqueueFor } from '../../jobs/enqueue.ts';
import { workspaceJob, type Job, type ScheduledJob } from '../../jobs/job.ts';
import { ImportBatch, ImportSource } from './model.ts';

const HOUR_MS = 3600_000;
const WAITING_MS = 24 * HOUR_MS;
const FINISHED_MS = 30 * 24 * HOUR_MS;

/** Ends spreadsheets whose columns nobody matched within a day, and drops them and those imported a month ago. Their batches and outcomes stay. */
export async function sweepSources(tx: Tx): Promise<void> {
  const abandoned = await ImportBatch.query(tx).where({ status: 'mapping' }).where('created_at', '<', new Date(tx.now - WAITING_MS)).patch({ status: 'failed', touched_at: new Date(tx.now) }).returning('id');
  const waiting = abandoned.length === 0 ? 0 : await ImportSource.query(tx).whereIn('id', abandoned.map(({ id }) => id)).delete();
  const finished = await ImportSource.query(tx).whereIn('id', ImportBatch.query(tx).whereNot({ status: 'mapping' }).where('touched_at', '<', new Date(tx.now - FINISHED_MS)).select('id')).delete();
  if (waiting + finished > 0) record(tx, { action: 'import.sources_swept', detail: { waiting, finished } });
}

const sweepImportSources = workspaceJob({
  name: 'import.sweep',
  input: {},
  run: (app, scope) => app.withWorkspace(scope, sweepSources),
});

const nightlyImportSweep: ScheduledJob = {
  name: 'import.nightly',
  schedule: '40 3 * * *',
  catchUpMs: 24 * HOUR_MS,
  run: async (app) => {
    await app.withSystem('job.schedule', async (tx) => {
      const workspaces = (await tx.knex('sys.workspaces').whereNot('status', 'terminated').select('id')) as { id: string }[];
      for (const { id } of workspaces) await enqueueFor(tx, id, sweepImportSources, {}, { key: 'nightly' });
    });
  },
};

export const IMPORT_JOBS: readonly Job[] = [sweepImportSources, nightlyImportSweep];
