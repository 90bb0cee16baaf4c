import t from 'tap';
import { systemScope } from '../../core/db/scope.ts';
import { apiRoute, authorize, definePlugin, fault, Joi, record, scopeOf, secret, settingsOf } from '../../core/plugin.ts';
import { recorded } from '../api/open-server.ts';
import { bearer } from '../support/people.ts';
import { rows } from '../support/rows.ts';
import { openHost } from './open-host.ts';

const trial = definePlugin<{ greeting: string; key: string; loud: boolean; style?: string }>({
  contract: 1, name: 'trial', version: '1.0.0', title: 'Trial', summary: 'Greets whoever asks.', tier: 'pro', phi: 'none', subprocessors: [],
  settings: Joi.object({
    greeting: Joi.string().max(40).required().label('Greeting'), key: secret().min(8).required().label('Key'), loud: Joi.boolean().default(false).label('Loud'), style: Joi.string().valid('plain', 'warm').label('Style'),
  }),
  capabilities: { 'trial.greeting.read': { roles: ['ADMIN', 'MANAGER'] } },
  auditActions: ['trial.greeting.given', 'trial.greeting.prepared'],
  faults: { 'trial.greeting.spent': [409, 'No greeting is left.'] },
  nav: [{ place: 'admin', label: 'Greetings', path: '/', capability: 'trial.greeting.read' }],
  api: [apiRoute({
    operation: 'readGreeting', method: 'GET', path: '/greeting', tag: 'Trial', capability: 'trial.greeting.read', summary: 'The greeting', refusals: ['trial.greeting.spent'],
    responses: { 200: { description: 'It', schema: Joi.object({ greeting: Joi.string().required() }) } },
    handler: async (tx) => {
      authorize(tx, 'trial.greeting.read');
      const { greeting } = await settingsOf<{ greeting: string }>(tx, 'trial');
      if (greeting === 'Hi') throw fault('trial.greeting.spent');
      return { body: { greeting } };
    },
  })],
  onEnable: async (tx) => record(tx, { action: 'trial.greeting.prepared' }),
  health: async (_tx, { greeting }) => ({ ok: greeting !== 'broken', text: 'It greets.' }),
  test: async (_deps, _scope, { key }) => ({ ok: key === 'the right key', text: key === 'the right key' ? 'The key fits.' : 'The key does not fit.' }),
  register(server, deps) {
    server.route([
      { method: 'GET', path: '/', handler: (request) => deps.withWorkspace(scopeOf(request), async (tx) => {
        authorize(tx, 'trial.greeting.read');
        record(tx, { action: 'trial.greeting.given' });
        const { greeting, key } = await settingsOf<{ greeting: string; key: string }>(tx, 'trial');
        return `${greeting} ${key.length}`;
      }) },
      { method: 'POST', path: '/', handler: () => 'changed' },
      { method: 'POST', path: '/export', options: { plugins: { wardkeep: { evenWhenLapsed: true } } }, handler: () => 'exported' },
      { method: 'GET', path: '/open/{workspace}', options: { auth: false, plugins: { wardkeep: { openBecause: 'The other system has no account here.' } } }, handler: (request) => ({ workspace: scopeOf(request).workspaceId, actor: scopeOf(request).actor.name }) },
      { method: 'GET', path: '/undeclared', handler: (request) => deps.withWorkspace(scopeOf(request), async (tx) => record(tx, { action: 'trial.greeting.stolen' })) },
    ]);
  },
});

const GOOD = { greeting: 'Hello', key: 'the right key', style: 'warm' };

