import t from 'tap';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asSuperuser } from '../../../core/db/embedded.ts';
import { systemScope } from '../../../core/db/scope.ts';
import { ask } from '../../../core/hooks.ts';
import { startWorker } from '../../../core/jobs/start-worker.ts';
import { definePlugin, record, type PluginDeps, type Tx } from '../../../core/plugin.ts';
import { depsOf } from '../../../core/plugins/deps.ts';
import { switchOn } from '../../../core/plugins/switch-plugin.ts';
import { proveClaims } from '../../../core/trust/prove-claims.ts';
import { answerAgreement } from '../../../plugins/baa-tracker/agreements/answer.ts';
import { BAA_CLAIMS } from '../../../plugins/baa-tracker/claims.ts';
import baaTracker from '../../../plugins/baa-tracker/index.ts';
import { Agreement } from '../../../plugins/baa-tracker/models.ts';
import { remind } from '../../../plugins/baa-tracker/reminders/remind.ts';
import { whoIsTold } from '../../../plugins/baa-tracker/reminders/who-is-told.ts';
import { recorded } from '../../api/open-server.ts';
import { agreement, change, concludeAgreement, daysFromNow, HOME, idIn, openRegister, subprocessor } from './register.ts';
import { createTestDatabase } from '../../support/database.ts';

t.setTimeout(120_000);
await createTestDatabase(t); // keeps one PostgreSQL for all the tests below when the file is run alone

const cloud = definePlugin({ contract: 1, name: 'cloud', version: '1.0.0', title: 'Cloud archive', summary: 'Keeps documents elsewhere.', tier: 'free', phi: 'store', subprocessors: [{ name: 'Acme Cloud', purpose: 'Keeps documents', location: 'US' }] });

async function openClock(t: Parameters<typeof openRegister>[0] & { testdir(): string }) {
  const dataDir = t.testdir();
  const opened = await openRegister(t, [cloud], { change: { dataDir } });
  const { app, host, database, willow, visit } = opened;
  const scope = systemScope(willow.workspaceId, 'baa_tracker.remind');
  const deps: PluginDeps = depsOf(app, host.plugins, baaTracker);
  const officer = await visit(willow.officer);
  await officer.get(HOME);
  const subprocessorId = idIn(await officer.post(`${HOME}/subprocessors`, subprocessor('Acme Cloud')));
  const inTx = <T>(work: (tx: Tx) => PromiseLike<T>) => app.withWorkspace(scope, async (tx) => work(tx));
  /** Moves an agreement in time, as days going by would. */
  const shift = (id: string, change: Partial<Agreement>) => inTx(async (tx) => { await tx.knex('baa_tracker_agreements').where({ id }).update(change); record(tx, { action: 'baa-tracker.agreement.changed', target: { type: 'agreement', id }, detail: { fields: Object.keys(change) } }); });
  const status = async (id: string) => (await inTx((tx) => Agreement.query(tx).findById(id)))?.status;
  const mails = (): { to: string; text: string }[] => { try { return readdirSync(join(dataDir, 'mail')).sort().map((name) => readFileSync(join(dataDir, 'mail', name), 'utf8')).map((raw) => raw.replaceAll('=\r\n', '')).map((text) => ({ to: /^To: (.*)\r$/m.exec(text)?.[1] ?? '', text })); } catch { return []; } };
  const claims = async () => Object.fromEntries((await proveClaims(app, willow.workspaceId, BAA_CLAIMS)).map(({ id, status: said }) => [id, said]));
  const untried = async (): Promise<number> => Number((await app.withSystem('health', (tx) => tx.knex('graphile_worker._private_jobs').where('attempts', 0).orWhereNotNull('locked_at').count('id as n')))[0]?.n ?? 0);
  /** Works the queue until every letter in it was tried, and none is just being tried. */
  const post = async () => {
    if ((await untried()) === 0) return;
    // A new one each time, since a worker looks when it starts and begins to listen a little later.
    const worker = await startWorker(app, { jobsUrl: database.jobsUrl, jobs: host.jobs.filter((job) => !('schedule' in job)) });
    for (let waited = 0; waited < 25_000 && (await untried()) > 0; waited += 25) await new Promise((resolve) => setTimeout(resolve, 25));
    await worker.stop();
  };
  const run = async () => { await remind(deps, scope); await post(); };
  return { ...opened, scope, deps, dataDir, officer, subprocessorId, shift, status, mails, claims, inTx, post, run };
}

