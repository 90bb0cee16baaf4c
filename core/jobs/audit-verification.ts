import { verifyStored } from '../audit/verify-stored.ts';
import { INSTALLATION_WORKSPACE } from '../db/scope.ts';
import { workspaceJob } from './job.ts';
import { nightly } from './nightly.ts';

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

/** Of every workspace, and of the installation's own log. */
export const nightlyAuditVerification = nightly('audit.nightly', verifyAuditLog, [{ id: INSTALLATION_WORKSPACE, time_zone: 'UTC' }]);
