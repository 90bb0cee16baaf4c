import t from 'tap';
import { systemScope } from '../../../core/db/scope.ts';
import { realmOf } from '../../../core/plugins/gate.ts';
import { bearer } from '../../support/people.ts';
import { recorded } from '../../api/open-server.ts';
import { agreement, change, concludeAgreement, daysFromNow, HOME, idIn, openRegister, plainPdf, subprocessor, upload } from './register.ts';
import { createTestDatabase } from '../../support/database.ts';
import { rows } from '../../support/rows.ts';

t.setTimeout(120_000);
await createTestDatabase(t); // keeps one PostgreSQL for all the tests below when the file is run alone

const NOTICE = { change: 'added', description: 'They add a fulfilment house in Ohio', receivedOn: daysFromNow(-1), effectiveOn: daysFromNow(29) };

t.test('every door of the register', async (t) => {
  const { app, database, server, willow, harbor, visit } = await openRegister(t);
  const officer = await visit(willow.officer);
  await officer.get(HOME);
  const subprocessorId = idIn(await officer.post(`${HOME}/subprocessors`, subprocessor('Acme Cloud')));
  const agreementId = await concludeAgreement(officer, subprocessorId, agreement(willow.officer.id));
  await officer.get(HOME);
  t.equal((await officer.post(`${HOME}/subprocessors/${subprocessorId}/notices`, NOTICE)).statusCode, 303);
  const one = async (table: string): Promise<string> => ((await app.withWorkspace(systemScope(willow.workspaceId, 'test'), (tx) => tx.knex(table).first('id'))) as { id: string }).id;
  const [documentId, noticeId] = [await one('baa_tracker_documents'), await one('baa_tracker_notices')];
  const ids = (path: string): string => path.replace('/documents/{id}', `/documents/${documentId}`).replace('/notices/{id}', `/notices/${noticeId}`).replace('/agreements/{id}', `/agreements/${agreementId}`).replace('/subprocessors/{id}', `/subprocessors/${subprocessorId}`).replace('{ticket}', `${Date.now() + 60_000}.${'A'.repeat(43)}`);
  // A whole form each, so that whoever may not is refused for that and for nothing else.
  const forms: Record<string, Record<string, string>> = {
    '/subprocessors': subprocessor('Other'), '/subprocessors/{id}': subprocessor('Acme Cloud'), '/subprocessors/{id}/agreements': agreement(willow.officer.id), '/agreements/{id}': agreement(willow.officer.id), '/agreements/{id}/step': { to: 'terminated', confirmed: 'yes' },
    '/subprocessors/{id}/attestations': { kind: 'soc2', issuer: 'Auditors LLP', issuedOn: daysFromNow(-30) }, '/subprocessors/{id}/notices': NOTICE, '/subprocessors/{id}/reviews': { outcome: 'continue', findings: 'Fine' }, '/notices/{id}': { decision: 'acknowledged' },
  };
  const routes = server.table().filter((route) => route.realm.plugin === realmOf('baa-tracker')).map(({ method, path }) => ({ method, path, below: path.replace(/^.*\/baa-tracker/, ''), isApi: path.startsWith('/api/') }));
  t.ok(routes.length >= 26, `${routes.length} routes`);
  const isUpload = (below: string): boolean => /\/import$|\/documents$/.test(below);
  const ask = async (visitor: typeof officer, { method, path, below }: (typeof routes)[number]) => {
    if (method === 'get') return visitor.get(ids(path) + (below === '/obligations' ? '?discoveredAt=2026-01-01T00:00:00Z' : ''));
    if (isUpload(below)) return upload(visitor, ids(path), { kind: 'signed' }, below === '/import' ? { name: 'a.csv', bytes: Buffer.from('subprocessor\nX\n') } : { name: 'a.pdf', bytes: plainPdf() });
    return visitor.post(ids(path), forms[below] ?? {});
  };

  t.test('nobody without signing in', async (t) => {
    for (const route of routes) {
      const { statusCode } = await server.inject({ method: route.method, url: ids(route.path), headers: { accept: 'application/json', 'sec-fetch-site': 'same-origin' } });
      t.ok(statusCode === 401 || statusCode === 403, `${route.method} ${route.below}: ${statusCode}`);
    }
  });

  t.test('managers, agents and readers are refused each, on the record', async (t) => {
    for (const person of [willow.manager, willow.agent, willow.readonly]) {
      const visitor = await visit(person);
      await visitor.get('/contacts');
      for (const route of routes) t.equal((await ask(visitor, route)).statusCode, 403, `${person.role}: ${route.method} ${route.below}`);
    }
    t.ok((await recorded(app, willow.workspaceId, 'access.refused')).length >= routes.length * 3);
  });

  t.test('another workspace’s keepers find nothing of it', async (t) => {
    const stranger = await visit(harbor.officer);
    await stranger.get('/contacts');
    forms['/subprocessors/{id}'] = { ...forms['/subprocessors/{id}'] };
    for (const route of routes.filter(({ path }) => path.includes('{id}'))) {
      const { statusCode, payload } = await ask(stranger, route);
      // Owners of a form are looked up after the row: the row is what is missing.
      t.equal(statusCode, 404, `${route.method} ${route.below}`);
      t.notMatch(payload, /Acme|BAA 2026|fulfilment/);
    }
    for (const path of [HOME, `/api/v1${HOME}/subprocessors`, `/api/v1${HOME}/obligations?discoveredAt=2026-01-01T00:00:00Z`]) t.notMatch((await stranger.get(path)).payload, /Acme/);
    await stranger.get(HOME);
    t.notMatch((await stranger.post(`${HOME}/register.csv`)).payload, /Acme/);
    // Ids of the other workspace inside a form of one's own.
    const own = idIn(await stranger.post(`${HOME}/subprocessors`, subprocessor('Acme Cloud')));
    t.equal((await stranger.post(`${HOME}/subprocessors/${own}/agreements`, agreement(willow.officer.id))).statusCode, 422, 'an owner from elsewhere');
    t.equal((await stranger.post(`${HOME}/subprocessors/${own}/agreements`, agreement(harbor.officer.id, { supersedesId: agreementId }))).statusCode, 422, 'a predecessor from elsewhere');
  });

  t.test('the operations answer a service account with their scope, no other', async (t) => {
    const call = async (scope: string, path: string) => server.inject({ url: `/api/v1${HOME}${path}`, headers: { authorization: await bearer(app, willow.workspaceId, [scope]) } });
    t.equal((await call('contact.read', '/subprocessors')).statusCode, 403);
    const { statusCode, payload } = await call('baa-tracker.register.read', '/subprocessors');
    t.equal(statusCode, 200);
    t.match(JSON.parse(payload), { items: [{ name: 'Acme Cloud', phiClass: 'store', standing: 'covered', agreements: [{ id: agreementId, status: 'in_force', isInForce: true, breachNoticeHours: 72 }] }] });
    t.match(JSON.parse((await call('baa-tracker.register.read', '/obligations?discoveredAt=2026-03-01T12:00:00Z&subprocessor=ACME%20cloud')).payload), { items: [{ agreementId, obligation: 'breach_notice', hours: 72, dueAt: '2026-03-04T12:00:00.000Z' }] });
    t.equal((await call('baa-tracker.register.read', '/obligations')).statusCode, 400);
    t.same(JSON.parse((await call('baa-tracker.register.read', '/obligations?discoveredAt=2026-03-01T12:00:00Z&subprocessor=nobody')).payload), { items: [] });
  });

  t.test('an old second factor does not conclude, sign off or take away', async (t) => {
    await rows(database, "update app.sessions set assured_at = now() - interval '1 hour' where user_id = $1", [willow.officer.id]);
    await officer.get(HOME);
    for (const below of ['/agreements/{id}/step', '/subprocessors/{id}/reviews', '/register.csv', '/register.pdf', '/evidence.zip']) {
      const answer = await officer.post(HOME + ids(below), forms[below] ?? {});
      t.equal(answer.statusCode, 403, below);
      t.match(answer.payload, /Confirm|second factor/i, 'the way to it is offered');
    }
    t.same((await recorded(app, willow.workspaceId, 'baa-tracker.register.exported')), []);
  });
});

