import t from 'tap';
import { mintAccessToken, readAccessToken } from '../../core/auth/service-accounts/access-token.ts';
import { createServiceAccount } from '../../core/auth/service-accounts/actions.ts';
import { bearer, createPeople, scopeAs, sessionCookie, type Person } from '../support/people.ts';
import { auditOf, rows } from '../support/rows.ts';
import { openSite } from '../support/site.ts';
import { Visitor } from '../support/visitor.ts';

t.test('tokens are recognisable and hold their own check', async (t) => {
  const workspaceId = '0195a1b2-7c3d-7e4f-8a9b-0c1d2e3f4a5b';
  const token = mintAccessToken(workspaceId);
  t.match(token.text, /^wks_[0-9a-hjkmnp-tv-z]{26}_[0-9a-hjkmnp-tv-z]{52}_[0-9a-hjkmnp-tv-z]{7}$/);
  t.same(readAccessToken(token.text), { workspaceId, hash: token.hash });
  for (let at = 0; at < token.text.length; at++) {
    const other = token.text[at] === 'a' ? 'b' : 'a';
    t.equal(readAccessToken(token.text.slice(0, at) + other + token.text.slice(at + 1)), null, `mistyped at ${at}`);
  }
  for (const text of ['', 'wks_', token.text.toUpperCase(), `${token.text}0`, token.text.slice(0, -1), ` ${token.text}`]) t.equal(readAccessToken(text), null);
});

