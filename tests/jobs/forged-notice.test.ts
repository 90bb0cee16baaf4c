import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { record } from '../../core/audit/record.ts';
import { asSuperuser } from '../../core/db/embedded.ts';
import { systemScope } from '../../core/db/scope.ts';
import { enqueue } from '../../core/jobs/enqueue.ts';
import { workspaceJob } from '../../core/jobs/job.ts';
import { startWorker } from '../../core/jobs/start-worker.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { openTestApp } from '../support/database.ts';

t.test('a notification that anybody can send does not stop the workers', async (t) => {
  const { app, database } = await openTestApp(t);
  const scope = systemScope(await createWorkspace(app, { slug: 'willow', name: 'Willow', timeZone: 'UTC' }), 'test');
  let ran = 0;
  const job = workspaceJob({ name: 'letter.send', input: { copies: 'integer' }, run: async () => void (ran += 1) });
  const worker = await startWorker(app, { jobsUrl: database.jobsUrl, jobs: [job] });
  const send = async () => {
    await app.withWorkspace(scope, async (tx) => {
      await enqueue(tx, job, { copies: 1 });
      record(tx, { action: 'letter.requested' });
    });
    const due = ran + 1;
    // Longer than the worker's poll (20 s): a job that comes before it listens is found by that alone. One that stopped finds none.
    for (let waited = 0; ran < due && waited < 25_000; waited += 50) await sleep(50);
  };
  await send();
  t.equal(ran, 1, 'it works and listens');
  await asSuperuser(database.appUrl, (client) => client.query(`select pg_notify('worker:migrate', '{"breaking":true,"migrationNumber":99}')`));
  await sleep(300);
  await send();
  t.equal(ran, 2);
  await worker.stop();
});