t.test('days go by', async (t) => {
  const { willow, officer, subprocessorId, shift, status, mails, run } = await openClock(t);
  const id = await concludeAgreement(officer, subprocessorId, agreement(willow.admin.id, { expiresOn: daysFromNow(91) }));
  await run();
  t.equal(await status(id), 'in_force');
  t.same(mails(), [], 'nothing to say 91 days ahead');

  await shift(id, { expires_on: daysFromNow(90) });
  await run();
  t.equal(await status(id), 'expiring');
  t.match(mails(), [{ to: willow.admin.email, text: /in 90 days/ }], 'its owner');
  t.notMatch(mails()[0]?.text, /Acme|BAA 2026/, 'a mail names neither the company nor the agreement');
  await run();
  t.equal(mails().length, 1, 'once a mark');
  t.match((await officer.get(`${HOME}/agreements/${id}`)).payload, /Nobody has said yet/);
  t.match((await officer.get(HOME)).payload, /Waiting for somebody/);

  await shift(id, { expires_on: daysFromNow(60) });
  await run();
  t.match(mails()[1], { to: willow.admin.email, text: /in 60 days/ }, 'another end is another date, whose first reminder is the mark it stands at');
});

t.test('marks of one date, seen and unseen', async (t) => {
  const { app, willow, officer, subprocessorId, mails, run, inTx } = await openClock(t);
  const id = await concludeAgreement(officer, subprocessorId, agreement(willow.admin.id, { expiresOn: daysFromNow(60) }));
  const pastMark = (mark: number) => inTx(async (tx) => { await tx.knex('baa_tracker_reminders').update({ days_before: mark }); record(tx, { action: 'baa-tracker.reminder.made', target: { type: 'agreement', id } }); });
  await run();
  await pastMark(90); // as if this one had been made a month ago
  await run();
  t.same(mails().map(({ to }) => to).sort(), [willow.admin.email, willow.admin.email, willow.officer.email].sort(), 'nobody had seen the first: the officer hears of the second');
  t.equal((await officer.post(`${HOME}/agreements/${id}/seen`)).statusCode, 303);
  t.equal((await officer.post(`${HOME}/agreements/${id}/seen`)).statusCode, 404, 'seen is seen');
  t.match(await recorded(app, willow.workspaceId, 'baa-tracker.reminder.acknowledged'), [{ actor: { id: willow.officer.id }, detail: { marks: [90, 60] } }]);
  t.same((await recorded(app, willow.workspaceId, 'baa-tracker.reminder.made')).flatMap(({ detail }) => (detail.escalated === undefined ? [] : [[detail.daysBefore, detail.escalated]])), [[60, false], [60, true]]);
});

t.test('an owner who left, and a workspace without an officer', async (t) => {
  const [admin, officer] = [{ id: 'a', name: 'A', isOfficer: false }, { id: 'o', name: 'O', isOfficer: true }];
  t.same(whoIsTold([admin, officer], 'a', false), { told: ['a'], isEscalated: false });
  t.same(whoIsTold([admin, officer], 'a', true), { told: ['a', 'o'], isEscalated: true });
  t.same(whoIsTold([admin, officer], 'gone', false), { told: ['o'], isEscalated: true });
  t.same(whoIsTold([admin], 'gone', false), { told: ['a'], isEscalated: true });
});

t.test('the end, renewal, and what the host is told', async (t) => {
  const { willow, officer, subprocessorId, shift, status, run, inTx } = await openClock(t);
  const answer = () => inTx((tx) => answerAgreement(tx, { subprocessor: ' ACME cloud ' }));
  t.same(await answer(), { inForce: false, until: null });
  t.equal(await inTx((tx) => answerAgreement(tx, { subprocessor: 'Nobody' })), null);
  const id = await concludeAgreement(officer, subprocessorId, agreement(willow.officer.id, { expiresOn: daysFromNow(0) }));
  t.match(await answer(), { inForce: true, until: Date }, 'the last day counts');
  const { until } = (await answer()) as { until: Date };
  t.ok(until.getTime() > Date.now() && until.getTime() - Date.now() <= 25 * 3600_000, 'to the midnight that ends it, where the practice is');
  await shift(id, { effective_on: daysFromNow(-40), expires_on: daysFromNow(-1) });
  t.same(await answer(), { inForce: false, until: null }, 'by its dates, before the clock has written it down');
  await run();
  t.equal(await status(id), 'expired');

  const renewing = await concludeAgreement(officer, subprocessorId, agreement(willow.officer.id, { title: 'Renewing', expiresOn: daysFromNow(200), renewalMonths: '12', noticeDays: '60' }));
  t.same(await answer(), { inForce: true, until: null }, 'one that renews itself has no end to warn of');
  await shift(renewing, { effective_on: daysFromNow(-400), expires_on: daysFromNow(-2) });
  t.same(await answer(), { inForce: true, until: null });
  await run();
  t.equal(await status(renewing), 'in_force');
  t.match(await inTx((tx) => Agreement.query(tx).findById(renewing)), { expires_on: new RegExp(`^${Number(daysFromNow(-2).slice(0, 4)) + 1}`) }, 'renewed by a year');

  await concludeAgreement(officer, subprocessorId, agreement(willow.officer.id, { title: 'DPA', kind: 'dpa' }));
  await officer.get(HOME);
  await officer.post(`${HOME}/agreements/${renewing}/step`, { to: 'terminated', confirmed: 'yes' });
  t.same(await answer(), { inForce: false, until: null }, 'a DPA does not let anybody have patients’ data');
  const later = await concludeAgreement(officer, subprocessorId, agreement(willow.officer.id, { title: 'Later', effectiveOn: daysFromNow(5) }));
  t.equal(await status(later), 'signed');
  t.same(await answer(), { inForce: false, until: null }, 'nor does one that has not begun');
});

