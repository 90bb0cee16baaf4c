import t from 'tap';
import { createHash } from 'node:crypto';
import { systemScope } from '../../../core/db/scope.ts';
import { definePlugin } from '../../../core/plugin.ts';
import { reviewAgreements } from '../../../core/plugins/agreements.ts';
import { recorded } from '../../api/open-server.ts';
import { agreement, change, daysFromNow, HOME, idIn, openRegister, plainPdf, subprocessor, upload } from './register.ts';
import { createTestDatabase } from '../../support/database.ts';
import { scopeAs } from '../../support/people.ts';
import { rows } from '../../support/rows.ts';
import { stepAgreement } from '../../../plugins/baa-tracker/agreements/actions.ts';

t.setTimeout(120_000);
await createTestDatabase(t); // keeps one PostgreSQL for all the tests below when the file is run alone

const cloud = definePlugin({ contract: 1, name: 'cloud', version: '1.0.0', title: 'Cloud archive', summary: 'Keeps documents elsewhere.', tier: 'free', phi: 'store', subprocessors: [{ name: 'Acme Cloud', purpose: 'Keeps documents', location: 'Oregon, US' }] });

t.test('from an empty register to an agreement that opens the way for a plugin, and its end', async (t) => {
  const { app, host, willow, visit } = await openRegister(t, [cloud]);
  const [admin, officer] = [await visit(willow.admin), await visit(willow.officer)];
  const scope = systemScope(willow.workspaceId, 'test');
  const steps = async () => (await recorded(app, willow.workspaceId, 'baa-tracker.agreement.moved')).map(({ actor, detail }) => [detail.from, detail.to, detail.by, actor.kind]);

  const empty = await officer.get(HOME);
  t.equal(empty.statusCode, 200);
  t.match(empty.payload, /The register is empty/);
  t.match(empty.payload, /subprocessors\/new\?name&#x3D;Acme\+Cloud|subprocessors\/new\?name=Acme\+Cloud/, 'a plugin’s subprocessor is one click from the register');
  await admin.get('/admin/plugins/cloud');
  t.equal((await admin.post('/admin/plugins/cloud/on')).statusCode, 409, 'no agreement, no plugin');

  const subprocessorId = idIn(await officer.post(`${HOME}/subprocessors`, subprocessor('acme cloud')));
  t.match((await officer.get(`${HOME}/subprocessors/${subprocessorId}/agreements/new`)).payload, /BAA with acme cloud/);
  const id = idIn(await officer.post(`${HOME}/subprocessors/${subprocessorId}/agreements`, agreement(willow.officer.id)));
  const page = `${HOME}/agreements/${id}`;
  await officer.get(page);
  t.equal((await officer.post(`${page}/step`, { to: 'signed' })).statusCode, 409, 'a draft is not signed before it was sent');
  t.equal((await officer.post(`${page}/step`, { to: 'sent' })).statusCode, 303);
  const unsigned = await officer.post(`${page}/step`, { to: 'signed' });
  t.equal(unsigned.statusCode, 409);
  t.match(unsigned.payload, /Attach the signed PDF/, 'nor without the document');
  t.equal((await admin.post('/admin/plugins/cloud/on')).statusCode, 409);

  const pdf = plainPdf();
  t.equal((await upload(officer, `${page}/documents`, { kind: 'signed' }, { name: 'C:\\secret\\Acme signed.pdf', bytes: pdf })).statusCode, 303);
  const withDocument = await officer.get(page);
  t.match(withDocument.payload, createHash('sha256').update(pdf).digest('hex'));
  t.match(withDocument.payload, /1\. Signed agreement/);
  t.notMatch(withDocument.payload, /C:\\secret/);
  const signed = await officer.post(`${page}/step`, { to: 'signed', note: 'Signed in ink, scanned' });
  t.equal(signed.statusCode, 303);
  const inForce = await officer.get(page);
  t.match(inForce.payload, /is in force now/);
  t.match(inForce.payload, /Signed in ink, scanned/);
  t.match(inForce.payload, /drafted, Officer[^]*draft → sent, Officer[^]*sent → signed, Officer[^]*signed → in force, Officer/, 'who did what, in order, though two steps share a moment');
  t.same(await steps(), [['draft', 'sent', 'person', 'user'], ['sent', 'signed', 'person', 'user'], ['signed', 'in_force', 'clock', 'user']]);

  await admin.get('/admin/plugins/cloud');
  t.equal((await admin.post('/admin/plugins/cloud/on')).statusCode, 303, 'the agreement in force opens the way');
  t.match((await officer.get(HOME)).payload, /1 plugins hand data to 1 subprocessors; 0 of 1 flows have no agreement/);

  t.equal((await change(officer, page, agreement(willow.officer.id, { title: 'Other terms' }))).statusCode, 409, 'signed terms are fixed');
  t.equal((await change(officer, page, agreement(willow.admin.id))).statusCode, 303, 'its owner is not');

  t.match((await officer.post(`${page}/step`, { to: 'terminated' })).payload, /Terminate “BAA 2026”\?/);
  t.equal((await steps()).length, 3, 'a question first');
  t.equal((await officer.post(`${page}/step`, { to: 'terminated', confirmed: 'yes', note: 'They were bought' })).statusCode, 303);
  await app.withWorkspace(scope, (tx) => reviewAgreements(tx, host.plugins));
  t.match(await recorded(app, willow.workspaceId, 'plugin.agreement_missing'), [{ target: { id: 'cloud' }, detail: { subprocessors: ['Acme Cloud'] } }], 'at once, the plugin’s grace begins');
  for (const to of ['draft', 'sent', 'signed', 'terminated']) t.equal((await officer.post(`${page}/step`, { to, confirmed: 'yes' })).statusCode, 409, `terminated is the end: ${to}`);
  t.match(await recorded(app, willow.workspaceId, 'baa-tracker.agreement.step_refused'), [{ detail: { from: 'draft', to: 'signed' } }, { detail: { from: 'terminated' } }, {}, {}, {}]);
});

t.test('two people at one agreement', async (t) => {
  const { app, database, willow, visit } = await openRegister(t);
  const [officer, admin] = [await visit(willow.officer), await visit(willow.admin)];
  for (const visitor of [officer, admin]) await visitor.get(HOME);
  const subprocessorId = idIn(await officer.post(`${HOME}/subprocessors`, subprocessor('Acme Cloud')));
  const id = idIn(await officer.post(`${HOME}/subprocessors/${subprocessorId}/agreements`, agreement(willow.officer.id)));
  const page = `${HOME}/agreements/${id}`;
  const versionOf = async (path: string) => /name="version" value="(\d+)"/.exec((await officer.get(`${path}/change`)).payload)?.[1] ?? '';
  for (const [path, form] of [[page, agreement(willow.officer.id, { breachNoticeHours: '24' })], [`${HOME}/subprocessors/${subprocessorId}`, subprocessor('Acme Cloud', { phiClass: 'transit' })]] as const) {
    const version = await versionOf(path);
    t.equal((await admin.post(path, { ...form, version })).statusCode, 303);
    t.equal((await officer.post(path, { ...form, ...(path === page ? { breachNoticeHours: '96' } : { phiClass: 'none' }), version })).statusCode, 412, 'whoever was overtaken overwrites nothing');
    t.equal((await officer.post(path, form)).statusCode, 422, 'and says what they read');
  }
  await upload(officer, `${page}/documents`, { kind: 'signed' }, { name: 'signed.pdf', bytes: plainPdf() });
  await officer.get(page);
  t.equal((await officer.post(`${page}/step`, { to: 'sent' })).statusCode, 303);
  const version = await versionOf(page);
  let changing: Promise<{ statusCode: number }> | undefined;
  await app.withWorkspace(scopeAs(willow.officer), async (tx) => {
    await stepAgreement(tx, id, { to: 'signed' });
    changing = admin.post(page, agreement(willow.officer.id, { breachNoticeHours: '1440', version }));
    await Promise.race([changing, new Promise((done) => setTimeout(done, 500))]);
  });
  t.equal((await changing)?.statusCode, 412);
  t.same(await rows(database, 'select status, breach_notice_hours from app.baa_tracker_agreements where id = $1', [id]), [{ status: 'in_force', breach_notice_hours: 24 }], 'terms do not change while they are being signed');
});

t.test('a successor takes over on its first day, to the day', async (t) => {
  const { app, willow, visit } = await openRegister(t);
  const officer = await visit(willow.officer);
  await officer.get(HOME);
  const subprocessorId = idIn(await officer.post(`${HOME}/subprocessors`, subprocessor('Acme Cloud')));
  const conclude = async (form: Record<string, string>) => {
    const id = idIn(await officer.post(`${HOME}/subprocessors/${subprocessorId}/agreements`, form));
    await upload(officer, `${HOME}/agreements/${id}/documents`, { kind: 'signed' }, { name: 'x.pdf', bytes: plainPdf() });
    await officer.get(HOME);
    for (const to of ['sent', 'signed']) t.equal((await officer.post(`${HOME}/agreements/${id}/step`, { to })).statusCode, 303);
    return id;
  };
  const first = await conclude(agreement(willow.officer.id));
  const second = await conclude(agreement(willow.officer.id, { title: 'BAA 2027', effectiveOn: daysFromNow(0), expiresOn: '', supersedesId: first }));
  const rows = (await app.withWorkspace(systemScope(willow.workspaceId, 'test'), (tx) => tx.knex('baa_tracker_agreements').orderBy('created_at').select('id', 'status', 'ended_on'))) as object[];
  t.match(rows, [{ id: first, status: 'superseded', ended_on: daysFromNow(-1) }, { id: second, status: 'in_force', ended_on: null }]);
  t.match((await officer.get(HOME)).payload, /None, as far as the picture reaches|None has patients’ data without an agreement today/);
});