t.test('service accounts', async (t) => {
  const { app, server, database } = await openSite(t);
  const willow = await createPeople(app, 'willow');
  const harbor = await createPeople(app, 'harbor');
  const ask = async (authorization: string) => {
    const { statusCode, payload } = await server.inject({ url: '/api/v1/test/whoami', headers: { authorization } });
    return { status: statusCode, body: JSON.parse(payload) };
  };
  const visit = async (person: Person): Promise<Visitor> => {
    const visitor = new Visitor(server);
    visitor.cookies.set('__Host-wardkeep', (await sessionCookie(app, person)).split('=')[1] ?? '');
    await visitor.get('/admin/service-accounts');
    return visitor;
  };

  t.test('act as agents of one workspace, within their scopes', async (t) => {
    const token = await bearer(app, willow.workspaceId, ['contact.read', 'audit.read']);
    t.match(await ask(token), { status: 200, body: { workspace: { slug: 'willow' }, email: null, actor: { kind: 'agent', role: 'ADMIN', scopes: ['audit.read', 'contact.read'], sessionId: null } } });
    t.match(await rows(database, 'select last_used_at is not null as used, token_hash::text as hash from app.service_accounts where workspace_id = $1', [willow.workspaceId]), [{ used: true }]);
    t.equal((await server.inject({ url: '/whoami', headers: { authorization: token } })).statusCode, 302, 'pages take no tokens');
    t.equal((await server.inject({ url: '/api/v1/test/whoami' })).headers['www-authenticate'], 'Bearer');
    t.match(await ask('Bearer nonsense'), { status: 401, body: { code: 'token.refused' } });
    t.match(await ask(mintAccessToken(harbor.workspaceId).text), { status: 401 });
    t.match(await ask(`Bearer ${mintAccessToken(harbor.workspaceId).text}`), { status: 401, body: { code: 'token.refused' } }, 'well formed, never given out');
    const cookie = await sessionCookie(app, willow.admin);
    t.equal((await server.inject({ url: '/api/v1/test/whoami', headers: { cookie, authorization: 'Bearer wks_bad' } })).statusCode, 401, 'a bad token is not made good by a cookie');
  });

  t.test('end on their day and when revoked, at once', async (t) => {
    const token = await bearer(app, willow.workspaceId, ['contact.write']);
    const [row] = await rows<{ id: string }>(database, `select id from app.service_accounts where scopes = '{contact.write}'`);
    await rows(database, `update app.service_accounts set expires_at = now() where id = $1`, [row?.id]);
    t.equal((await ask(token)).status, 401);
    await rows(database, `update app.service_accounts set expires_at = now() + interval '1 day' where id = $1`, [row?.id]);
    t.equal((await ask(token)).status, 200);
    const foreign = await visit(harbor.admin);
    t.equal((await foreign.post(`/admin/service-accounts/${row?.id}/revoke`)).statusCode, 404, 'another workspace’s is none');
    const admin = await visit(willow.admin);
    t.equal((await admin.post(`/admin/service-accounts/${row?.id}/revoke`)).statusCode, 303);
    t.equal((await ask(token)).status, 401);
    t.equal((await admin.post(`/admin/service-accounts/${row?.id}/rotate`)).statusCode, 404, 'a revoked one does not come back');
  });

  t.test('are made by an administrator, who sees the token once', async (t) => {
    const admin = await visit(willow.admin);
    const made = await admin.post('/admin/service-accounts', { name: 'Intake bot', role: 'MANAGER', scopes: ['contact.read', 'contact.write'], days: '30' });
    t.equal(made.statusCode, 200);
    const token = /wks_[0-9a-z_]{80,}/.exec(made.payload)?.[0] ?? '';
    t.match(await ask(`Bearer ${token}`), { status: 200, body: { actor: { role: 'MANAGER' } } });
    const list = (await admin.get('/admin/service-accounts')).payload;
    t.notOk(list.includes(token));
    t.match(list, /wks_…/);
    t.notOk(JSON.stringify(await rows(database, 'select * from app.service_accounts')).includes(token));
    const [{ id } = { id: '' }] = await rows<{ id: string }>(database, `select id from app.service_accounts where name = 'Intake bot'`);
    const rotated = /wks_[0-9a-z_]{80,}/.exec((await admin.post(`/admin/service-accounts/${id}/rotate`)).payload)?.[0] ?? '';
    t.not(rotated, token);
    t.same([(await ask(`Bearer ${token}`)).status, (await ask(`Bearer ${rotated}`)).status], [401, 200]);
    t.match((await auditOf(database, willow.workspaceId)).filter(({ action }) => action.startsWith('service_account.') && action !== 'service_account.revoked').slice(-2).map(({ action, detail }) => [action, detail]), [
      ['service_account.created', { role: 'MANAGER', scopes: ['contact.read', 'contact.write'], days: 30 }], ['service_account.rotated', { days: 90 }],
    ]);
  });

  t.test('a scope narrows a role and never widens it', async (t) => {
    const make = (role: 'READONLY' | 'AGENT', scopes: string[], days = 30) => app.withWorkspace(scopeAs(willow.admin), (tx) => createServiceAccount(tx, { name: 'x', role, scopes, days }));
    await t.rejects(make('READONLY', ['contact.write']), { code: 'request.invalid' });
    await t.rejects(make('READONLY', []), { code: 'request.invalid' });
    await t.rejects(make('READONLY', ['constructor']), { code: 'request.invalid' });
    await t.rejects(make('READONLY', ['contact.read'], 366), { code: 'request.invalid' });
    await t.resolves(make('READONLY', ['contact.read'], 365));
    const form = await visit(willow.admin);
    const refused = await form.post('/admin/service-accounts', { name: 'Bad', role: 'READONLY', scopes: 'contact.write', days: '30' });
    t.equal(refused.statusCode, 400);
    t.match(refused.payload, /does not have all of these/);
    t.match(refused.payload, /value="Bad"/);
  });

  t.test('others may not make them; the officer sees them', async (t) => {
    for (const person of [willow.manager, willow.agent, willow.readonly]) {
      const visitor = await visit(person);
      t.equal((await visitor.get('/admin/service-accounts')).statusCode, 403);
      await visitor.get('/account/security');
      t.equal((await visitor.post('/admin/service-accounts', { name: 'x', role: 'READONLY', scopes: 'contact.read', days: '3' })).statusCode, 403);
    }
    const officer = await visit(willow.officer);
    t.equal((await officer.get('/admin/service-accounts')).statusCode, 200);
    t.equal((await officer.post('/admin/service-accounts', { name: 'x', role: 'READONLY', scopes: 'contact.read', days: '3' })).statusCode, 403);
    t.match((await auditOf(database, willow.workspaceId)).at(-1), { action: 'access.refused', outcome: 'refused', detail: { capability: 'service_account.manage' } });
    const stale = await visit(willow.admin);
    await rows(database, `update app.sessions set assured_at = now() - interval '11 minutes'`);
    const held = await stale.post('/admin/service-accounts', { name: 'x', role: 'READONLY', scopes: ['contact.read', 'audit.read'], days: '3' });
    t.equal(held.statusCode, 403);
    t.match(held.payload, /Confirm it is you/);
  });
});
