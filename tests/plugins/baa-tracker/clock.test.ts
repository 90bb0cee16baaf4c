import t from 'tap';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemScope } from '../../../core/db/scope.ts';
import { definePlugin, record, type PluginDeps, type Tx } from '../../../core/plugin.ts';
import { depsOf } from '../../../core/plugins/deps.ts';
import { switchOn } from '../../../core/plugins/switch-plugin.ts';
import { proveClaims } from '../../../core/trust/prove-claims.ts';
import { answerAgreement } from '../../../plugins/baa-tracker/agreements/answer.ts';
import { BAA_CLAIMS } from '../../../plugins/baa-tracker/claims.ts';
import baaTracker from '../../../plugins/baa-tracker/index.ts';
import { Agreement } from '../../../plugins/baa-tracker/models.ts';
import { tellOfNotice } from '../../../plugins/baa-tracker/notices/actions.ts';
import { remind, whoIsTold } from '../../../plugins/baa-tracker/reminders/remind.ts';
import { recorded } from '../../api/open-server.ts';
import { agreement, concludeAgreement, daysFromNow, HOME, idIn, openRegister, subprocessor } from './register.ts';
import { createTestDatabase } from '../../support/database.ts';

t.setTimeout(120_000);
await createTestDatabase(t); // keeps one PostgreSQL for all the tests below when the file is run alone

const cloud = definePlugin({ contract: 1, name: 'cloud', version: '1.0.0', title: 'Cloud archive', summary: 'Keeps documents elsewhere.', tier: 'free', phi: 'store', subprocessors: [{ name: 'Acme Cloud', purpose: 'Keeps documents', location: 'US' }] });

async function openClock(t: Parameters<typeof openRegister>[0] & { testdir(): string }) {
  const dataDir = t.testdir();
  const opened = await openRegister(t, [cloud], { change: { dataDir } });
  const { app, host, willow, visit } = opened;
  const scope = systemScope(willow.workspaceId, 'baa_tracker.remind');
  const deps: PluginDeps = depsOf(app, host.plugins, baaTracker);
  const officer = await visit(willow.officer);
  await officer.get(HOME);
  const subprocessorId = idIn(await officer.post(`${HOME}/subprocessors`, subprocessor('Acme Cloud')));
  const inTx = <T>(work: (tx: Tx) => PromiseLike<T>) => app.withWorkspace(scope, async (tx) => work(tx));
  /** Moves an agreement in time, as days going by would. */
  const shift = (id: string, change: Partial<Agreement>) => inTx(async (tx) => { await tx.knex('baa_tracker_agreements').where({ id }).update(change); record(tx, { action: 'baa-tracker.agreement.changed', target: { type: 'agreement', id }, detail: { fields: Object.keys(change) } }); });
  const status = async (id: string) => (await inTx((tx) => Agreement.query(tx).findById(id)))?.status;
  const mails = (): { to: string; text: string }[] => { try { return readdirSync(join(dataDir, 'mail')).sort().map((name) => readFileSync(join(dataDir, 'mail', name), 'utf8')).map((text) => ({ to: /^To: (.*)\r$/m.exec(text)?.[1] ?? '', text })); } catch { return []; } };
  const claims = async () => Object.fromEntries((await proveClaims(app, willow.workspaceId, BAA_CLAIMS)).map(({ id, status: said }) => [id, said]));
  return { ...opened, scope, deps, officer, subprocessorId, shift, status, mails, claims, inTx, run: () => remind(deps, scope) };
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
  const { willow, officer, subprocessorId, deps, scope, mails, inTx } = await openClock(t);
  await officer.post(`${HOME}/subprocessors/${subprocessorId}/notices`, { change: 'relocated', description: 'To Ohio', receivedOn: daysFromNow(0), effectiveOn: daysFromNow(30) });
  const { id } = (await inTx((tx) => tx.knex('baa_tracker_notices').first('id'))) as { id: string };
  await tellOfNotice(deps, scope, id);
  t.match(mails(), [{ to: willow.officer.email, text: /in 30 days/ }]);
  await officer.get(HOME);
  await officer.post(`${HOME}/notices/${id}`, { decision: 'acknowledged' });
  await tellOfNotice(deps, scope, id);
  t.equal(mails().length, 1, 'answered meanwhile');
});

t.test('the claims, and what breaks each', async (t) => {
  const { app, host, willow, officer, subprocessorId, shift, claims, run, inTx } = await openClock(t);
  t.same(await claims(), { 'BAA-1': 'failing', 'BAA-2': 'not_applicable' }, 'the inventory says Acme has patients’ data');
  const id = await concludeAgreement(officer, subprocessorId, agreement(willow.officer.id));
  await inTx((tx) => switchOn(tx, host.plugins, 'cloud', {}));
  t.same(await claims(), { 'BAA-1': 'proved', 'BAA-2': 'proved' });

  await officer.get(HOME);
  await officer.post(`${HOME}/subprocessors/${subprocessorId}`, subprocessor('Acme Cloud', { phiClass: 'none' }));
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