t.test('a notice is mailed to owner and officers', async (t) => {
  const { willow, officer, subprocessorId, mails, inTx, post } = await openClock(t);
  const notice = { change: 'relocated', description: 'To Ohio', receivedOn: daysFromNow(0), effectiveOn: daysFromNow(30) };
  await officer.post(`${HOME}/subprocessors/${subprocessorId}/notices`, notice);
  const { id } = (await inTx((tx) => tx.knex('baa_tracker_notices').orderBy('id', 'desc').first('id'))) as { id: string };
  await officer.get(HOME);
  await officer.post(`${HOME}/notices/${id}`, { decision: 'acknowledged' });
  await post();
  t.same(mails(), [], 'answered before its letter went out');
  await officer.get(HOME);
  await officer.post(`${HOME}/subprocessors/${subprocessorId}/notices`, notice);
  await post();
  t.match(mails(), [{ to: willow.officer.email, text: /in 30 days/ }]);
});

t.test('reviews and attestations are mailed of, once a mark', async (t) => {
  const { app, willow, officer, subprocessorId, deps, scope, mails, post, run, inTx } = await openClock(t);
  const add = (kind: string, issued: number, expires: number) => officer.post(`${HOME}/subprocessors/${subprocessorId}/attestations`, { kind, issuer: 'Auditor', issuedOn: daysFromNow(issued), expiresOn: daysFromNow(expires) });
  const reviewIn = (days: number) => inTx(async (tx) => { await tx.knex('baa_tracker_subprocessors').where({ id: subprocessorId }).update({ next_review_on: daysFromNow(days) }); record(tx, { action: 'baa-tracker.subprocessor.changed' }); });
  const made = async () => (await recorded(app, willow.workspaceId, 'baa-tracker.reminder.made')).map(({ detail }) => [detail.kind, detail.daysBefore]);
  await officer.get(HOME);
  await add('soc2', -300, 65);
  await reviewIn(31);
  await run();
  t.same(mails(), [], 'nothing is near');
  await add('iso27001', -700, 20);
  await reviewIn(30);
  await run();
  t.same((await made()).sort(), [['attestation', 30], ['review', 30]]);
  t.match(mails().map(({ text }) => /in (\d+) days/.exec(text)?.[1]).sort(), ['20', '30']);
  t.match(mails()[0]?.text, new RegExp(`/plugins/baa-tracker/subprocessors/${subprocessorId}`));
  await run();
  t.equal(mails().length, 2, 'once a mark');
  await add('iso27001', -1, 700);
  await reviewIn(-3);
  await run();
  t.same((await made()).at(-1), ['review', 0], 'overdue is said as well');
  t.equal(mails().length, 3, 'and the attestation that was renewed is not');
  await add('pci_dss', -900, -200);
  await run();
  t.equal(mails().length, 3, 'what ended long ago is history');

  const before = (await made()).length;
  await add('soc2', -299, 30);
  await reviewIn(20);
  await remind(deps, scope);
  t.same((await made()).slice(before).sort(), [['attestation', 30], ['review', 30]]);
  await add('soc2', -1, 364);
  await officer.get(HOME);
  t.equal((await officer.post(`${HOME}/subprocessors/${subprocessorId}/reviews`, { outcome: 'continue', findings: 'In order.' })).statusCode, 303);
  await post();
  t.equal(mails().length, 3, 'replaced and signed before the letters went out');
  await reviewIn(5);
  await remind(deps, scope);
  t.same((await made()).at(-1), ['review', 7]);
  await officer.get(HOME);
  t.equal((await change(officer, `${HOME}/subprocessors/${subprocessorId}`, subprocessor('Acme Cloud', { inUse: 'no' }))).statusCode, 303);
  await post();
  t.equal(mails().length, 3, 'nor of one that is out of use');
});

