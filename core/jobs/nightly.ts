import { enqueueFor } from './enqueue.ts';
import type { ScheduledJob, WorkspaceJob } from './job.ts';

const HOUR_MS = 3600_000;
const NIGHTLY_HOUR = 2;

type Place = { readonly id: string; readonly time_zone: string };

/** Every hour: a job for the workspaces where two o'clock in the night has just passed, and for `others` beside them. */
export function nightly(name: string, job: WorkspaceJob<Record<never, never>>, others: readonly Place[] = []): ScheduledJob {
  return {
    name,
    schedule: '0 * * * *',
    catchUpMs: 24 * HOUR_MS,
    run: async (app, at) => {
      await app.withSystem('job.schedule', async (tx) => {
        const rows = (await tx.knex('app.workspaces as w').join('sys.workspaces as s', 's.id', 'w.workspace_id').whereNot('s.status', 'terminated').select('s.id', 'w.time_zone')) as Place[];
        for (const { id, time_zone } of [...rows, ...others]) if (hasStruck(at, time_zone)) await enqueueFor(tx, id, job, {}, { key: 'nightly' });
      });
    },
  };
}

/** Whether the clock there passed two within the hour before `at`; also on the night it jumps from two to three. */
export function hasStruck(at: Date, timeZone: string): boolean {
  return localHour(at, timeZone) >= NIGHTLY_HOUR && localHour(new Date(at.getTime() - HOUR_MS), timeZone) < NIGHTLY_HOUR;
}

function localHour(at: Date, timeZone: string): number {
  try {
    return Number(new Intl.DateTimeFormat('en-US', { timeZone, hour: 'numeric', hourCycle: 'h23' }).format(at));
  } catch (error) {
    if (error instanceof RangeError) return at.getUTCHours(); // a zone this program does not know must not keep the night's work undone
    throw error;
  }
}
