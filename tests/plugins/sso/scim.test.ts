import t from 'tap';
import sso from '../../../plugins/sso/index.ts';
import { settingsOf } from '../../../core/plugin.ts';
import { systemScope } from '../../../core/db/scope.ts';
import { parseFilter } from '../../../plugins/sso/scim/filter.ts';
import { listGroups } from '../../../plugins/sso/scim/groups.ts';
import { listUsers } from '../../../plugins/sso/scim/users.ts';
import type { Settings } from '../../../plugins/sso/settings.ts';
import { rows } from '../../support/rows.ts';
import { openHost } from '../open-host.ts';

/** As much of the answers as the tests take apart. */
type Body = { id: string; totalResults: number; Resources: Body[]; meta: { location: string }; members?: unknown };

t.test('a directory provisions a workspace', async (t) => {
  const { app, database, willow, harbor, visit, server } = await openHost(t, [sso], { folders: { sso: new URL('../../../plugins/sso', import.meta.url).pathname } });
  const settings = { protocol: 'oidc', issuer: 'https://login.example.org', clientId: 'clinic', domains: '', roles: 'Nurses = AGENT\nLeads = MANAGER', secondFactor: '', clockSkewS: '60', label: 'x', groupsName: 'groups' };
  const tokenOf = async (people: typeof willow): Promise<string> => {
    const admin = await visit(people.admin);
    await admin.get('/admin/plugins/sso');
    await admin.post('/admin/plugins/sso/on', settings);
    await admin.get('/plugins/sso');
    return /wkscim_[\w-]{43}/.exec((await admin.post('/plugins/sso/scim-tokens')).payload)?.[0] ?? '';
  };
  const [token, otherToken] = [await tokenOf(willow), await tokenOf(harbor)];
  const call = async (method: string, path: string, body?: object, headers: Record<string, string> = {}, bearer = token) => {
    const answer = await server.inject({ method, url: `/plugins/sso/${willow.slug}/scim/v2${path}`, headers: { authorization: `Bearer ${bearer}`, ...(body ? { 'content-type': 'application/scim+json' } : {}), ...headers }, ...(body ? { payload: JSON.stringify(body) } : {}) });
    return { status: answer.statusCode, headers: answer.headers, body: (answer.payload === '' ? {} : JSON.parse(answer.payload)) as Body };
  };
  const USER = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'Dana@Willow.example', externalId: 'ext-1', name: { givenName: 'Dana', familyName: 'Field' }, emails: [{ value: 'dana@willow.example', primary: true }], active: true };
  let id = '';
  let etag = '';

  t.test('only with its own token', async (t) => {
    for (const [name, bearer] of Object.entries({ none: '', made_up: `wkscim_${'x'.repeat(43)}`, another_workspace: otherToken })) {
      const answer = await call('GET', '/Users', undefined, {}, bearer);
      t.match(answer, { status: 401, body: { status: '401', schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'] } }, name);
    }
    const session = await visit(willow.admin);
    t.equal((await session.get(`/plugins/sso/${willow.slug}/scim/v2/Users`)).statusCode, 401, 'a session is no token');
    t.equal((await server.inject({ url: '/api/v1/contacts', headers: { authorization: `Bearer ${token}` } })).statusCode, 401, 'and it opens nothing else');
  });

  t.test('what the service is', async (t) => {
    t.match((await call('GET', '/ServiceProviderConfig')).body, { patch: { supported: true }, etag: { supported: true }, bulk: { supported: false } });
    t.equal((await call('GET', '/ResourceTypes')).body.totalResults, 2);
    t.equal((await call('GET', '/Schemas')).body.totalResults, 2);
  });

  t.test('a person is made, found and made once', async (t) => {
    const made = await call('POST', '/Users', USER);
    t.match(made, { status: 201, body: { userName: 'dana@willow.example', displayName: 'Dana Field', active: true, externalId: 'ext-1' } });
    id = made.body.id;
    t.equal(made.headers['location'], made.body.meta.location);
    t.match(await call('POST', '/Users', USER), { status: 409, body: { scimType: 'uniqueness' } });
    const found = await call('GET', `/Users?filter=${encodeURIComponent('userName eq "DANA@willow.example"')}`);
    t.match(found.body, { totalResults: 1, Resources: [{ id }] });
    t.equal((await call('GET', `/Users?filter=${encodeURIComponent('externalId eq "ext-1" and active eq true')}`)).body.totalResults, 1);
    t.match(await call('GET', '/Users?filter=x'), { status: 400, body: { scimType: 'invalidFilter' } });
    for (const body of [{}, { ...USER, userName: 'nobody' , emails: [] }, { ...USER, userName: 'x@y.example', active: 'perhaps' }]) t.match(await call('POST', '/Users', body), { status: 400, body: { scimType: 'invalidValue' } });
  });

  t.test('pages, and parts of resources', async (t) => {
    const all = (await call('GET', '/Users')).body;
    t.equal(all.totalResults, 6, 'those who were here before stand in it too');
    const second = (await call('GET', '/Users?startIndex=3&count=2')).body;
    t.match(second, { startIndex: 3, itemsPerPage: 2, totalResults: 6 });
    t.same(second.Resources.map((each) => each.id), all.Resources.slice(2, 4).map((each) => each.id));
    t.match((await call('GET', '/Users?startIndex=99')).body, { itemsPerPage: 0 });
    t.match((await call('GET', '/Users?count=0')).body, { itemsPerPage: 0, totalResults: 6 });
    t.equal((await call('GET', '/Users?count=many')).status, 400);
    t.same(Object.keys((await call('GET', `/Users/${id}?attributes=userName`)).body).sort(), ['id', 'schemas', 'userName']);
  });

  t.test('changed whole, in parts, and not over somebody else', async (t) => {
    const read = await call('GET', `/Users/${id}`);
    etag = String(read.headers['etag']);
    t.match(etag, /^W\/"/);
    t.equal((await call('GET', `/Users/${id}`, undefined, { 'if-none-match': etag })).status, 304);
    t.match(await call('PATCH', `/Users/${id}`, { Operations: [{ op: 'Replace', path: 'name.givenName', value: 'Danielle' }, { op: 'Replace', path: 'name.familyName', value: 'Field' }] }, { 'if-match': etag }), { status: 200, body: { displayName: 'Danielle Field' } });
    t.equal((await call('PATCH', `/Users/${id}`, { Operations: [{ op: 'replace', path: 'displayName', value: 'X' }] }, { 'if-match': etag })).status, 412);
    t.match(await call('PUT', `/Users/${id}`, { ...USER, displayName: 'D. Field' }), { status: 200, body: { displayName: 'D. Field' } });
    t.match(await call('PATCH', `/Users/${id}`, { Operations: [{ op: 'replace', path: 'userName', value: willow.agent.email }] }), { status: 409 });
    t.equal((await call('GET', `/Users/${willow.workspaceId}`)).status, 404);
    t.equal((await call('GET', `/Users/${harbor.agent.id}`)).status, 404, "another workspace's person");
    t.equal((await call('PATCH', `/Users/${harbor.agent.id}`, { Operations: [{ op: 'replace', path: 'active', value: false }] })).status, 404);
    t.match(await call('PATCH', `/Users/${id}`, { Operations: 'x' }), { status: 400, body: { scimType: 'invalidSyntax' } });
  });

  t.test('groups give roles', async (t) => {
    const made = await call('POST', '/Groups', { displayName: 'Leads', externalId: 'g1', members: [{ value: id }] });
    t.match(made, { status: 201, body: { members: [{ value: id }] } });
    const group = made.body.id;
    const people = await visit(willow.admin);
    const roleOf = async () => /<option value="(\w+)" selected/.exec((await people.get(`/admin/people/${id}`)).payload)?.[1] ?? (await people.get(`/admin/people/${id}`)).payload.match(/MANAGER|AGENT|READONLY/)?.[0];
    t.equal(await roleOf(), 'MANAGER');
    t.match(await call('POST', '/Groups', { displayName: 'Leads' }), { status: 409 });
    t.match(await call('PATCH', `/Groups/${group}`, { Operations: [{ op: 'Add', path: 'members', value: [{ value: willow.agent.id }] }, { op: 'Remove', path: `members[value eq "${id}"]` }] }), { status: 200, body: { members: [{ value: willow.agent.id }] } });
    t.notOk((await call('GET', '/Groups?excludedAttributes=members')).body.Resources[0]?.members);
    t.equal((await call('GET', `/Groups?filter=${encodeURIComponent('displayName eq "leads"')}`)).body.totalResults, 1);
    t.match(await call('PATCH', `/Groups/${group}`, { Operations: [{ op: 'Add', path: 'members', value: [{ value: harbor.agent.id }] }] }), { status: 400 }, "another workspace's person");
    t.equal((await call('DELETE', `/Groups/${group}`)).status, 204);
    t.equal((await call('GET', `/Groups/${group}`)).status, 404);
  });

  t.test('who leaves is out at once', async (t) => {
    const agent = await visit(willow.agent);
    t.equal((await agent.get('/contacts')).statusCode, 200);
    t.match(await call('PATCH', `/Users/${willow.agent.id}`, { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [{ op: 'Replace', path: 'active', value: 'False' }] }), { status: 200, body: { active: false } });
    t.not((await agent.get('/contacts')).statusCode, 200, 'with the very next request');
    t.match(await call('PATCH', `/Users/${willow.agent.id}`, { Operations: [{ op: 'replace', value: { active: true } }] }), { body: { active: true } });
    t.not((await agent.get('/contacts')).statusCode, 200, 'and coming back is signing in anew');
    t.equal((await call('DELETE', `/Users/${id}`)).status, 204);
    t.equal((await call('GET', `/Users/${id}`)).status, 404);
    t.equal((await call('POST', '/Users', USER)).body.id, id, 'who comes back is the same person');
    t.match(await call('DELETE', `/Users/${willow.admin.id}`), { status: 400, body: { scimType: 'mutability' } }, 'not the last administrator');
  });

  t.test('the way in for when it fails is not its to close', async (t) => {
    const admin = await visit(willow.admin);
    const save = async (form: Record<string, string>) => {
      await admin.get('/admin/plugins/sso');
      t.equal((await admin.post('/admin/plugins/sso/settings', { ...settings, ...form })).statusCode, 303);
    };
    await save({ enforced: 'yes', breakGlass: willow.admin.email });
    const replace = (op: object) => call('PATCH', `/Users/${willow.admin.id}`, { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [{ op: 'replace', ...op }] });
    t.match(await replace({ path: 'active', value: false }), { status: 400, body: { scimType: 'mutability' } });
    t.match(await replace({ path: 'userName', value: 'moved@willow.example' }), { status: 400, body: { scimType: 'mutability' } }, 'nor by an address that the settings do not name');
    t.match(await replace({ path: 'displayName', value: 'Ada Min' }), { status: 200, body: { displayName: 'Ada Min', userName: willow.admin.email } });
    await save({});
  });

  t.test('every comparison is the database’s, and as before', async (t) => {
    await rows(database, `insert into app.users (workspace_id, id, email, name, role) select $1, gen_random_uuid(), 'p' || n || '@willow.example', 'Person_' || n || '%', 'AGENT' from generate_series(1, 300) n`, [willow.workspaceId]);
    const nurses = (await call('POST', '/Groups', { displayName: 'Night_Nurses', externalId: 'G-1', members: [{ value: willow.agent.id }] })).body.id;
    const total = async (path: string, filter: string) => (await call('GET', `/${path}?count=0&filter=${encodeURIComponent(filter)}`)).body.totalResults;
    const everybody = (await call('GET', '/Users?count=0')).body.totalResults;
    const cases: [path: string, filter: string, wanted: number][] = [
      ['Users', 'userName eq "P7@Willow.EXAMPLE"', 1], ['Users', 'userName sw "p7"', 11], ['Users', 'userName ew "@willow.example"', 301], ['Users', 'displayName co "SON_7"', 11], ['Users', 'displayName co "7%"', 30], ['Users', 'displayName sw "%"', 0],
      ['Users', 'externalId eq "ext-1"', 1], ['Users', 'externalId eq "EXT-1"', 0], ['Users', 'externalId pr', 1], ['Users', 'externalId ne "ext-1"', everybody - 1], ['Users', `id eq "${willow.agent.id}"`, 1], ['Users', 'id eq "x"', 0],
      ['Users', 'active eq true', everybody], ['Users', 'active eq false', 0], ['Users', 'active eq "true"', 0], ['Users', 'active co "t"', 0], ['Users', 'active ne false', everybody], ['Users', 'active pr', everybody],
      ['Users', 'emails.type eq "WORK" and userName sw "p30"', 2], ['Users', 'emails eq "p7@willow.example"', 1], ['Users', 'name.formatted eq "person_7%"', 1], ['Users', 'userName eq 7', 0], ['Users', 'userName eq null', 0], ['Users', 'userName eq "p7@willow.example\\u0000"', 0],
      ['Users', 'nickName eq "x"', 0], ['Users', 'nickName ne "x"', everybody], ['Users', 'constructor pr', 0], ['Users', 'userName eq "\' or true --"', 0], ['Users', 'userName eq "?" and displayName eq ":x"', 0],
      ['Groups', 'displayName eq "night_nurses"', 1], ['Groups', 'displayName sw "Night"', 1], ['Groups', 'externalId eq "g-1"', 0], ['Groups', 'externalId eq "G-1"', 1], ['Groups', `members eq "${willow.agent.id}"`, 1], ['Groups', `members.value ne "${willow.agent.id}"`, 0], ['Groups', `members.value eq "${willow.admin.id}"`, 0], ['Groups', `id eq "${nurses}" and members pr`, 1],
    ];
    for (const [path, filter, wanted] of cases) t.equal(await total(path, filter), wanted, filter);
    t.match((await call('GET', `/Users?count=2&startIndex=3&filter=${encodeURIComponent('userName sw "p7"')}`)).body, { totalResults: 11, startIndex: 3, itemsPerPage: 2 });

    const fetched: number[] = [];
    await app.withWorkspace(systemScope(willow.workspaceId, 'test'), async (tx) => {
      tx.knex.on('query-response', (answer: { rows?: unknown[] } | unknown[]) => fetched.push(Array.isArray(answer) ? answer.length : (answer.rows?.length ?? 0)));
      const context = { tx, settings: await settingsOf<Settings>(tx, 'sso'), at: '' };
      await listUsers(context, parseFilter('active eq true'), { startIndex: 100, count: 3 });
      await listGroups(context, [], { startIndex: 1, count: 3 });
    });
    t.ok(fetched.length >= 4, 'the statements are seen');
    t.ok(Math.max(...fetched) <= 3, `no statement brings more than the page: ${fetched.join(' ')}`);
  });

  t.test('a token made void', async (t) => {
    const admin = await visit(willow.admin);
    const tokenId = /scim-tokens\/([0-9a-f-]{36})\/revoke/.exec((await admin.get('/plugins/sso')).payload)?.[1];
    await admin.post(`/plugins/sso/scim-tokens/${tokenId}/revoke`);
    t.equal((await call('GET', '/Users')).status, 401);
  });
});
