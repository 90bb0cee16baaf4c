import t from 'tap';
import { changePerson, disablePerson } from '../../core/workspaces/people/actions.ts';
import { dataFolder, mailbox, workMail } from '../support/mailbox.ts';
import { createPeople, PASSWORD, scopeAs, sessionCookie, totpCode, type Person } from '../support/people.ts';
import { auditOf, rows } from '../support/rows.ts';
import { openSite, signIn, whoIs } from '../support/site.ts';
import { Visitor } from '../support/visitor.ts';

t.test('people', async (t) => {
  const { app, server, database } = await openSite(t, { dataDir: await dataFolder(t) });
  const willow = await createPeople(app, 'willow');
  const harbor = await createPeople(app, 'harbor');
  await workMail(t, app, database);
  const mail = mailbox(app);
  const visit = async (person: Person): Promise<Visitor> => {
    const visitor = new Visitor(server);
    visitor.cookies.set('__Host-wardkeep', (await sessionCookie(app, person)).split('=')[1] ?? '');
    await visitor.get('/account/sessions');
    return visitor;
  };
  const last = async () => (await auditOf(database, willow.workspaceId)).at(-1);
  const idOf = async (email: string): Promise<string> => (await rows<{ id: string }>(database, 'select id from app.users where email = $1', [email]))[0]?.id ?? '';

  t.test('are invited by mail, choose a password, set up a second factor and are in', async (t) => {
    const admin = await visit(willow.admin);
    t.match((await admin.post('/admin/people/invite', { email: 'not an address', role: 'AGENT' })).statusCode, 400);
    t.match((await admin.post('/admin/people/invite', { email: willow.agent.email, role: 'AGENT' })).statusCode, 409);
    const refused = (await admin.post('/admin/people/invite', { email: '', role: 'MANAGER', securityOfficer: 'yes' })).payload;
    t.match(refused, /f-email-error[^]*Enter an e-mail address\./);
    t.match(refused, /name="securityOfficer" value="yes" checked/, 'what was chosen stays');
    const bounds = (await admin.post('/admin/settings', { name: 'Willow', timeZone: 'UTC', idleMinutes: '2', absoluteHours: '90' })).payload;
    for (const text of ['This is less than 5.', 'This is more than 24.']) t.ok(bounds.includes(text), text);
    t.equal((await admin.post('/admin/people/invite', { email: ' Tomas@Willow.example', role: 'MANAGER', securityOfficer: 'yes' })).statusCode, 303);
    const id = await idOf('tomas@willow.example');
    t.match((await auditOf(database, willow.workspaceId)).find(({ action }) => action === 'person.invited'), { target: id, actor: { id: willow.admin.id }, detail: { role: 'MANAGER', designations: ['SECURITY_OFFICER'] } });
    const { link, subject } = await mail.next('tomas@willow.example');
    t.equal(subject, 'You are invited to Wardkeep');
    const path = new URL(link).pathname;
    const [{ days } = { days: 0 }] = await rows<{ days: number }>(database, `select extract(epoch from expires_at - created_at) / 86400 as days from app.one_time_links where user_id = $1`, [id]);
    t.ok(Math.abs(Number(days) - 7) < 0.01);

    const early = new Visitor(server);
    await early.get('/sign-in');
    t.equal((await early.post('/sign-in', { email: 'tomas@willow.example', password: PASSWORD })).statusCode, 401, 'the invited cannot sign in yet');

    const tomas = new Visitor(server);
    const page = await tomas.get(path);
    t.match(page.payload, /Join Practice willow/);
    t.match((await tomas.post(path, { name: '', password: '', email: 'tomas@willow.example' })).payload, /Enter your name/);
    t.match((await tomas.post(path, { name: 'Tomas Rey', password: 'tomas.willow.2026', email: 'tomas@willow.example' })).payload, /first that would be guessed/);
    t.equal((await tomas.post(path, { name: 'Tomas Rey', password: PASSWORD, email: 'someone@else.example' })).headers.location, '/sign-in/enrol');
    t.equal((await new Visitor(server).get(path)).statusCode, 410, 'the link worked once');
    const enrol = (await tomas.get('/sign-in/enrol')).payload;
    const secret = (/id="totp-secret">([^<]+)</.exec(enrol)?.[1] ?? '').replaceAll(' ', '');
    await tomas.post('/sign-in/enrol', { code: totpCode(secret), setup: /name="setup" value="([^"]+)"/.exec(enrol)?.[1] ?? '', next: '' });
    t.match(await whoIs(tomas), { actor: { id, name: 'Tomas Rey', role: 'MANAGER', designations: ['SECURITY_OFFICER'] }, email: 'tomas@willow.example' });
  });

  t.test('an invitation is sent again in place of the first, and dies with a disabled person', async (t) => {
    const admin = await visit(willow.admin);
    await admin.post('/admin/people/invite', { email: 'late@willow.example', role: 'AGENT' });
    const first = await mail.next('late@willow.example');
    const id = await idOf('late@willow.example');
    t.equal((await admin.post(`/admin/people/${id}/invite-again`)).statusCode, 303);
    const second = await mail.next('late@willow.example');
    t.same([(await new Visitor(server).get(new URL(first.link).pathname)).statusCode, (await new Visitor(server).get(new URL(second.link).pathname)).statusCode], [410, 200]);
    await admin.post(`/admin/people/${id}/disable`);
    t.equal((await new Visitor(server).get(new URL(second.link).pathname)).statusCode, 410);
    await admin.post(`/admin/people/${id}/enable`);
    t.match(await rows(database, 'select status from app.users where id = $1', [id]), [{ status: 'invited' }], 'enabled is invited again, not in');
    t.equal((await new Visitor(server).get(new URL(second.link).pathname)).statusCode, 410, 'by a link of its own');
  });

  t.test('the last administrator stays, also when two remove each other', async (t) => {
    const admin = await visit(harbor.admin);
    t.equal((await admin.post(`/admin/people/${harbor.admin.id}`, { role: 'AGENT' })).statusCode, 409);
    t.equal((await admin.post(`/admin/people/${harbor.admin.id}/disable`)).statusCode, 409);
    await admin.post(`/admin/people/${harbor.manager.id}`, { role: 'ADMIN' });
    const asAdmin = (person: Person) => scopeAs({ ...person, role: 'ADMIN' });
    const outcomes = await Promise.allSettled([
      app.withWorkspace(asAdmin(harbor.admin), (tx) => disablePerson(tx, harbor.manager.id)),
      app.withWorkspace(asAdmin(harbor.manager), (tx) => changePerson(tx, harbor.admin.id, { role: 'AGENT', designations: [] })),
    ]);
    t.same(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    t.match(outcomes.find(({ status }) => status === 'rejected'), { reason: { code: 'person.last_admin' } });
    t.match(await rows(database, `select count(*)::int as n from app.users where workspace_id = $1 and role = 'ADMIN' and status = 'active'`, [harbor.workspaceId]), [{ n: 1 }]);
  });

  t.test('a reset second factor ends sessions, leads to enrolment and is told', async (t) => {
    const manager = await signIn(server, willow.manager);
    const half = new Visitor(server);
    await half.get('/sign-in');
    await half.post('/sign-in', { email: willow.manager.email, password: PASSWORD });
    await half.get('/sign-in/second');
    const admin = await visit(willow.admin);
    t.equal((await admin.post(`/admin/people/${willow.manager.id}/reset-factors`)).statusCode, 303);
    t.ok((await auditOf(database, willow.workspaceId)).some(({ action, target, detail }) => action === 'person.second_factors_reset' && target === willow.manager.id && detail['totp'] === 1));
    t.equal(await whoIs(manager), null);
    t.equal((await half.post('/sign-in/second', { method: 'totp', code: totpCode(willow.manager.totpSecret, 1) })).statusCode, 401, 'open challenges end too');
    await manager.get('/sign-in');
    t.equal((await manager.post('/sign-in', { email: willow.manager.email, password: PASSWORD })).headers.location, '/sign-in/enrol');
    const subjects = [(await mail.next(willow.manager.email)).subject, (await mail.next(willow.manager.email)).subject];
    t.ok(subjects.includes('How you sign in to Wardkeep was changed'));
  });

  t.test('an administrator starts a reset but learns no password', async (t) => {
    const admin = await visit(willow.admin);
    const answer = await admin.post(`/admin/people/${willow.readonly.id}/reset-password`);
    t.equal(answer.statusCode, 303);
    t.match((await mail.next(willow.readonly.email)).link, /\/password\/reset\//);
  });

  t.test('who is disabled begins anew when enabled again', async (t) => {
    const admin = await visit(willow.admin);
    const begun = new Visitor(server);
    await begun.get('/sign-in');
    t.equal((await begun.post('/sign-in', { email: willow.readonly.email, password: PASSWORD })).statusCode, 303);
    await begun.get('/sign-in/second');
    await admin.post(`/admin/people/${willow.readonly.id}/reset-password`);
    const { link } = await mail.next(willow.readonly.email);
    for (const act of ['disable', 'enable']) await admin.post(`/admin/people/${willow.readonly.id}/${act}`);
    t.equal((await begun.post('/sign-in/second', { method: 'totp', code: totpCode(willow.readonly.totpSecret) })).statusCode, 401);
    t.equal((await new Visitor(server).get(new URL(link).pathname)).statusCode, 410);
  });

  t.test('only administrators manage, with a fresh second factor; others are refused on the record; other workspaces have nobody here', async (t) => {
    const paths = ['', '/disable', '/enable', '/reset-factors', '/reset-password', '/invite-again'].map((end) => `/admin/people/${willow.agent.id}${end}`);
    for (const person of [willow.agent, willow.readonly, willow.officer]) {
      const visitor = await visit(person);
      t.equal((await visitor.get('/admin/people')).statusCode, person === willow.officer ? 200 : 403);
      for (const path of paths) t.equal((await visitor.post(path, path.endsWith(willow.agent.id) ? { role: 'ADMIN' } : {})).statusCode, 403, path);
      t.equal((await visitor.post('/admin/people/invite', { email: 'x@y.example', role: 'ADMIN' })).statusCode, 403);
      t.match(await last(), { action: 'access.refused', actor: { id: person.id }, detail: { capability: 'person.manage' } });
    }
    const foreign = await visit({ ...harbor.admin });
    await rows(database, `update app.users set role = 'ADMIN', status = 'active' where id = $1`, [harbor.admin.id]);
    for (const path of paths) t.equal((await foreign.post(path, path.endsWith(willow.agent.id) ? { role: 'ADMIN' } : {})).statusCode, 404, path);
    t.equal((await foreign.get(`/admin/people/${willow.agent.id}`)).statusCode, 404);
    t.notMatch((await foreign.get('/admin/people')).payload, /willow\.example/);
    t.match(await rows(database, 'select role, status from app.users where id = $1', [willow.agent.id]), [{ role: 'AGENT', status: 'active' }]);
    const stale = await visit(willow.admin);
    await rows(database, `update app.sessions set assured_at = now() - interval '11 minutes'`);
    t.match((await stale.post(`/admin/people/${willow.agent.id}/disable`)).payload, /Confirm it is you/);
  });

  t.test('settings are an administrator’s, within bounds', async (t) => {
    const admin = await visit(willow.admin);
    t.equal((await admin.post('/admin/settings', { name: 'Willow', timeZone: 'America/Chicago', idleMinutes: '4', absoluteHours: '25' })).statusCode, 400);
    t.equal((await admin.post('/admin/settings', { name: 'Willow', timeZone: 'America/Chicago', idleMinutes: '15', absoluteHours: '12' })).statusCode, 303);
    t.match(await last(), { action: 'workspace.settings_changed', detail: { name: { from: 'Practice willow', to: 'Willow' }, idleMinutes: { from: 480, to: 15 } } });
    t.match((await admin.get('/admin/settings')).payload, /value="15"/);
    const manager = await visit(willow.agent);
    t.equal((await manager.get('/admin/settings')).statusCode, 403);
    t.equal((await manager.post('/admin/settings', { name: 'X', timeZone: 'UTC', idleMinutes: '15', absoluteHours: '12' })).statusCode, 403);
  });
});

t.test('without mail an invitation is shown to whoever made it, once', async (t) => {
  const { app, server } = await openSite(t, { mode: 'production' });
  const { admin } = await createPeople(app, 'willow');
  const visitor = await signIn(server, admin);
  await visitor.get('/admin/people');
  const shown = await visitor.post('/admin/people/invite', { email: 'new@willow.example', role: 'AGENT' });
  const path = /https:\/\/[^/]+(\/invitation\/[\w.-]+)/.exec(shown.payload)?.[1] ?? '';
  t.equal((await new Visitor(server).get(path)).statusCode, 200);
});
