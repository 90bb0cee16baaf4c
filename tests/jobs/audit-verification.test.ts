import t from 'tap';
import { systemScope } from '../../core/db/scope.ts';
import { nightlyAuditVerification, verifyAuditLog } from '../../core/jobs/audit-verification.ts';
import { hasStruck } from '../../core/jobs/nightly.ts';
import { startWorker } from '../../core/jobs/start-worker.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { openTestApp } from '../support/database.ts';

t.test('two o’clock strikes once a night in every zone, also when clocks change', async (t) => {
  const zones = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Europe/Berlin', 'Australia/Lord_Howe', 'Pacific/Apia', 'not/a-zone'];
  for (const [first, days] of [['2026-03-01T00:00:00Z', 40], ['2026-10-10T00:00:00Z', 40]] as const) {
    for (const zone of zones) {
      let strikes = 0;
      for (let hour = 0; hour < days * 24; hour++) if (hasStruck(new Date(Date.parse(first) + hour * 3600_000), zone)) strikes += 1;
      t.equal(strikes, days, `${zone} from ${first}`);
    }
  }
});

t.test('the nightly run verifies the workspaces where it is two, and leaves the result', async (t) => {
  const { app, database } = await openTestApp(t);
  const willow = await createWorkspace(app, { slug: 'willow', name: 'Willow', timeZone: 'America/New_York' });
  const harbor = await createWorkspace(app, { slug: 'harbor', name: 'Harbor', timeZone: 'Europe/Berlin' });
  await nightlyAuditVerification.run(app, new Date('2026-06-01T06:00:00Z')); // 02:00 in New York, 08:00 in Berlin
  const verified = (id: string) => app.withWorkspace(systemScope(id, 'test'), (tx) => tx.knex('app.audit_verifications').select('ok', 'from_seq')) as Promise<unknown[]>;
  await app.withWorkspace(systemScope(willow, 'test'), async (tx) => void tx.pending.push({ action: 'test.acted', outcome: 'ok', target: null, detail: {} }));
  const worker = await startWorker(app, { jobsUrl: database.jobsUrl, jobs: [verifyAuditLog, nightlyAuditVerification] });
  for (let waited = 0; (await verified(willow)).length === 0 && waited < 25_000; waited += 50) await new Promise((resolve) => setTimeout(resolve, 50));
  await worker.stop();
  t.same(await verified(willow), [{ ok: true, from_seq: 1 }]);
  t.same(await verified(harbor), []);
});
