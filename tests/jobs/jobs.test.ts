import t from 'tap';
import pg from 'pg';
import { record } from '../../core/audit/record.ts';
import { systemScope, type Scope } from '../../core/db/scope.ts';
import { fault } from '../../core/errors.ts';
import { enqueue, enqueueFor } from '../../core/jobs/enqueue.ts';
import { workspaceJob, type Job } from '../../core/jobs/job.ts';
import { jobHealth } from '../../core/jobs/job-health.ts';
import { startWorker } from '../../core/jobs/start-worker.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { openTestApp } from '../support/database.ts';

const { app, database } = await openTestApp(t);
const willow = systemScope(await createWorkspace(app, { slug: 'willow', name: 'Willow', timeZone: 'America/New_York' }), 'test');
const harbor = systemScope(await createWorkspace(app, { slug: 'harbor', name: 'Harbor', timeZone: 'Asia/Kolkata' }), 'test');
const CONTACT = '018f0000-0000-7000-8000-0000000000aa';

type Ran = { readonly scope: Scope; readonly input: unknown };
const letter = (ran: Ran[], then: () => Promise<void> = async () => undefined) => workspaceJob({
  name: 'letter.send',
  input: { contactId: 'id', copies: 'integer', kind: ['recall', 'result'] },
  run: async (_app, scope, input) => {
    ran.push({ scope, input });
    await then();
  },
});
const input = { contactId: CONTACT, copies: 2, kind: 'recall' as const };
/** Longer than the worker's poll (20 s): a job that comes between its first look and its listening is found by that alone. */
const work = async (jobs: readonly Job[], until: () => boolean | Promise<boolean>) => {
  const worker = await startWorker(app, { jobsUrl: database.jobsUrl, jobs });
  for (let waited = 0; !(await until()) && waited < 25_000; waited += 50) await new Promise((resolve) => setTimeout(resolve, 50));
  await worker.stop();
};
const raw = async (url: string, sql: string, values: unknown[] = []) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
};

t.test('a job runs for the workspace that asked, as the system', async (t) => {
  const ran: Ran[] = [];
  const job = letter(ran);
  await app.withWorkspace(willow, async (tx) => {
    await enqueue(tx, job, input);
    record(tx, { action: 'letter.requested' });
  });
  await work([job], () => ran.length > 0);
  t.match(ran, [{ input, scope: { workspaceId: willow.workspaceId, actor: { kind: 'system', name: 'letter.send' } } }]);
  t.same(await jobHealth(app), [], 'nothing is left in the queue');
});

t.test('no commit, no job', async (t) => {
  const ran: Ran[] = [];
  const job = letter(ran);
  await t.rejects(app.withWorkspace(willow, async (tx) => {
    await enqueue(tx, job, input);
    throw fault('request.conflict');
  }));
  t.same(await jobHealth(app), []);
});

t.test('a key replaces a waiting job of the same workspace only', async (t) => {
  const ran: Ran[] = [];
  const job = letter(ran);
  for (const [scope, copies] of [[willow, 1], [willow, 2], [harbor, 3]] as const) await app.withWorkspace(scope, (tx) => enqueue(tx, job, { ...input, copies }, { key: 'daily' }));
  await work([job], () => ran.length > 1);
  t.same(ran.map((one) => [one.scope.workspaceId, (one.input as typeof input).copies]).sort(), [[willow.workspaceId, 2], [harbor.workspaceId, 3]].sort());
});

t.test('input that is no id, number, flag or known word does not get into the queue', async (t) => {
  const job = letter([]);
  const add = (given: object) => app.withWorkspace(willow, (tx) => enqueue(tx, job, given as typeof input));
  await t.rejects(add({ ...input, contactId: 'Ana Ruiz' }), { name: 'TypeError', message: 'The input of letter.send is wrong at contactId.' });
  await t.rejects(add({ ...input, copies: 1.5 }), /copies/);
  await t.rejects(add({ ...input, kind: 'Penicillin' }), /kind/);
  await t.rejects(add({ ...input, note: 'x' }), /does not know/);
  t.same(await jobHealth(app), []);
});

