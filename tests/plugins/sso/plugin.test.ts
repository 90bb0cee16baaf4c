import t from 'tap';
import sso from '../../../plugins/sso/index.ts';
import { decodeRedirect } from '../../../plugins/sso/saml/message.ts';
import { readXml } from '../../../plugins/sso/saml/xml.ts';
import { systemScope } from '../../../core/db/scope.ts';
import { enablePerson } from '../../../core/workspaces/people/actions.ts';
import { createUser } from '../../../core/workspaces/people/create-user.ts';
import { scopeAs, totpCode } from '../../support/people.ts';
import { onwardOf, Visitor } from '../../support/visitor.ts';
import { whileDisabling } from '../../support/while-disabling.ts';
import { openHost } from '../open-host.ts';
import { BrowserStandIn } from './browser-stand-in.ts';
import { PEER_SECRET, startOidcPeer } from './oidc-peer.ts';
import { providerFor } from './saml-answers.ts';

const FOLDER = new URL('../../../plugins/sso', import.meta.url).pathname;

t.test('a workspace with its own provider', async (t) => {
  t.capture(console, 'warn', () => undefined);
  const allowed: string[] = [];
  const { app, willow, harbor, visit, server } = await openHost(t, [sso], { folders: { sso: FOLDER }, change: { outboundAllowed: allowed } });
  const origin = app.config.origin;
  const peer = await startOidcPeer({ redirectUri: `${origin}/plugins/sso/${willow.slug}/oidc/return`, afterSignOut: `${origin}/sign-in` });
  t.teardown(() => peer.close());
  allowed.push(peer.host);
  const scope = systemScope(willow.workspaceId, 'test');
  const actions = () => app.withWorkspace(scope, async (tx) => ((await tx.knex('app.audit_entries').select('action')) as { action: string }[]).map(({ action }) => action));
  const admin = await visit(willow.admin);
  const base = { protocol: 'oidc', label: 'Willow account', issuer: peer.origin, clientId: 'clinic', clientSecret: PEER_SECRET, trustsEmail: 'yes', groupsName: 'groups', domains: '', roles: '', secondFactor: '', clockSkewS: '60' };
  const change = async (form: Record<string, string | string[]>, path = 'settings') => {
    await admin.get('/admin/plugins/sso');
    const answer = await admin.post(`/admin/plugins/sso/${path}`, { ...base, ...form });
    t.ok([302, 303].includes(answer.statusCode), `settings: ${answer.statusCode}`);
  };

  /** Signs in at the provider as `login` and brings the answer back. */
  async function comeThrough(login: string, visitor = new Visitor(server), next = '') {
    const started = await visitor.get(`/plugins/sso/${willow.slug}/start${next}`);
    t.equal(started.statusCode, 303);
    peer.login = login;
    const { pathname, search } = new URL((await new BrowserStandIn('').get(String(started.headers.location), `${origin}/`)).url);
    return { answer: await visitor.get(pathname + search), visitor, path: pathname + search };
  }

  t.test('off, nothing of it is there', async (t) => {
    for (const path of ['start', 'saml/metadata', 'scim/v2/Users', 'oidc/return']) t.equal((await server.inject({ url: `/plugins/sso/${willow.slug}/${path}` })).statusCode, 404, path);
  });

  t.test('switched on, tried out', async (t) => {
    await admin.get('/admin/plugins/sso');
    t.match((await admin.post('/admin/plugins/sso/test', base)).payload, /The provider answered/);
    t.match((await admin.post('/admin/plugins/sso/test', { ...base, issuer: 'https://127.0.0.1:1' })).payload, /did not answer|not allowed|private/i);
    const form = (await admin.get('/admin/plugins/sso')).payload;
    t.match(form, /value="oidc" data-answer="1" checked><span>OpenID Connect</, 'a protocol by its name');
    t.match(form, new RegExp(`data-for="1"[^]*${origin}/plugins/sso/${willow.slug}/oidc/return[^]*name="issuer"[^]*data-for="2"[^]*${origin}/plugins/sso/${willow.slug}/saml/metadata[^]*name="metadata"`), 'each with what the other side has to be told');
    t.match(form, /<option value="">None<\/option>/, 'people without a listed group get no role unless one is chosen');
    t.notMatch(form, /(Issuer|Client ID|Provider metadata|Name of the button) <span class="optional">/);
    await change({}, 'on');
    t.equal((await server.inject({ url: `/plugins/sso/${harbor.slug}/start` })).statusCode, 404, 'only in this workspace');
    t.match((await new Visitor(server).get(`/sign-in?workspace=${willow.slug}`)).payload, /Willow account/);
    t.notMatch((await new Visitor(server).get(`/sign-in?workspace=${harbor.slug}`)).payload, /Willow account/);
    t.match((await admin.get('/plugins/sso')).payload, new RegExp(`${willow.slug}/oidc/return`));
    const mistyped = new Visitor(server);
    await mistyped.get(`/sign-in?workspace=${willow.slug}`);
    t.match((await mistyped.post('/sign-in', { email: willow.agent.email, password: 'not the password', workspace: willow.slug })).payload, /Willow account/, 'the button stays beside a wrong password');
  });

  t.test('somebody nobody knows stays out, on the record', async (t) => {
    const { answer } = await comeThrough('stranger');
    t.equal(answer.statusCode, 403);
    t.match(answer.payload, /not known in this workspace/);
    const again = /href="([^"]+start[^"]*)"/.exec(answer.payload)?.[1] ?? '';
    t.equal(new URL(String((await new Visitor(server).get(again)).headers.location)).searchParams.get('prompt'), 'login', 'and may say there who else they are');
    t.ok((await actions()).includes('sso.sign_in.refused'));
  });

  t.test('a colleague is found by the e-mail the provider vouches for, and needs our second factor', async (t) => {
    peer.claims = { email: willow.agent.email };
    const { answer, visitor } = await comeThrough('agent', undefined, '?next=/appointments');
    t.equal(answer.statusCode, 303);
    t.equal(answer.headers.location, '/sign-in/second?next=%2Fappointments');
    await visitor.get('/sign-in/second');
    const inside = await visitor.post('/sign-in/second', { method: 'totp', code: totpCode(willow.agent.totpSecret), next: '/appointments' });
    t.equal(inside.headers.location, '/appointments');
    t.equal((await visitor.get('/contacts')).statusCode, 200);
    peer.claims = { email: 'changed@elsewhere.example' };
    t.equal((await comeThrough('agent')).answer.headers.location, '/sign-in/second', 'known by issuer and subject from now on');
    t.equal((await actions()).filter((action) => action === 'sso.person.linked').length, 1);
  });

  t.test('whoever was given a colleague’s e-mail after them is not that colleague', async (t) => {
    peer.claims = { email: willow.agent.email };
    const { answer } = await comeThrough('successor');
    t.match(answer, { statusCode: 403, payload: /not known in this workspace/ });
    t.equal((await actions()).filter((action) => action === 'sso.person.linked').length, 1);
  });

  t.test('an e-mail finds somebody where the provider says that it is verified, and within the allowed domains', async (t) => {
    const { email } = willow.officer;
    const domain = email.slice(email.indexOf('@') + 1);
    const NOT_TRUSTED: string[] = [];
    const comes = async (claims: object, form: { domains: string }) => {
      peer.claims = { email, ...claims };
      await change({ trustsEmail: NOT_TRUSTED, ...form });
      return (await comeThrough('officer')).answer;
    };
    t.equal((await comes({ email_verified: false }, { domains: '' })).statusCode, 403);
    t.equal((await comes({}, { domains: `elsewhere.example\nnot-${domain}` })).statusCode, 403);
    t.equal((await comes({}, { domains: `elsewhere.example\n${domain}` })).headers.location, '/sign-in/second');
    await change({});
  });

  t.test("the provider's second factor counts where the workspace says so", async (t) => {
    peer.claims = {};
    peer.amr = ['pwd', 'otp'];
    await change({ secondFactor: 'mfa' });
    t.equal((await comeThrough('agent')).answer.headers.location, '/sign-in/second', 'another word does not');
    peer.amr = ['pwd', 'mfa'];
    const { answer, visitor } = await comeThrough('agent');
    t.equal(answer.headers.location, '/contacts');
    t.equal((await visitor.get('/contacts')).statusCode, 200);
    const before = new Visitor(server);
    for (const [name, value] of visitor.cookies) before.cookies.set(name, value);
    t.equal((await comeThrough('agent', visitor)).answer.headers.location, '/contacts');
    t.equal((await before.get('/contacts')).statusCode, 302, 'the session that the browser had is over');
    await visitor.get('/contacts');
    const out = await visitor.post('/sign-out');
    t.match(onwardOf(out), new RegExp(`^/plugins/sso/${willow.slug}/sign-out\\?handle=`));
    const there = await visitor.get(onwardOf(out));
    t.ok(String(there.headers.location).startsWith(`${peer.origin}/session/end?`), 'signed out there too');
    t.equal((await visitor.get(onwardOf(out))).headers.location, '/sign-in', 'the handle works once');
  });

  t.test('its word undoes nothing that guards the same e-mail in another practice', async (t) => {
    await createUser(app, willow.workspaceId, harbor.agent);
    const guess = async (visitor: Visitor): Promise<number> => {
      visitor.cookies.delete('__Host-wardkeep');
      await visitor.get('/sign-in');
      return (await visitor.post('/sign-in', { email: harbor.agent.email, password: 'wrong wrong wrong', workspace: harbor.slug })).statusCode;
    };
    for (let n = 0; n < 4; n++) t.equal(await guess(new Visitor(server)), 401);
    peer.claims = { email: harbor.agent.email };
    const { visitor: atOnce } = await comeThrough('twin');
    peer.amr = ['pwd'];
    const { visitor: withCode } = await comeThrough('twin');
    await withCode.get('/sign-in/second');
    t.equal((await withCode.post('/sign-in/second', { method: 'totp', code: totpCode(harbor.agent.totpSecret), next: '' })).statusCode, 303);
    for (const visitor of [atOnce, withCode]) t.equal((await visitor.get('/contacts')).statusCode, 200);
    t.same([await guess(atOnce), await guess(withCode), await guess(new Visitor(server))], [401, 429, 429], 'one was left of the five, for whatever browser');
    peer.claims = {};
    peer.amr = ['pwd', 'mfa'];
  });

  t.test('signed out there, signed out here at once', async (t) => {
    const { visitor } = await comeThrough('agent');
    t.equal((await visitor.get('/contacts')).statusCode, 200);
    const tell = (logout_token: string) => server.inject({ method: 'POST', url: `/plugins/sso/${willow.slug}/oidc/back-channel`, headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: new URLSearchParams({ logout_token }).toString() });
    t.equal((await tell('x.y.z')).statusCode, 400);
    t.equal((await visitor.get('/contacts')).statusCode, 200, 'nonsense ends nothing');
    const token = await peer.logoutToken({ sub: 'agent' });
    t.match(await tell(token), { statusCode: 200, headers: { 'cache-control': /no-store/ } });
    t.equal((await visitor.get('/contacts')).statusCode, 302, 'with the very next request');
    t.equal((await tell(token)).statusCode, 400, 'once');
    t.ok((await actions()).includes('sso.person.signed_out'));
  });

  t.test('signed out of one session there, the others go on here', async (t) => {
    const tell = async (claims: { sub?: string; sid?: string }) => {
      const form = new URLSearchParams({ logout_token: await peer.logoutToken(claims) });
      t.equal((await server.inject({ method: 'POST', url: `/plugins/sso/${willow.slug}/oidc/back-channel`, headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: form.toString() })).statusCode, 200);
    };
    const known = () => app.withWorkspace(scope, (tx) => tx.knex('app.sso_provider_sessions').orderBy('id').select('id', 'session_key', 'subject') as unknown as Promise<{ id: string; session_key: string; subject: string }[]>);
    const begun = async () => {
      const { visitor } = await comeThrough('agent');
      return { visitor, ...((await known()).at(-1) as { id: string; session_key: string }) };
    };
    const [ward, desk, home, keyless] = [await begun(), await begun(), await begun(), await begun()];
    t.equal(new Set([ward, desk, home].map(({ session_key }) => session_key)).size, 3, 'each browser has a session of its own there');
    await app.withWorkspace(scope, (tx) => tx.knex('app.sso_provider_sessions').where({ id: keyless.id }).delete().then(() => tx.knex('app.sso_provider_sessions').insert({ workspace_id: willow.workspaceId, id: keyless.id, user_id: willow.agent.id, issuer: peer.origin, subject: 'agent' })));
    const byPassword = await visit(willow.agent);
    const live = async () => Promise.all([ward, desk, home, keyless, { visitor: byPassword }].map(async ({ visitor }) => (await visitor.get('/contacts')).statusCode));

    await tell({ sid: 'one that was never begun here' });
    await tell({ sub: 'somebody else', sid: desk.session_key });
    t.same(await live(), [200, 200, 200, 200, 200], 'what is not known here ends nothing');
    await tell({ sid: ward.session_key });
    t.same(await live(), [302, 200, 200, 200, 200], 'by its key alone');
    await tell({ sub: 'agent', sid: desk.session_key });
    t.same(await live(), [302, 302, 200, 302, 200], 'by key and person: with it what has no key');
    peer.amr = ['pwd'];
    const { visitor: half } = await comeThrough('agent');
    await half.get('/sign-in/second');
    await tell({ sub: 'agent' });
    t.same(await live(), [302, 302, 302, 302, 200], 'by person alone: all that came by the provider, nothing that did not');
    const late = await half.post('/sign-in/second', { method: 'totp', code: totpCode(willow.agent.totpSecret, 1), next: '' });
    t.notMatch(String(late.headers['set-cookie']), /__Host-wardkeep=[^;]/, 'and what waited for our second step is over');
    peer.amr = ['pwd', 'mfa'];
  });

  t.test('who is being disabled is not let in, nor is anything of it when they are back', async (t) => {
    const [by, visitor] = [scopeAs(willow.admin), new Visitor(server)];
    const started = await visitor.get(`/plugins/sso/${willow.slug}/start`);
    peer.login = 'agent';
    const { pathname, search } = new URL((await new BrowserStandIn('').get(String(started.headers.location), `${origin}/`)).url);
    await whileDisabling(app, by, willow.agent.id, () => visitor.get(pathname + search));
    await app.withWorkspace(by, (tx) => enablePerson(tx, willow.agent.id));
    t.equal((await visitor.get('/contacts')).statusCode, 302);
  });

  t.test('the return works once, in the browser that left, for the kind that left', async (t) => {
    const { path, visitor } = await comeThrough('agent');
    t.equal((await visitor.get(path)).statusCode, 403, 'again');
    const started = new Visitor(server);
    await started.get(`/plugins/sso/${willow.slug}/start`);
    t.equal((await new Visitor(server).get(path)).statusCode, 403, 'another browser');
    t.equal((await started.get(path)).statusCode, 403, "another sign-in's answer (login CSRF)");
    for (const next of ['//evil.test', 'https://evil.test', '/\\evil.test', 'javascript:alert(1)']) {
      const out = await comeThrough('agent', undefined, `?next=${encodeURIComponent(next)}`);
      t.equal(out.answer.headers.location, '/contacts', next);
    }
  });

  t.test('people are added with the role of their groups, which follows them', async (t) => {
    await change({ createsPeople: 'yes', domains: 'example.org', roles: 'nurses = AGENT\nleads = MANAGER', secondFactor: 'mfa' });
    peer.claims = { groups: ['nurses'] };
    const { visitor } = await comeThrough('newcomer');
    t.equal((await visitor.get('/contacts')).statusCode, 200);
    const role = async () => (await app.withWorkspace(scope, async (tx) => ((await tx.knex('app.users').where({ email: 'newcomer@example.org' }).first('role')) as { role: string }).role));
    t.equal(await role(), 'AGENT');
    peer.claims = { groups: ['nurses', 'leads'] };
    await comeThrough('newcomer');
    t.equal(await role(), 'MANAGER', 'the widest');
    peer.claims = { groups: [] };
    t.equal((await comeThrough('newcomer')).answer.statusCode, 403, 'no listed group, no way in');
    peer.claims = { email: 'other@evil.test', groups: ['nurses'] };
    t.equal((await comeThrough('other')).answer.statusCode, 403, 'another domain');
    peer.claims = { groups: ['nurses'], email_verified: false };
    await change({ createsPeople: 'yes', domains: 'example.org', roles: 'nurses = AGENT', trustsEmail: 'no' });
    t.equal((await comeThrough('unverified')).answer.statusCode, 403, 'an address nobody vouches for');
  });

  t.test('enforced: passwords and passkeys are over, but for one person, and that rings', async (t) => {
    await change({ enforced: 'yes', breakGlass: willow.admin.email });
    const password = async (person: typeof willow.admin) => {
      const visitor = new Visitor(server);
      await visitor.get('/sign-in');
      return visitor.post('/sign-in', { email: person.email, password: person.password });
    };
    t.equal(onwardOf(await password(willow.manager)), `/plugins/sso/${willow.slug}/start`);
    t.equal((await password(harbor.manager)).headers.location, '/sign-in/second', 'another workspace is another matter');
    t.notOk((await actions()).includes('sso.break_glass.used'));
    t.equal((await password(willow.admin)).headers.location, '/sign-in/second');
    t.ok((await actions()).includes('sso.break_glass.used'));
    const wrong = new Visitor(server);
    await wrong.get('/sign-in');
    t.equal((await wrong.post('/sign-in', { email: willow.manager.email, password: 'not the password at all' })).statusCode, 401, 'a wrong password learns nothing');

    await change({ enforced: 'yes', breakGlass: willow.admin.email, roles: 'nurses = AGENT' });
    peer.claims = { email: willow.admin.email, groups: ['nurses'] };
    t.equal((await comeThrough('keeper')).answer.headers.location, '/sign-in/second');
    t.equal((await app.withWorkspace(scope, (tx) => tx.knex('app.users').where({ id: willow.admin.id }).first('role')) as { role: string }).role, 'ADMIN', 'whatever the provider says of them');
    await change({ enforced: 'yes', breakGlass: willow.admin.email });
  });

  t.test('a provider of one name in both protocols: people are found in either, and a subject of one is nobody in the other', async (t) => {
    const saml = providerFor(`${origin}/plugins/sso/${willow.slug}`, { entityId: peer.origin });
    const comeBySaml = async (subject: string, email: string) => {
      const visitor = new Visitor(server);
      const { location } = (await visitor.get(`/plugins/sso/${willow.slug}/start`)).headers;
      const id = readXml(decodeRedirect(new URL(String(location)).searchParams.get('SAMLRequest'))).attributes.get('ID') ?? '';
      const posted = await visitor.post(`/plugins/sso/${willow.slug}/saml/acs`, { SAMLResponse: saml.answerTo(id, email, { subject }) });
      if (posted.statusCode === 303) await visitor.get(String(posted.headers.location));
      return visitor;
    };
    await change({ createsPeople: 'yes', domains: 'example.org', roles: 'nurses = AGENT', trustsEmail: 'yes', secondFactor: 'mfa' });
    peer.claims = { groups: ['nurses'] };
    await comeThrough('both-ways');
    await change(saml.settings);
    const whose = () => app.withWorkspace(scope, (tx) => tx.knex('app.sso_identities as i').join('app.users as u', 'u.id', 'i.user_id').where('i.subject', 'both-ways').orderBy('i.protocol').select('i.protocol', 'u.email') as unknown as Promise<object[]>);
    t.equal((await (await comeBySaml('a-name-id', 'both-ways@example.org')).get('/contacts')).statusCode, 200, 'found by the e-mail, once more');
    t.equal((await (await comeBySaml('both-ways', 'an-impostor@example.org')).get('/contacts')).statusCode, 200);
    t.same(await whose(), [{ protocol: 'oidc', email: 'both-ways@example.org' }, { protocol: 'saml', email: 'an-impostor@example.org' }]);
    await change({});
  });

  t.test('a test sign-in shows and changes nothing', async (t) => {
    peer.claims = { groups: ['nurses'] };
    const started = await admin.get('/plugins/sso/test');
    peer.login = 'tested';
    const { pathname, search } = new URL((await new BrowserStandIn('').get(String(started.headers.location), `${origin}/`)).url);
    const shown = await admin.get(pathname + search);
    t.match(shown.payload, /Nobody was signed in/);
    t.match(shown.payload, /tested@example\.org/);
    t.equal((await (await visit(willow.agent)).get('/plugins/sso/test')).statusCode, 403, 'not for everybody');
  });
});
