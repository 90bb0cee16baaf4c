import { verifyStored } from '../audit/verify-stored.ts';
import { INSTALLATION_WORKSPACE } from '../db/scope.ts';
import { enqueueFor } from './enqueue.ts';
import { workspaceJob, type ScheduledJob } from './job.ts';

const HOUR_MS = 3600_000;
const NIGHTLY_HOUR = 2;

/** Verifies one workspace's log: from the last checkpoint, once a week the whole of it. A broken log is a finding, not a failed job. */
export const verifyAuditLog = workspaceJob({
  name: 'audit.verify',
  input: {},
  run: async (app, scope) => {
    const { ok, fault, toSeq } = await verifyStored(app, scope, 'weekly');
    if (ok) app.log.info('An audit log verifies', { workspaceId: scope.workspaceId, count: toSeq });
    else app.log.error('An audit log does not verify', { workspaceId: scope.workspaceId, code: fault?.kind, count: fault?.seq ?? undefined });
  },
});

/** Every hour: the workspaces where two o'clock in the night has just passed, and at two UTC the installation's own log. */
export const nightlyAuditVerification: ScheduledJob = {
  name: 'audit.nightly',
  schedule: '0 * * * *',
  catchUpMs: 24 * HOUR_MS,
  run: async (app, at) => {
    await app.withSystem('job.schedule', async (tx) => {
      const rows = (await tx.knex('app.workspaces as w').join('sys.workspaces as s', 's.id', 'w.workspace_id').whereNot('s.status', 'terminated').select('s.id', 'w.time_zone')) as { id: string; time_zone: string }[];
      for (const { id, time_zone } of [...rows, { id: INSTALLATION_WORKSPACE, time_zone: 'UTC' }]) {
        if (hasStruck(at, time_zone)) await enqueueFor(tx, id, verifyAuditLog, {}, { key: 'nightly' });
      }
    });
  },
};

/** Whether the clock there passed two within the hour before `at`; also on the night it jumps from two to three. */
export function hasStruck(at: Date, timeZone: string): boolean {
  return localHour(at, timeZone) >= NIGHTLY_HOUR && localHour(new Date(at.getTime() - HOUR_MS), timeZone) < NIGHTLY_HOUR;
}

function localHour(at: Date, timeZone: string): number {
  try {
    return Number(new Intl.DateTimeFormat('en-US', { timeZone, hour: 'numeric', hourCycle: 'h23' }).format(at));
  } catch (error) {
    if (error instanceof RangeError) return at.getUTCHours(); // a zone this program does not know must not keep the log unverified
    throw error;
  }
}
