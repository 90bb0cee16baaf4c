import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { startWorker } from '../../core/jobs/start-worker.ts';
import { ImportBatch, ImportSource } from '../../core/practice/imports/model.ts';
import { batchPage } from '../../core/practice/imports/read-batches.ts';
import { IMPORT_JOBS } from '../../core/practice/imports/sweep-sources.ts';
import { openTestApp } from '../support/database.ts';
import { createPeople, scopeAs } from '../support/people.ts';
import { auditOf, rows } from '../support/rows.ts';

const HOUR_MS = 3600_000;
const ago = (hours: number) => new Date(Date.now() - hours * HOUR_MS);

t.test('spreadsheets that nobody will ask for again are dropped at night; what became of their rows stays', async (t) => {
  const { app, database } = await openTestApp(t);
  const people = await createPeople(app);
  const scope = scopeAs(people.admin);
  const add = (status: ImportBatch['status'], hours: number): Promise<string> => app.withWorkspace(scope, async (tx) => {
    const { id } = await ImportBatch.query(tx).insert({ kind: 'csv', status, total: 2, refused: 1, starter_name: 'Ada', created_at: ago(hours), touched_at: ago(hours) });
    await ImportSource.query(tx).insert({ id, content: 'QQ==' });
    return id;
  });
  const forgotten = await add('mapping', 25);
  const waiting = await add('mapping', 23);
  const old = await add('done', 31 * 24);
  const recent = await add('done', 29 * 24);
  const cut = await add('failed', 31 * 24);

  const worker = await startWorker(app, { jobsUrl: database.jobsUrl, jobs: IMPORT_JOBS });
  for (const job of IMPORT_JOBS) if ('schedule' in job) await job.run(app, new Date());
  const left = async (): Promise<string[]> => (await rows<{ id: string }>(database, 'select id from app.import_sources order by created_at, id')).map(({ id }) => id);
  for (let waited = 0; (await left()).length > 2 && waited < 25_000; waited += 50) await sleep(50);
  await worker.stop();
  t.same((await left()).sort(), [waiting, recent].sort());
  const batches = new Map((await rows<{ id: string; status: string }>(database, 'select id, status from app.import_batches')).map(({ id, status }) => [id, status]));
  t.same([forgotten, waiting, old, recent, cut].map((id) => batches.get(id)), ['failed', 'mapping', 'done', 'done', 'failed']);
  t.same((await auditOf(database, people.workspaceId)).filter(({ action }) => action === 'import.sources_swept').map(({ detail }) => detail), [{ waiting: 1, finished: 2 }]);
  const hrefOf = (id: string) => app.withWorkspace(scope, async (tx) => (await batchPage(tx, id)).refusedHref);
  t.same([await hrefOf(old), await hrefOf(recent)], [null, `/imports/${recent}/refused.csv`], 'no link to what is gone');
});
