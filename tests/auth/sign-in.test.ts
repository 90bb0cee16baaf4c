import t from 'tap';
import { composeServer } from '../../core/server.ts';
import { openTestApp } from '../support/database.ts';
import { bearer, createPeople, PASSWORD, sessionCookie, totpCode } from '../support/people.ts';
import { Visitor } from '../support/visitor.ts';
import type { Feature } from '../../core/http/feature.ts';
import { credentialsOf } from '../../core/http/credentials.ts';
import { FEATURES } from '../../core/server.ts';

/** Says who is asking, to a page and to the API. */
const whoami: Feature = {
  name: 'test-whoami',
  register(server) {
    server.route({ method: 'GET', path: '/whoami', handler: (request) => credentialsOf(request) });
    server.route({ method: 'GET', path: '/api/v1/whoami', options: { auth: { strategies: ['token', 'session'] } }, handler: (request) => credentialsOf(request) });
  },
};

t.test('signing in', async (t) => {
  const { app } = await openTestApp(t, { breachRangeUrl: null });
  const server = await composeServer(app, { tls: null, host: '127.0.0.1', port: 0, features: [...FEATURES, whoami] });
  const willow = await createPeople(app, 'willow');

  t.test('password, then a code', async (t) => {
    const visitor = new Visitor(server);
    const turnedAway = await visitor.get('/whoami');
    t.match([turnedAway.statusCode, turnedAway.headers.location], [302, '/sign-in?return=%2Fwhoami']);
    t.equal((await visitor.get('/sign-in?return=%2Fwhoami')).statusCode, 200);
    const first = await visitor.post('/sign-in', { email: ' Admin@Willow.example ', password: PASSWORD, next: '/whoami' });
    t.match([first.statusCode, first.headers.location], [303, '/sign-in/second?next=%2Fwhoami']);
    t.notOk(visitor.cookies.has('__Host-wardkeep'), 'a password alone opens nothing');
    t.equal((await visitor.get('/whoami')).statusCode, 302);
    const page = await visitor.get('/sign-in/second?next=%2Fwhoami');
    t.match(page.payload, /Six-digit code/);
    const wrong = await visitor.post('/sign-in/second', { method: 'totp', code: '000000' });
    t.equal(wrong.statusCode, 422);
    const second = await visitor.post('/sign-in/second', { method: 'totp', code: totpCode(willow.admin.totpSecret), next: '/whoami' });
    t.match([second.statusCode, second.headers.location], [303, '/whoami']);
    t.match(JSON.parse((await visitor.get('/whoami')).payload), { workspace: { slug: 'willow' }, actor: { kind: 'user', id: willow.admin.id, role: 'ADMIN' }, email: 'admin@willow.example' });
  });

  t.test('a ready session and a bearer token', async (t) => {
    const cookie = await sessionCookie(app, willow.agent);
    t.match(JSON.parse((await server.inject({ url: '/api/v1/whoami', headers: { cookie } })).payload), { actor: { role: 'AGENT' } });
    const authorization = await bearer(app, willow.workspaceId, ['contact.read']);
    t.match(JSON.parse((await server.inject({ url: '/api/v1/whoami', headers: { authorization } })).payload), { actor: { kind: 'agent', scopes: ['contact.read'] } });
    const refused = await server.inject({ url: '/api/v1/whoami', headers: { authorization: authorization.replace(/.$/, 'z') } });
    t.match([refused.statusCode, JSON.parse(refused.payload).code], [401, 'token.refused']);
    t.equal((await server.inject({ url: '/api/v1/whoami' })).statusCode, 401);
  });
});