t.test('a letter that was refused goes out later, to each once', async (t) => {
  const { database, dataDir, willow, officer, subprocessorId, mails, run, post } = await openClock(t);
  await concludeAgreement(officer, subprocessorId, agreement(willow.admin.id, { expiresOn: daysFromNow(5) }));
  writeFileSync(join(dataDir, 'mail'), 'no letter fits in here');
  await run();
  const waiting = () => asSuperuser(database.superuserUrl, async (client) => (await client.query<{ attempts: number; last_error: string }>('select j.attempts, j.last_error from graphile_worker._private_jobs j where j.attempts > 0')).rows);
  t.match(await waiting(), [{ attempts: 1 }, { attempts: 1 }], 'owner and officer, each a letter of their own');
  t.notMatch((await waiting()).map(({ last_error }) => last_error).join(), /@|\/mail/, 'why is kept as a code, not in the words of the mail server');
  rmSync(join(dataDir, 'mail'));
  await asSuperuser(database.superuserUrl, (client) => client.query('update graphile_worker._private_jobs set run_at = now(), attempts = 0'));
  await post();
  t.same(mails().map(({ to }) => to).sort(), [willow.admin.email, willow.officer.email].sort());
  await run();
  t.equal(mails().length, 2);
});

t.test('other plugins ask which clocks an incident starts', async (t) => {
  const { app, willow, officer, subprocessorId, inTx } = await openClock(t);
  const discoveredAt = new Date('2026-03-01T12:00:00Z');
  const clocks = (subprocessor: string | null) => inTx((tx) => ask(tx, 'incidentObligations', { discoveredAt, subprocessor }));
  t.same(await clocks(null), [[]], 'the register answers: none');
  const agreementId = await concludeAgreement(officer, subprocessorId, agreement(willow.officer.id, { securityIncidentHours: '24' }));
  const expected = [{ agreementId, subprocessor: 'Acme Cloud', obligation: 'security_incident_notice', hours: 24, dueAt: new Date('2026-03-02T12:00:00Z') }, { agreementId, subprocessor: 'Acme Cloud', obligation: 'breach_notice', hours: 72, dueAt: new Date('2026-03-04T12:00:00Z') }];
  t.same(await clocks(null), [expected]);
  t.same(await clocks('acme CLOUD '), [expected]);
  t.same(await clocks('Nobody'), [[]]);
  t.match((await recorded(app, willow.workspaceId, 'baa-tracker.obligations.read')).at(-1), { actor: { kind: 'system' } });
});

t.test('the claims, and what breaks each', async (t) => {
  const { app, host, willow, officer, subprocessorId, shift, claims, run, inTx } = await openClock(t);
  t.same(await claims(), { 'BAA-1': 'failing', 'BAA-2': 'not_applicable' }, 'the inventory says Acme has patients’ data');
  const id = await concludeAgreement(officer, subprocessorId, agreement(willow.officer.id));
  await inTx((tx) => switchOn(tx, host.plugins, 'cloud', {}));
  t.same(await claims(), { 'BAA-1': 'proved', 'BAA-2': 'proved' });

  await officer.get(HOME);
  await change(officer, `${HOME}/subprocessors/${subprocessorId}`, subprocessor('Acme Cloud', { phiClass: 'none' }));
  await shift(id, { effective_on: daysFromNow(-300), expires_on: daysFromNow(-1) });
  t.equal((await claims())['BAA-1'], 'failing', 'a plugin in use without an agreement, though the inventory denies it');

  t.equal((await claims())['BAA-2'], 'failing', 'it ended and nobody was told');
  await shift(id, { expires_on: daysFromNow(20) });
  t.equal((await claims())['BAA-2'], 'failing', 'near its end, nobody told');
  await run();
  t.equal((await claims())['BAA-2'], 'proved');
  await inTx(async (tx) => { await tx.knex('baa_tracker_reminders').update({ decide_by: daysFromNow(-1) }); record(tx, { action: 'baa-tracker.reminder.made', target: { type: 'agreement', id } }); });
  await shift(id, { expires_on: daysFromNow(-1) });
  t.equal((await claims())['BAA-2'], 'failing', 'told, never seen, expired');
  await officer.get(HOME);
  await officer.post(`${HOME}/agreements/${id}/seen`);
  t.equal((await claims())['BAA-2'], 'proved', 'seen');
  t.equal((await proveClaims(app, willow.workspaceId, BAA_CLAIMS))[0]?.status, 'failing');
});
