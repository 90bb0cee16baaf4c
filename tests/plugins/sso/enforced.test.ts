import { join } from 'node:path';
import t from 'tap';
import sso from '../../../plugins/sso/index.ts';
import { record } from '../../../core/audit/record.ts';
import { makeLink, type LinkPurpose } from '../../../core/auth/links.ts';
import { openSession } from '../../../core/auth/session/actions.ts';
import { requirePassword } from '../../../core/auth/sign-in/policy.ts';
import { systemScope } from '../../../core/db/scope.ts';
import { startWorker } from '../../../core/jobs/start-worker.ts';
import { AUTH_JOBS } from '../../../core/auth/mail/notices.ts';
import { listMail } from '../../../core/mail/folder.ts';
import { createUser } from '../../../core/workspaces/people/create-user.ts';
import { dataFolder, mailbox } from '../../support/mailbox.ts';
import { PASSWORD, totpCode, type Person } from '../../support/people.ts';
import { auditLength, auditOf, rows } from '../../support/rows.ts';
import { onwardOf, Visitor } from '../../support/visitor.ts';
import { openHost } from '../open-host.ts';
import { BrowserStandIn } from './browser-stand-in.ts';
import { PEER_SECRET, startOidcPeer } from './oidc-peer.ts';

const ALARM = 'Alarm - the emergency way in was used';
const FOLDER = new URL('../../../plugins/sso', import.meta.url).pathname;

