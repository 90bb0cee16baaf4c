import t from 'tap';
import { claims } from '../../../plugins/sso/claims.ts';
import { decodeRedirect } from '../../../plugins/sso/saml/message.ts';
import { readXml } from '../../../plugins/sso/saml/xml.ts';
import { systemScope } from '../../../core/db/scope.ts';
import sso from '../../../plugins/sso/index.ts';
import { rows } from '../../support/rows.ts';
import { Visitor } from '../../support/visitor.ts';
import { openHost } from '../open-host.ts';
import { providerFor } from './saml-answers.ts';
import { ATTACKER, VICTIM, stranger } from './saml-provider.ts';

t.test('SAML through the pages', async (t) => {
  const { app, database, willow, harbor, visit, server } = await openHost(t, [sso], { folders: { sso: new URL('../../../plugins/sso', import.meta.url).pathname } });
  const at = `/plugins/sso/${willow.slug}`;
  const admin = await visit(willow.admin);
  const { settings, answerTo } = providerFor(`${app.config.origin}${at}`);
  const change = async (form: Record<string, string>, path = 'settings') => {
    await admin.get('/admin/plugins/sso');
    t.ok([302, 303].includes((await admin.post(`/admin/plugins/sso/${path}`, { ...settings, ...form })).statusCode), path);
  };
  await change({ issuer: 'what stood in the part for OpenID Connect' }, 'on');

  /** Leaves for the provider; the id that its answer must name. */
  async function leave(next = ''): Promise<{ visitor: Visitor; id: string }> {
    const visitor = new Visitor(server);
    const { location } = (await visitor.get(`${at}/start${next}`)).headers;
    const request = readXml(decodeRedirect(new URL(String(location)).searchParams.get('SAMLRequest')));
    return { visitor, id: request.attributes.get('ID') ?? '' };
  }

  /** As a browser brings it: with another site's form none of our cookies that are Lax, with the page it leads to all of them. */
  async function come(visitor: Visitor, form: Record<string, string>) {
    const posted = await bring(visitor, form);
    return posted.statusCode === 303 ? visitor.get(String(posted.headers.location)) : posted;
  }

  async function bring(visitor: Visitor, form: Record<string, string>) {
    const posted = await server.inject({ method: 'POST', url: `${at}/saml/acs`, headers: { cookie: `__Host-sso_flow=${visitor.cookies.get('__Host-sso_flow') ?? ''}`, 'sec-fetch-site': 'cross-site', accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' }, payload: new URLSearchParams(form).toString() });
    if (posted.statusCode === 303) t.same([...String(posted.headers['set-cookie']).matchAll(/(__Host-\w+)=[^;]/g)].map(([, name]) => name), ['__Host-sso_flow'], 'the form itself signs nobody in');
    visitor.cookies.set('__Host-sso_flow', /__Host-sso_flow=([^;]+)/.exec(String(posted.headers['set-cookie']))?.[1] ?? '');
    return posted;
  }

  t.test('there, back, and in, as another site posts it', async (t) => {
    const { visitor, id } = await leave('?next=/appointments');
    const inside = await come(visitor, { SAMLResponse: answerTo(id) });
    t.match(inside, { statusCode: 303, headers: { location: '/appointments' } });
    t.match(String(inside.headers['set-cookie']), /__Host-wardkeep=/);
    t.equal((await rows(database, "select 1 from app.sessions where method = 'saml' and vouched_by is not null")).length, 1, 'and the session says so');
  });

  t.test('the browser is the one it was: what it held before ends, and it stays known', async (t) => {
    const again = async (visitor: Visitor) => {
      const { location } = (await visitor.get(`${at}/start`)).headers;
      const id = readXml(decodeRedirect(new URL(String(location)).searchParams.get('SAMLRequest'))).attributes.get('ID') ?? '';
      return come(visitor, { SAMLResponse: answerTo(id) });
    };
    const [desk, copy] = [new Visitor(server), new Visitor(server)];
    await again(desk);
    for (const [name, value] of desk.cookies) copy.cookies.set(name, value);
    t.equal((await copy.get('/contacts')).statusCode, 200);
    t.equal((await again(desk)).headers.location, '/contacts');
    t.equal((await copy.get('/contacts')).statusCode, 302, 'the session that it had is over');
    const [known, knownBefore] = [desk, copy].map((visitor) => visitor.cookies.get('__Host-wk_browser'));
    t.equal(known, knownBefore, 'what remembers the people of this browser is added to, not made anew');
  });

  t.test('from the form to the page: once, in that browser, for a minute', async (t) => {
    const { visitor, id } = await leave();
    const { headers } = await bring(visitor, { SAMLResponse: answerTo(id) });
    const [{ seconds } = { seconds: 0 }] = await rows<{ seconds: number }>(database, 'select extract(epoch from max(expires_at) - now())::float8 as seconds from app.sso_flows where expires_at < now() + interval \'10 minutes\'');
    t.ok(seconds > 50 && seconds <= 60, `a minute: ${seconds}`);
    t.equal((await new Visitor(server).get(String(headers.location))).statusCode, 403, 'another browser');
    const handle = visitor.cookies.get('__Host-sso_flow') as string;
    t.equal((await visitor.get(String(headers.location))).statusCode, 303);
    visitor.cookies.set('__Host-sso_flow', handle);
    t.equal((await visitor.get(String(headers.location))).statusCode, 403, 'again');
  });

  t.test('RelayState leads nowhere', async (t) => {
    for (const RelayState of ['https://evil.test', '//evil.test', '/\\evil.test', 'javascript:alert(1)', '/%0d%0aLocation:https://evil.test', 'data:text/html,x', '/contacts/1']) {
      const { visitor, id } = await leave();
      t.equal((await come(visitor, { SAMLResponse: answerTo(id), RelayState })).headers.location, '/contacts', RelayState);
    }
  });

  t.test('not twice, not in another browser, not by a stranger, not without being asked', async (t) => {
    const first = await leave();
    const samlResponse = answerTo(first.id);
    t.equal((await come(first.visitor, { SAMLResponse: samlResponse })).statusCode, 303);
    t.equal((await come(first.visitor, { SAMLResponse: samlResponse })).statusCode, 403, 'twice');
    const [mine, theirs] = [await leave(), await leave()];
    t.equal((await come(theirs.visitor, { SAMLResponse: answerTo(mine.id) })).statusCode, 403, 'login CSRF');
    const forged = await leave();
    t.equal((await come(forged.visitor, { SAMLResponse: answerTo(forged.id, ATTACKER, { key: stranger.key }) })).statusCode, 403, 'a stranger');
    t.equal((await come(new Visitor(server), { SAMLResponse: answerTo(null) })).statusCode, 403, 'unsolicited');
    await change({ unsolicited: 'yes' });
    t.equal((await come(new Visitor(server), { SAMLResponse: answerTo(null), RelayState: 'https://evil.test' })).headers.location, '/contacts', 'unsolicited, where the workspace wants it');
    t.equal((await server.inject({ method: 'POST', url: `/plugins/sso/${harbor.slug}/saml/acs`, payload: 'SAMLResponse=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } })).statusCode, 404, 'another workspace');
    const reasons = await app.withWorkspace(systemScope(willow.workspaceId, 'test'), async (tx) => ((await tx.knex('app.audit_entries').where({ action: 'sso.sign_in.refused' }).select('body')) as { body: string }[]).map(({ body }) => (JSON.parse(body) as { detail: { reason: string } }).detail.reason));
    t.same(reasons.sort(), ['saml.in_response_to', 'saml.in_response_to', 'saml.replayed', 'saml.replayed', 'saml.signature.invalid', 'saml.unsolicited'], 'each for its own reason, on the record');
  });

  t.test('who was refused starts again there, too: a sign-in that is too old is not answered for ever', async (t) => {
    await change({ maxAgeMinutes: '1' });
    const authnRequestAt = async (visitor: Visitor, path: string) => readXml(decodeRedirect(new URL(String((await visitor.get(path)).headers.location)).searchParams.get('SAMLRequest')));
    const visitor = new Visitor(server);
    const first = await authnRequestAt(visitor, `${at}/start`);
    t.notOk(first.attributes.has('ForceAuthn'));
    const refused = await come(visitor, { SAMLResponse: answerTo(first.attributes.get('ID') as string, VICTIM, { signedInBeforeS: 600 }) });
    t.equal(refused.statusCode, 403);
    const again = /href="([^"]+start[^"]*)"/.exec(refused.payload)?.[1] ?? '';
    const second = await authnRequestAt(visitor, again);
    t.equal(second.attributes.get('ForceAuthn'), 'true');
    t.equal((await come(visitor, { SAMLResponse: answerTo(second.attributes.get('ID') as string) })).statusCode, 303);
    await change({});
  });

  t.test('our certificate rolls over with two in the metadata', async (t) => {
    const count = async () => ((await server.inject({ url: `${at}/saml/metadata` })).payload.match(/use="signing"/g) ?? []).length;
    const keyIn = async () => { const { location } = (await new Visitor(server).get(`${at}/start`)).headers; return new URL(String(location)).searchParams.get('Signature'); };
    t.equal(await count(), 1);
    await admin.get('/plugins/sso');
    await admin.post('/plugins/sso/keys');
    t.equal(await count(), 2);
    await admin.get('/plugins/sso');
    t.equal((await admin.post('/plugins/sso/keys')).statusCode, 409, 'no third');
    const page = (await admin.get('/plugins/sso')).payload;
    const first = /keys\/([0-9a-f-]{36})\/retire/.exec(page)?.[1];
    t.equal((await admin.post('/plugins/sso/keys/01900000-0000-7000-8000-00000000000a/retire')).statusCode, 404, 'no such certificate');
    await admin.get('/plugins/sso');
    await admin.post(`/plugins/sso/keys/${first}/retire`);
    t.equal(await count(), 1);
    t.ok(await keyIn());
    t.equal((await (await visit(willow.agent)).get('/plugins/sso')).statusCode, 403, 'not for everybody');
  });

  t.test('the claims fail when what they say is not so', async (t) => {
    const prove = async (id: string) => (await claims.find((claim) => claim.id === id)?.prove({ app, workspaceId: willow.workspaceId, scope: systemScope(willow.workspaceId, 'trust') }))?.status;
    t.equal(await prove('SSO-1'), 'not_applicable');
    await change({ enforced: 'yes', breakGlass: willow.agent.email });
    t.equal(await prove('SSO-1'), 'failing', 'an agent is no administrator');
    await change({ enforced: 'yes', breakGlass: 'nobody@practice.example' });
    t.equal(await prove('SSO-1'), 'failing', 'nobody is there');
    await change({ enforced: 'yes', breakGlass: willow.admin.email });
    t.equal(await prove('SSO-1'), 'proved');
    t.equal(await prove('SSO-2'), 'failing', "the provider's certificate is good for a day");
  });
});
