import { Logger, parseCronItems, run, type JobHelpers } from 'graphile-worker';
import type { App } from '../app.ts';
import { isUuid } from '../crypto/uuid.ts';
import { openQueuePool } from '../db/queue-pool.ts';
import { systemScope } from '../db/scope.ts';
import { Fault } from '../errors.ts';
import { checkInput, type Job, type ScheduledJob, type WorkspaceJob } from './job.ts';

/** Jobs at a time, each program. */
const CONCURRENCY = 2;
/** A new job wakes the worker by NOTIFY; polling only finds those whose time has come since (retries, later jobs). */
const POLL_MS = 20_000;

export type Worker = { /** Takes no new job, waits for those running, closes its connections. */ stop(): Promise<void> };

/**
 * Works the queue under the jobs role. A failed job is tried again after e, e², e³ … e¹⁰ seconds, at most 12 times within sixteen hours.
 * What a handler throws is logged by name and code and kept as its code alone: drivers quote row values in their messages.
 */
export async function startWorker(app: App, options: { readonly jobsUrl: string; readonly jobs: readonly Job[] }): Promise<Worker> {
  const { jobsUrl, jobs } = options;
  const pool = openQueuePool(jobsUrl, CONCURRENCY + 1, (err) => app.log.warn('The job queue lost a connection', { err }));
  const runner = await run({
    pgPool: pool,
    schema: 'graphile_worker', // not the environment's, nor a file's
    concurrency: CONCURRENCY,
    pollInterval: POLL_MS,
    noHandleSignals: true,
    logger: new Logger((scope) => (level, _message, meta) => {
      // Failures of jobs are logged by the handler below, with more; the library's texts would repeat the thrown message.
      if (level === 'error' && scope.jobId === undefined) app.log.error('The job queue reported a fault', { err: meta?.['error'] });
    }),
    taskList: Object.fromEntries(jobs.map((job) => [job.name, (payload: unknown, helpers: JobHelpers) => runJob(app, job, payload, helpers)])),
    parsedCronItems: parseCronItems(jobs.filter(isScheduled).map(({ name, schedule, catchUpMs }) => ({ task: name, identifier: name, match: schedule, options: { backfillPeriod: catchUpMs, maxAttempts: 5 } }))),
  });
  return {
    async stop() {
      await runner.stop();
      await pool.end();
    },
  };
}

async function runJob(app: App, job: Job, payload: unknown, { job: row }: JobHelpers): Promise<void> {
  const started = Date.now();
  const workspaceId = workspaceOf(payload);
  try {
    if (isScheduled(job)) await job.run(app, new Date((payload as { _cron: { ts: string } })._cron.ts));
    else await runForWorkspace(app, job, payload, workspaceId);
    app.log.debug('A job is done', { job: job.name, jobId: row.id, workspaceId, ms: Date.now() - started });
  } catch (err) {
    app.log.error(row.attempts >= row.max_attempts ? 'A job failed for good' : 'A job failed and will be tried again', { job: job.name, jobId: row.id, workspaceId, count: row.attempts, err });
    throw new Error(err instanceof Fault ? err.code : err instanceof Error ? err.name : 'unknown');
  }
}

async function runForWorkspace(app: App, job: WorkspaceJob, payload: unknown, workspaceId: string | undefined): Promise<void> {
  if (workspaceId === undefined) throw new TypeError('A job in the queue names no workspace.');
  await job.run(app, systemScope(workspaceId, job.name), checkInput(job, (payload as { input: unknown }).input));
}

function workspaceOf(payload: unknown): string | undefined {
  const { workspace } = payload as { workspace?: unknown };
  return isUuid(workspace) ? workspace : undefined;
}

function isScheduled(job: Job): job is ScheduledJob {
  return 'schedule' in job;
}