t.test('a workspace turns passwords off', async (t) => {
  t.capture(console, 'warn', () => undefined);
  const allowed: string[] = [];
  const { app, host, database, willow, harbor, visit, server } = await openHost(t, [sso], { folders: { sso: FOLDER }, change: { outboundAllowed: allowed, dataDir: await dataFolder(t), breachRangeUrl: null } });
  const { origin } = app.config;
  const peer = await startOidcPeer({ redirectUri: `${origin}/plugins/sso/${willow.slug}/oidc/return`, afterSignOut: `${origin}/sign-in` });
  t.teardown(() => peer.close());
  allowed.push(peer.host);
  const worker = await startWorker(app, { jobsUrl: database.jobsUrl, jobs: [...AUTH_JOBS, ...host.jobs] });
  t.teardown(() => worker.stop());
  const mail = mailbox(app);
  const scope = systemScope(willow.workspaceId, 'test');
  const start = `/plugins/sso/${willow.slug}/start`;
  const keeper = { ...willow.admin, email: `keeper@${willow.slug}.example`, id: await createUser(app, willow.workspaceId, { email: `keeper@${willow.slug}.example`, name: 'Keeper Person', role: 'ADMIN', password: PASSWORD, totpSecret: willow.admin.totpSecret }) };
  const admin = await visit(willow.admin);
  const save = async (form: Record<string, string>, path = 'settings') => {
    await admin.get('/admin/plugins/sso');
    const answer = await admin.post(`/admin/plugins/sso/${path}`, { protocol: 'oidc', label: 'Willow account', issuer: peer.origin, clientId: 'clinic', clientSecret: PEER_SECRET, trustsEmail: 'yes', groupsName: 'groups', domains: '', roles: '', secondFactor: 'mfa', clockSkewS: '60', ...form });
    t.equal(answer.statusCode, 303, 'the settings are saved');
  };
  const isIn = async (visitor: Visitor) => (await visitor.get('/account/sessions')).statusCode === 200;
  const linkFor = async (userId: string, purpose: LinkPurpose) => new URL(await app.withWorkspace(scope, (tx) => { record(tx, { action: 'person.invited', target: { type: 'user', id: userId } }); return makeLink(app, tx, purpose, userId); })).pathname;
  const methodsOf = (userId: string) => rows<{ method: string }>(database, 'select method from app.sessions where user_id = $1 and vouched_by is not null order by created_at', [userId]).then((found) => found.map(({ method }) => method));

  /** The next mail of this subject; others that come meanwhile are none of the test's. */
  async function mailOf(to: string, subject: string): Promise<{ link: string }> {
    for (;;) {
      const next = await mail.next(to);
      if (next.subject === subject) return next;
    }
  }
  async function comeThrough(person: Person): Promise<Visitor> {
    const visitor = new Visitor(server);
    peer.login = person.role.toLowerCase();
    peer.claims = { email: person.email };
    const started = await visitor.get(start);
    const { pathname, search } = new URL((await new BrowserStandIn('').get(String(started.headers.location), `${origin}/`)).url);
    const back = await visitor.get(pathname + search);
    if (back.headers.location === '/sign-in/second') {
      await visitor.get('/sign-in/second');
      await visitor.post('/sign-in/second', { method: 'totp', code: totpCode(person.totpSecret), next: '' });
    }
    return visitor;
  }
  async function typePassword(person: Person): Promise<Visitor> {
    const visitor = new Visitor(server);
    await visitor.get('/sign-in');
    await visitor.post('/sign-in', { email: person.email, password: person.password });
    return visitor;
  }

  await save({}, 'on');
  const opened = { password: await visit(willow.agent), agentByProvider: await comeThrough(willow.agent), passkey: new Visitor(server), keeper: await visit(keeper), admin: await visit(willow.admin), elsewhere: await visit(harbor.agent) };
  opened.passkey.cookies.set('__Host-wardkeep', await app.withWorkspace(scope, (tx) => openSession(tx, { userId: willow.manager.id, method: 'passkey' })));

  await t.test('a session says how it came about', async (t) => {
    t.same(await methodsOf(willow.agent.id), ['oidc+totp']);
    peer.amr = ['mfa'];
    const trusted = await comeThrough(willow.readonly);
    t.same(await methodsOf(willow.readonly.id), ['oidc'], "the provider's second factor counted");
    t.match((await trusted.get('/account/sessions')).payload, /single sign-on \(OpenID Connect\)</);
    t.match((await admin.get('/admin/sessions')).payload, /single sign-on \(OpenID Connect\) and app/);
    const entries = await auditOf(database, willow.workspaceId);
    t.ok(entries.some(({ action, detail }) => action === 'auth.signed_in' && detail['method'] === 'oidc+totp'), 'and so does the record');
  });

  await t.test('only a session that came by the provider is signed out there', async (t) => {
    const byPassword = await visit(willow.readonly);
    await byPassword.get('/contacts');
    t.equal((await byPassword.post('/sign-out')).headers.location, '/sign-in', 'although the same person came by the provider a moment ago');
    const byProvider = await comeThrough(willow.readonly);
    await byProvider.get('/contacts');
    const out = await byProvider.post('/sign-out');
    t.match(onwardOf(out), /sign-out\?handle=/);
    const there = await byProvider.get(onwardOf(out));
    t.ok(String(there.headers.location).startsWith(`${peer.origin}/session/end?`));
  });

  const [half, enrolling] = [await typePassword(willow.manager), new Visitor(server)];
  const newcomer = { email: `new@${willow.slug}.example`, name: 'New Comer', role: 'AGENT' as const, password: PASSWORD };
  await createUser(app, willow.workspaceId, newcomer);
  await enrolling.get('/sign-in');
  t.equal((await enrolling.post('/sign-in', { email: newcomer.email, password: PASSWORD })).headers.location, '/sign-in/enrol');
  const before = await auditLength(database, willow.workspaceId);
  await save({ enforced: 'yes', breakGlass: keeper.email });

  t.test('sessions of the old ways end, but the two that are needed', async (t) => {
    for (const [name, stays] of Object.entries({ password: false, passkey: false, admin: false, agentByProvider: true, keeper: true, elsewhere: true })) t.equal(await isIn(opened[name as keyof typeof opened]), stays, name);
    t.ok(await isIn(admin), 'the one that turned them off');
    const entries = await auditOf(database, willow.workspaceId, before);
    const ended = entries.filter(({ action }) => action === 'auth.session_ended').length;
    t.equal(ended, 3, 'a password, a passkey, the other window of who turned them off');
    t.match(entries.find(({ action }) => action === 'sso.old_sessions.ended'), { actor: { id: willow.admin.id }, detail: { sessions: ended } });
  });

  t.test('nor does one slip in while they are being turned off', async (t) => {
    await save({});
    const opened = Promise.withResolvers<string>();
    const release = Promise.withResolvers<void>();
    const slow = app.withWorkspace(scope, async (tx) => {
      await requirePassword(tx, willow.agent.id, 'finish');
      opened.resolve(await openSession(tx, { userId: willow.agent.id, method: 'password+totp' }));
      await release.promise;
    });
    const cookie = await opened.promise;
    const saved = save({ enforced: 'yes', breakGlass: keeper.email });
    await new Promise((done) => setTimeout(done, 200));
    release.resolve();
    await Promise.all([slow, saved]);
    const visitor = new Visitor(server);
    visitor.cookies.set('__Host-wardkeep', cookie);
    t.notOk(await isIn(visitor));
  });

  t.test('a sign-in that was under way is not finished', async (t) => {
    await half.get('/sign-in/second');
    const refused = await half.post('/sign-in/second', { method: 'totp', code: totpCode(willow.manager.totpSecret), next: '' });
    t.match([refused.statusCode, /passwords and passkeys are off/.test(refused.payload)], [403, true]);
    t.notOk(await isIn(half));
    const page = (await enrolling.get('/sign-in/enrol')).payload;
    const secret = (/id="totp-secret">([^<]+)</.exec(page)?.[1] ?? '').replaceAll(' ', '');
    const setup = /name="setup" value="([^"]*)"/.exec(page)?.[1] ?? '';
    t.equal((await enrolling.post('/sign-in/enrol', { code: totpCode(secret), setup, next: '' })).statusCode, 403, 'nor by enrolling');
    t.notOk(await isIn(enrolling));
  });

  t.test('an invitation leads to the provider and sets no password', async (t) => {
    const email = `invited@${willow.slug}.example`;
    await admin.get('/admin/people');
    await admin.post('/admin/people/invite', { email, role: 'AGENT' });
    const [invited] = await rows<{ id: string }>(database, 'select id from app.users where email = $1', [email]);
    const path = await linkFor(invited?.id ?? '', 'invitation');
    const visitor = new Visitor(server);
    const page = (await visitor.get(path)).payload;
    t.match(page, `href="${start}"`);
    t.notMatch(page, /type="password"/);
    t.equal((await visitor.post(path, { name: 'In Vited', password: 'ferry marble compass' })).statusCode, 403, 'not by a form of one’s own making either');
    t.same(await rows(database, 'select 1 from app.passwords where user_id = $1', [invited?.id]), []);
    peer.amr = ['mfa'];
    t.ok(await isIn(await comeThrough({ ...willow.agent, email, role: 'NEWCOMER' as never })), 'they come in by the provider');
  });

  t.test('nor does the command line set one', async (t) => {
    const email = `operator@${willow.slug}.example`;
    await t.rejects(createUser(app, willow.workspaceId, { email, name: 'Made Aside', role: 'ADMIN', password: PASSWORD }), { code: 'sign_in.provider_only' });
    t.same(await rows(database, 'select 1 from app.users where email = $1', [email]), []);
  });

  t.test('no password is reset or changed', async (t) => {
    const hashOf = () => rows(database, 'select hash from app.passwords where user_id = $1', [willow.agent.id]);
    const was = await hashOf();
    const visitor = new Visitor(server);
    await visitor.get('/password/forgot');
    await visitor.post('/password/forgot', { email: willow.agent.email });
    t.equal((await mailOf(willow.agent.email, 'Sign in with your provider')).link, `${origin}${start}`);
    const path = await linkFor(willow.agent.id, 'password_reset');
    t.match((await visitor.get(path)).payload, `href="${start}"`);
    t.equal((await visitor.post(path, { password: 'ferry marble compass' })).statusCode, 403);
    const { agentByProvider } = opened;
    t.notMatch((await agentByProvider.get('/account/security')).payload, /name="currentPassword"/, 'nothing to change one with');
    t.equal((await agentByProvider.post('/account/password', { currentPassword: PASSWORD, password: 'ferry marble compass' })).statusCode, 403);
    t.same(await hashOf(), was);
  });

  t.test('a hundred wrong passwords in a row: a right one no longer shows the way to the provider, nor does it ring', async (t) => {
    const answerTo = async (person: Person, password: string) => {
      const visitor = new Visitor(server);
      await visitor.get('/sign-in');
      const { statusCode, payload } = await visitor.post('/sign-in', { email: person.email, password });
      return { statusCode, text: payload.replaceAll(/name="_csrf" value="[^"]+"/g, '') };
    };
    const before = await auditLength(database, willow.workspaceId);
    for (const person of [willow.agent, keeper]) {
      await rows(database, 'update app.passwords set failed_in_row = 99 where user_id = $1', [person.id]);
      const wrong = await answerTo(person, 'wrong wrong wrong');
      t.equal(wrong.statusCode, 401);
      t.same(await answerTo(person, person.password), wrong, person.email);
      t.equal((await mailOf(person.email, 'Somebody is guessing at your Wardkeep password')).link, `${origin}/password/forgot`);
      await rows(database, 'update app.passwords set failed_in_row = 0, known_browsers_only_since = null where user_id = $1', [person.id]);
    }
    t.notOk((await auditOf(database, willow.workspaceId, before)).some(({ action }) => action === 'sso.break_glass.used'));
  });

  t.test('the emergency way in tells everybody who must know', async (t) => {
    const told = [willow.admin.email, keeper.email, willow.officer.email];
    const leftOfHour = 3_600_000 - (Date.now() % 3_600_000);
    if (leftOfHour < 20_000) await new Promise((done) => setTimeout(done, leftOfHour));
    const visitor = await typePassword(keeper);
    await visitor.get('/sign-in/second');
    t.equal((await visitor.post('/sign-in/second', { method: 'totp', code: totpCode(keeper.totpSecret), next: '' })).headers.location, '/contacts');
    for (const to of told) {
      t.equal((await mailOf(to, ALARM)).link, `${origin}/audit`, to);
    }
    for (const person of [willow.manager, willow.agent, harbor.admin]) t.notOk((await listMail(join(app.config.dataDir, 'mail'))).some(({ to, subject }) => to === person.email && subject === ALARM), person.email);
    const alarms = async () => (await listMail(join(app.config.dataDir, 'mail'))).filter(({ subject }) => subject === ALARM).length;
    const before = await alarms();
    await rows(database, 'delete from sys.attempt_counters');
    for (let n = 0; n < 3; n++) t.equal((await typePassword(keeper)).cookies.has('__Host-wk_step'), true);
    const waiting = () => rows(database, "select 1 from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id where t.identifier like '%sso.mail_alarm%'");
    for (const end = Date.now() + 10_000; (await waiting()).length > 0 && Date.now() < end;) await new Promise((done) => setTimeout(done, 50));
    t.equal(await alarms(), before, 'of more within the hour the record tells');
    t.match((await visitor.get('/account/security')).payload, /name="currentPassword"/, 'and has a password to change');
    t.match((await visitor.get('/contacts')).payload, /Break-glass sign-in/);
    t.notMatch((await opened.agentByProvider.get('/contacts')).payload, /Break-glass sign-in/, 'a card for those who can do something about it');
    const path = await linkFor(keeper.id, 'password_reset');
    await visitor.get(path);
    t.equal((await visitor.post(path, { password: 'ferry marble compass' })).statusCode, 303);
    for (const to of told) t.ok(await mailOf(to, ALARM), 'a new password for it rings as well');
    t.same((await auditOf(database, willow.workspaceId)).filter(({ action }) => action === 'sso.break_glass.used').map(({ detail }) => detail), [...Array.from({ length: 4 }, () => ({ act: 'begin' })), { act: 'set_password' }]);
  });
});