t.test('a plugin in a workspace', async (t) => {
  const { app, database, willow, harbor, visit, server } = await openHost(t, [trial]);
  const admin = await visit(willow.admin);
  const scope = systemScope(willow.workspaceId, 'test');

  t.test('off, it is not there', async (t) => {
    t.equal((await admin.get('/plugins/trial')).statusCode, 404);
    t.equal((await server.inject({ url: `/plugins/trial/open/${willow.slug}` })).statusCode, 404);
    t.equal((await server.inject({ url: '/plugins/trial', headers: { accept: 'text/html' } })).statusCode, 302, 'nobody is asked to sign in first');
    t.match((await admin.get('/admin/plugins')).payload, /Trial/);
  });

  t.test('its settings are checked before it goes on', async (t) => {
    const page = await admin.get('/admin/plugins/trial');
    t.match(page.payload, /, part of the program</);
    t.notMatch(page.payload, /signed by/, 'what nobody signed is not called signed');
    const wrong = await admin.post('/admin/plugins/trial/on', { greeting: 'Hello', key: 'short', style: 'rude' });
    t.equal(wrong.statusCode, 422);
    t.match(wrong.payload, /href="#f-key"/);
    t.match(wrong.payload, /href="#f-style"/);
    t.notMatch(wrong.payload, /\bshort\b/, 'a secret does not come back');
    t.match(await admin.post('/admin/plugins/trial/on', { ...GOOD, other: 'x' }), { statusCode: 422 });
    t.equal((await admin.get('/plugins/trial')).statusCode, 404);
  });

  t.test('test connection tries the form and stores nothing', async (t) => {
    await admin.get('/admin/plugins/trial');
    t.match((await admin.post('/admin/plugins/trial/test', { ...GOOD, key: 'a wrong key' })).payload, /The key does not fit\./);
    t.match((await admin.post('/admin/plugins/trial/test', GOOD)).payload, /The key fits\./);
    t.equal((await admin.get('/plugins/trial')).statusCode, 404);
  });

  t.test('on, for this workspace alone and on the record', async (t) => {
    await admin.get('/admin/plugins/trial');
    t.equal((await admin.post('/admin/plugins/trial/on', GOOD)).statusCode, 303);
    t.equal((await admin.get('/plugins/trial')).payload, 'Hello 13');
    t.equal((await (await visit(willow.manager)).get('/plugins/trial')).payload, 'Hello 13');
    t.equal((await (await visit(willow.agent)).get('/plugins/trial')).statusCode, 403, 'a role the capability does not name');
    t.equal((await (await visit(harbor.admin)).get('/plugins/trial')).statusCode, 404);
    t.match(JSON.parse((await server.inject({ url: `/plugins/trial/open/${willow.slug}` })).payload), { workspace: willow.workspaceId, actor: 'trial' });
    t.equal((await server.inject({ url: `/plugins/trial/open/${harbor.slug}` })).statusCode, 404);
    t.equal((await server.inject({ url: '/plugins/trial/open/nowhere' })).statusCode, 404);
    await rows(database, 'update app.workspaces set suspended_at = now() where workspace_id = $1', [willow.workspaceId]);
    t.equal((await server.inject({ url: `/plugins/trial/open/${willow.slug}` })).statusCode, 404, 'nor where the workspace is suspended');
    await rows(database, 'update app.workspaces set suspended_at = null where workspace_id = $1', [willow.workspaceId]);
    const [entry] = await recorded(app, willow.workspaceId, 'plugin.switched_on');
    t.match(entry, { outcome: 'ok', actor: { id: willow.admin.id }, target: { type: 'plugin', id: 'trial' }, detail: { changes: { isOn: { from: false, to: true }, greeting: { from: null, to: 'Hello' }, key: 'changed', style: { from: null, to: 'warm' } } } });
    t.notMatch(JSON.stringify(entry), 'the right key');
    t.equal((await recorded(app, willow.workspaceId, 'trial.greeting.prepared')).length, 1, 'onEnable ran in the same transaction');
    t.match(await admin.post('/admin/plugins/trial/on', GOOD), { statusCode: 409 });
  });

  t.test('its operations stand in the API, for sessions and for tokens that carry its scope', async (t) => {
    const url = '/api/v1/plugins/trial/greeting';
    const call = async (workspaceId: string, scope: string) => server.inject({ url, headers: { authorization: await bearer(app, workspaceId, [scope]) } });
    const asked = await call(willow.workspaceId, 'trial.greeting.read');
    t.match([asked.statusCode, JSON.parse(asked.payload)], [200, { greeting: 'Hello' }]);
    t.match(JSON.parse((await call(willow.workspaceId, 'contact.read')).payload), { code: 'access.scope_missing' });
    t.match(JSON.parse((await call(harbor.workspaceId, 'trial.greeting.read')).payload), { status: 404, code: 'route.not_found' });
    const ask = async (workspaceId: string | null) => server.inject({ method: 'OPTIONS', url, headers: workspaceId === null ? {} : { authorization: await bearer(app, workspaceId, ['contact.read']) } });
    t.match(await ask(willow.workspaceId), { statusCode: 405, headers: { allow: 'GET, HEAD' } }, 'another method');
    for (const workspaceId of [harbor.workspaceId, null]) t.match(await ask(workspaceId), { statusCode: 404 }, 'nothing shows where it is off, nor to nobody');
    await t.rejects(bearer(app, willow.workspaceId, ['trial.greeting.write']), 'a scope nobody declared');
    const { paths } = JSON.parse((await server.inject({ url: '/api/v1/openapi.json' })).payload);
    t.match(paths[url].get, { 'x-capability': 'trial.greeting.read', responses: { 409: { description: /No greeting is left/ } } });
  });

  t.test('settings lie sealed', async (t) => {
    const switches = (await app.withWorkspace(scope, (tx) => tx.knex('plugin_switches').select('settings'))) as { settings: string }[];
    t.match(switches, [{ settings: /^v1\.d1\./ }]);
    t.notMatch(JSON.stringify(switches), /Hello|right key/);
  });

  t.test('settings change, a secret left empty stays', async (t) => {
    await admin.get('/admin/plugins/trial');
    t.equal((await admin.post('/admin/plugins/trial/settings', { greeting: 'Hi', key: '', loud: 'yes', style: 'warm' })).statusCode, 303);
    t.equal((await admin.get('/plugins/trial')).payload, 'Hi 13');
    const spent = await server.inject({ url: '/api/v1/plugins/trial/greeting', headers: { authorization: await bearer(app, willow.workspaceId, ['trial.greeting.read']) } });
    t.match([spent.statusCode, JSON.parse(spent.payload)], [409, { code: 'trial.greeting.spent', title: 'No greeting is left.' }], 'its own refusal');
    const [entry] = await recorded(app, willow.workspaceId, 'plugin.settings_changed');
    t.same(entry?.detail, { changes: { greeting: { from: 'Hello', to: 'Hi' }, loud: { from: false, to: true } } });
  });

  t.test('it records what it declared, nothing else', async (t) => {
    t.equal((await admin.get('/plugins/trial/undeclared')).statusCode, 500);
    t.same(await recorded(app, willow.workspaceId, 'trial.greeting.stolen'), []);
  });

  t.test('only an administrator switches', async (t) => {
    for (const person of [willow.manager, willow.agent, willow.readonly]) {
      const visitor = await visit(person);
      t.equal((await visitor.get('/admin/plugins')).statusCode, 403);
    }
    const officer = await visit(willow.officer);
    t.equal((await officer.get('/admin/plugins/trial')).statusCode, 200, 'the security officer looks');
    t.equal((await officer.post('/admin/plugins/trial/off', { confirmed: 'yes' })).statusCode, 403, 'and does not switch');
  });

  t.test('off again after a question; what it had is kept', async (t) => {
    await admin.get('/admin/plugins/trial');
    t.match((await admin.post('/admin/plugins/trial/off')).payload, /Switch Trial off\?/);
    t.equal((await admin.get('/plugins/trial')).statusCode, 200);
    await admin.get('/admin/plugins/trial');
    t.equal((await admin.post('/admin/plugins/trial/off', { confirmed: 'yes' })).statusCode, 303);
    t.equal((await admin.get('/plugins/trial')).statusCode, 404);
    t.match(await recorded(app, willow.workspaceId, 'plugin.switched_off'), [{ detail: { changes: { isOn: { from: true, to: false } } } }]);
    await admin.get('/admin/plugins/trial');
    await admin.post('/admin/plugins/trial/on', { greeting: 'Hi', style: 'warm' });
    t.equal((await admin.get('/plugins/trial')).payload, 'Hi 13', 'with the key it had');
  });
});