t.test('a subprocessor: inventory, attestations, notices, review', async (t) => {
  const { app, willow, visit } = await openRegister(t);
  const officer = await visit(willow.officer);
  await officer.get(HOME);
  const refused = await officer.post(`${HOME}/subprocessors`, { name: 'A\u0007', service: '', purpose: 'x', phiClass: 'everything', location: 'US', contactEmail: 'nobody' });
  t.equal(refused.statusCode, 422);
  for (const field of ['name', 'service', 'phiClass', 'contactEmail']) t.match(refused.payload, `href="#f-${field}"`);
  const id = idIn(await officer.post(`${HOME}/subprocessors`, subprocessor('Acme Cloud', { contactName: 'Jo Contact', notes: 'Calls on Fridays', isOperator: 'yes' })));
  const page = `${HOME}/subprocessors/${id}`;
  t.equal((await officer.post(`${HOME}/subprocessors`, subprocessor('ACME CLOUD'))).statusCode, 422, 'a name once, whatever its case');
  t.equal((await officer.post(`${HOME}/subprocessors`, subprocessor('Other', { isOperator: 'yes' }))).statusCode, 422, 'one operator');
  t.equal((await officer.post(`${page}/attestations`, { kind: 'soc2', issuer: 'Auditors LLP', issuedOn: '2026-02-30' })).statusCode, 422, 'a day that does not exist');
  t.equal((await officer.post(`${page}/attestations`, { kind: 'soc2', issuer: 'Auditors LLP', issuedOn: daysFromNow(-400), expiresOn: daysFromNow(-35) })).statusCode, 303);
  t.match((await officer.get(page)).payload, /Auditors LLP[^]*expired/);
  t.equal((await change(officer, page, subprocessor('Acme Cloud', { isOperator: 'yes', location: 'Ohio, US', inUse: 'no' }))).statusCode, 303);
  t.match(await recorded(app, willow.workspaceId, 'baa-tracker.subprocessor.changed'), [{ detail: { fields: ['location', 'contact_name', 'notes', 'in_use'] } }], 'names of fields, no values');

  await officer.post(`${page}/notices`, NOTICE);
  const { id: notice } = (await app.withWorkspace(systemScope(willow.workspaceId, 'test'), (tx) => tx.knex('baa_tracker_notices').first('id'))) as { id: string };
  t.equal((await officer.post(`${HOME}/notices/${notice}`, { decision: 'objected' })).statusCode, 400, 'an objection says what to');
  t.equal((await officer.post(`${HOME}/notices/${notice}`, { decision: 'objected', decisionNote: 'No data to Ohio' })).statusCode, 303);
  t.match((await officer.get(page)).payload, /No data to Ohio/);
  t.equal((await officer.post(`${HOME}/notices/${notice}`, { decision: 'acknowledged' })).statusCode, 409, 'answered once');

  t.equal((await officer.post(`${page}/reviews`, { outcome: 'continue', findings: 'SOC 2 renewed, data still the least' })).statusCode, 303);
  t.match((await officer.get(page)).payload, /SOC 2 renewed[^]*Officer Person/);
  t.match(await recorded(app, willow.workspaceId, 'baa-tracker.review.signed'), [{ actor: { id: willow.officer.id }, detail: { outcome: 'continue' } }]);

  const stored = JSON.stringify(await app.withWorkspace(systemScope(willow.workspaceId, 'test'), async (tx) => [await tx.knex('baa_tracker_subprocessors'), await tx.knex('baa_tracker_notices'), await tx.knex('baa_tracker_reviews'), await tx.knex('audit_entries').select('body')]));
  for (const text of ['Jo Contact', 'Fridays', 'No data to Ohio', 'fulfilment', 'SOC 2 renewed']) t.notMatch(stored, text, `${text} lies sealed, and not in the audit`);
});