t.test('a failure is kept by its code, never by its words, and tried again', async (t) => {
  const ran: Ran[] = [];
  const job = letter(ran, async () => {
    if (ran.length === 1) throw new Error('duplicate key value (Ana Ruiz)');
    throw fault('contact.not_found');
  });
  await app.withWorkspace(willow, (tx) => enqueue(tx, job, input));
  const failedTimes = (times: number) => async () => ran.length >= times && ((await jobHealth(app))[0]?.retrying ?? 0) > 0;
  await work([job], failedTimes(1));
  t.match(await jobHealth(app), [{ job: 'letter.send', waiting: 0, running: 0, retrying: 1, dead: 0, lastErrors: ['Error'] }]);
  await raw(database.ownerUrl, 'update graphile_worker._private_jobs set run_at = now()');
  await work([job], failedTimes(2));
  t.match(await jobHealth(app), [{ retrying: 1, lastErrors: ['contact.not_found'] }]);
  const later = await raw(database.ownerUrl, 'select attempts, run_at > now() + interval \'5 seconds\' as waits from graphile_worker._private_jobs');
  t.same(later, [{ attempts: 2, waits: true }]);
  await raw(database.ownerUrl, 'update graphile_worker._private_jobs set attempts = max_attempts');
  t.match(await jobHealth(app), [{ retrying: 0, dead: 1 }]);
  await raw(database.ownerUrl, 'delete from graphile_worker._private_jobs');
});

t.test('stopping waits for the job at hand', async (t) => {
  let isDone = false;
  const ran: Ran[] = [];
  const job = letter(ran, async () => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    isDone = true;
  });
  await app.withWorkspace(willow, (tx) => enqueue(tx, job, input));
  await work([job], () => ran.length > 0);
  t.ok(isDone);
  // Of this database: other files' workers run on the same server. It takes a server a moment to see that a client has gone.
  const connections = () => raw(database.ownerUrl, "select pid from pg_stat_activity where application_name = 'wardkeep jobs' and datname = current_database()");
  for (let i = 0; i < 100 && (await connections()).length > 0; i += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  t.same(await connections(), [], 'no connection is left');
});

t.test('the system door enqueues for any workspace; a workspace only for itself', async (t) => {
  const ran: Ran[] = [];
  const job = letter(ran);
  await app.withSystem('job.schedule', (tx) => enqueueFor(tx, harbor.workspaceId, job, input));
  await work([job], () => ran.length > 0);
  t.equal(ran[0]?.scope.workspaceId, harbor.workspaceId);
  await t.rejects(app.withWorkspace(willow, (tx) => enqueueFor(tx as never, harbor.workspaceId, job, input)), { code: '42501' });
});

t.test('SQL under the app role reaches the queue through the one function only', async (t) => {
  const refused = { code: '42501' };
  await t.rejects(raw(database.appUrl, 'select * from graphile_worker._private_jobs'), refused);
  await t.rejects(raw(database.appUrl, 'select * from graphile_worker.jobs'), refused);
  await t.rejects(raw(database.appUrl, "select graphile_worker.add_job('letter.send', '{}')"), refused);
  await t.rejects(raw(database.appUrl, "select sec.enqueue('letter.send', '{}')"), refused, 'not without a workspace');
  await t.rejects(app.withWorkspace(willow, (tx) => tx.knex.raw("select sec.enqueue('Ana Ruiz', '{}')")), { code: '22023' });
  await t.rejects(raw(database.jobsUrl, 'create table graphile_worker.mine (id int)'), refused);
});

t.test('a scheduled job is told the minute it was due', async (t) => {
  const at: Date[] = [];
  const due = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 60_000);
  const job: Job = { name: 'clock.tick', schedule: `${due.getUTCMinutes()} * * * *`, catchUpMs: 180_000, run: async (_app: unknown, when: Date) => void at.push(when) };
  // Known since before it was due, and not run: what a program finds that was down at that minute.
  await raw(database.ownerUrl, "insert into graphile_worker._private_known_crontabs (identifier, known_since) values ('clock.tick', now() - interval '1 hour')");
  await work([job], () => at.length > 0);
  t.same(at, [due]);
});
