import { fileURLToPath } from 'node:url';
import t from 'tap';
import { asSuperuser } from '../../../core/db/embedded.ts';
import { createContact } from '../../../core/practice/contacts/write-contact.ts';
import { proveClaims } from '../../../core/trust/prove-claims.ts';
import fieldGates from '../../../plugins/field-gates/index.ts';
import { Rule } from '../../../plugins/field-gates/models.ts';
import { recorded } from '../../api/open-server.ts';
import { scopeAs } from '../../support/people.ts';
import { openHost } from '../open-host.ts';
import { but, openGates, type Gates } from './open-gates.ts';

t.setTimeout(120_000);
const BASE = '/plugins/field-gates';

/** The matrix as the page would post it with these boxes cleared. */
async function matrix(gates: Gates, ...cleared: string[]): Promise<Record<string, string>> {
  const page = (await (await gates.as(gates.willow.admin))('GET', BASE)).text;
  const ticked = [...page.matchAll(/name="((?:read|write)\.[^"]+)" value="yes" checked/g)].map(([, name]) => name as string);
  const seen = /name="seen" value="([^"]+)"/.exec(page)?.[1] ?? '';
  return { ...Object.fromEntries(ticked.filter((name) => !cleared.includes(name)).map((name) => [name, 'yes'])), seen };
}

t.test('the matrix: counted, saved, on the record, in force at once', async (t) => {
  const gates = await openGates(t);
  const { app, willow } = gates;
  const [admin, agent, manager, officer] = [await gates.as(willow.admin), await gates.as(willow.agent), await gates.as(willow.manager), await gates.as(willow.officer)];
  const { id } = await app.withWorkspace(scopeAs(willow.agent), (tx) => createContact(tx, { givenName: 'Ada', familyName: 'Quill', birthDate: '1956-12-10', race: 'recorded' }));
  const form = await matrix(gates, 'read.birthDate.AGENT', 'write.birthDate.AGENT', 'write.race.MANAGER', 'write.race.AGENT');

  const review = await admin('POST', `${BASE}/review`, form);
  t.match(review, { status: 200, text: /1 reading, 1 changing/ });
  t.match(review.text, /0 reading, 2 changing/);
  t.match(review.text, /<dt>Agents \(1\)<\/dt><dd>Date of birth<\/dd>/);
  t.match((await agent('GET', `/api/v1/contacts/${id}`)).body, { birthDate: '1956-12-10' }, 'counting changes nothing');

  t.equal((await admin('POST', BASE, form)).status, 303);
  t.notOk('birthDate' in (await agent('GET', `/api/v1/contacts/${id}`)).body);
  t.match((await admin('GET', `${BASE}/as/AGENT`)).text, /Date of birth<\/th><td>.*does not exist/);
  const { headers, body } = await manager('GET', `/api/v1/contacts/${id}`);
  t.match(body, { race: 'recorded' }, 'read-only is shown');
  t.match(await manager('PATCH', `/api/v1/contacts/${id}`, { race: 'other' }, { 'if-match': headers['etag'] as string }), { status: 400, body: { fields: [{ path: 'race', text: 'race may be read by your role, not changed' }] } });
  t.notMatch((await manager('GET', `/contacts/${id}/edit`)).text, /name="race"/);

  const entries = await recorded(app, willow.workspaceId, 'field-gates.rule.changed');
  t.equal(entries.length, 2);
  t.match(entries.find(({ detail }) => detail.field === 'race'), { detail: { changes: { writers: { from: ['ADMIN', 'MANAGER', 'AGENT'], to: ['ADMIN'] } }, people: { losesWrite: 2, losesRead: 0 } } });
  t.match(entries.find(({ detail }) => detail.field !== 'race'), { detail: { field: /^gated:/, changes: { readers: { to: ['ADMIN', 'MANAGER', 'READONLY'] } } } }, 'the log does not name a field that somebody who reads it may not see');

  await t.test('who may', async (t) => {
    for (const call of [agent, manager]) t.equal((await call('GET', BASE)).status, 403);
    t.equal((await officer('GET', BASE)).status, 200);
    t.equal((await officer('POST', BASE, form)).status, 403);
  });
  await t.test('what is refused', async (t) => {
    t.match(await admin('POST', BASE, await matrix(gates, 'read.sex.AGENT')), { status: 422, text: /A role that changes a field reads it too/ });
    t.match(await admin('POST', BASE, await matrix(gates, ...['read', 'write'].flatMap((what) => ['ADMIN', 'MANAGER', 'AGENT', 'READONLY'].map((role) => `${what}.sex.${role}`)))), { status: 422, text: /read by one role at least/ });
    t.equal((await admin('POST', BASE, { ...(await matrix(gates)), 'read.shoeSize.AGENT': 'yes' })).status, 400);
  });
  await t.test('who was overtaken opens nothing again that somebody else closed', async (t) => {
    const before = await matrix(gates, 'read.notes.READONLY');
    t.equal((await admin('POST', BASE, await matrix(gates, 'read.addresses.READONLY'))).status, 303);
    t.equal((await admin('POST', `${BASE}/review`, before)).status, 412);
    t.equal((await admin('POST', BASE, before)).status, 412);
    t.match((await matrix(gates))['read.addresses.READONLY'], undefined);
  });
  await t.test('another workspace is not touched', async (t) => {
    t.same(await app.withWorkspace(scopeAs(gates.harbor.admin), async (tx) => Rule.query(tx)), []);
  });
});

t.test('properties of the workspace’s own', async (t) => {
  const gates = await openGates(t);
  const { database, willow } = gates;
  const [admin, agent] = [await gates.as(willow.admin), await gates.as(willow.agent)];
  const add = (fields: Record<string, string>) => admin('POST', `${BASE}/properties`, { choices: '', ...fields });
  t.equal((await add({ name: 'ward', label: 'Ward', type: 'choice', choices: 'North\nSouth', isIndexed: 'yes' })).status, 303);
  t.equal((await add({ name: 'visits', label: 'Visits agreed', type: 'number' })).status, 303);
  t.equal((await add({ name: 'consented_on', label: 'Consent', type: 'date' })).status, 303);
  t.equal((await add({ name: 'interpreter', label: 'Interpreter', type: 'boolean' })).status, 303);
  t.match(await add({ name: 'ward', label: 'Again', type: 'text' }), { status: 409, text: /There is, or was, a property of this name/ });
  t.match(await add({ name: 'No Good', label: 'x', type: 'text' }), { status: 400, text: /not in the expected form/ });

  const created = await agent('POST', '/api/v1/contacts', { familyName: 'Quill', custom: { ward: 'North', visits: 3, consented_on: '2026-01-05', interpreter: true } });
  t.match(created, { status: 201, body: { custom: { ward: 'North', visits: 3, consented_on: '2026-01-05', interpreter: true } } });
  const { id } = created.body;
  t.match(await agent('POST', '/api/v1/contacts', { familyName: 'Quill', custom: { ward: 'East' } }), { status: 400, body: { fields: [{ path: 'custom.ward' }] } });
  t.match(await agent('POST', '/api/v1/contacts', { familyName: 'Quill', custom: { wing: 'x' } }), { status: 400, body: { fields: [{ path: 'custom.wing', text: 'wing is not allowed' }] } });
  t.equal((await agent('POST', '/api/v1/contacts/search', { q: 'north' })).body.items.length, 1, 'found by its whole value');
  t.equal((await agent('POST', '/api/v1/contacts/search', { q: '2026-01-05' })).body.items.length, 0, 'what was not indexed is not');

  const etag = (await agent('GET', `/api/v1/contacts/${id}`)).headers['etag'] as string;
  t.match((await agent('PATCH', `/api/v1/contacts/${id}`, { custom: { ward: null, visits: 4 } }, { 'if-match': etag })).body.custom, { ward: null, visits: 4, interpreter: true });
  t.match((await agent('GET', `/contacts/${id}/details`)).text, /<dt>Visits agreed<\/dt><dd>4<\/dd>/);
  const form = (await agent('GET', `/contacts/${id}/edit`)).text;
  t.match(form, /name="custom\.visits"[^>]*value="4"/);
  const version = /name="version" value="(\d+)"/.exec(form)?.[1] as string;
  t.equal((await agent('POST', `/contacts/${id}`, { version, familyName: 'Quill', 'custom.ward': 'South', 'custom.visits': '5' })).status, 303);
  t.match((await agent('GET', `/api/v1/contacts/${id}`)).body.custom, { ward: 'South', visits: 5 });
  t.match((await agent('GET', '/api/v1/openapi.json')).body.components.schemas.Contact.properties.custom.properties, { ward: {}, visits: {} });

  const stored = await asSuperuser(database.superuserUrl, async (client) => (await client.query('select property, value, value_tag from app.contact_values')).rows as { property: string; value: string; value_tag: string | null }[]);
  t.ok(stored.every(({ value }) => value.startsWith('v1.')), 'ciphertext');
  t.same(stored.filter(({ value_tag }) => value_tag !== null).map(({ property }) => property), ['custom.ward'], 'a tag where search was asked for');

  await gates.gate([{ field: 'custom.ward', readers: but('AGENT') }]);
  t.notOk('ward' in (await agent('GET', `/api/v1/contacts/${id}`)).body.custom);
  t.equal((await agent('POST', '/api/v1/contacts/search', { q: 'south' })).body.items.length, 0);
  t.notMatch((await agent('GET', '/api/v1/openapi.json')).text, /"ward"/);

  const listed = () => agent('GET', '/contacts').then(({ text }) => text);
  t.notMatch(await listed(), /Ward: South|Visits agreed: 5/, 'a property stands in lists where somebody said so');
  const idOf = async (name: string) => new RegExp(`<code>custom\\.${name}</code>[^]*?properties/([0-9a-f-]{36})/`).exec((await admin('GET', BASE)).text)?.[1] as string;
  for (const name of ['ward', 'visits']) t.equal((await admin('POST', `${BASE}/properties/${await idOf(name)}/list`)).status, 303, name);
  t.equal((await agent('POST', `${BASE}/properties/${await idOf('ward')}/unlist`)).status, 403);
  t.match(await listed(), /Visits agreed: 5/);
  t.notMatch(await listed(), /Ward: /, 'and who does not read it does not see it there');
  t.match((await admin('GET', '/contacts')).text, /Ward: South/);
  t.equal((await admin('POST', `${BASE}/properties/${await idOf('visits')}/unlist`)).status, 303);
  t.notMatch(await listed(), /Visits agreed: 5/);

  const ward = await idOf('ward');
  t.equal((await admin('POST', `${BASE}/properties/${ward}/retire`)).status, 303);
  t.equal(Object.keys((await admin('GET', `/api/v1/contacts/${id}`)).body.custom).length, 3);
  t.equal((await admin('POST', `${BASE}/properties/${ward}/restore`)).status, 303);
  t.equal(Object.keys((await admin('GET', `/api/v1/contacts/${id}`)).body.custom).length, 4, 'and what stood in it is there again');
});

t.test('claims: proved, and failing when what they say is broken', async (t) => {
  const gates = await openGates(t);
  const { app, database, willow } = gates;
  const standing = async (id: string, of = app, workspaceId = willow.workspaceId) => (await proveClaims(of, workspaceId)).find((one) => one.id === id)?.status;
  t.equal(await standing('GATE-1'), 'not_applicable', 'no gate, nothing to prove');
  await app.withWorkspace(scopeAs(willow.admin), (tx) => createContact(tx, { familyName: 'Quill', race: 'recorded' }));
  await gates.gate([{ field: 'race', readers: ['ADMIN'] }]);
  for (const id of ['GATE-1', 'GATE-2', 'GATE-3']) t.equal(await standing(id), 'proved', id);

  await gates.gate([{ field: 'shoeSize', readers: ['ADMIN'] }]);
  t.equal(await standing('GATE-2'), 'failing', 'a gate at no field');

  await asSuperuser(database.superuserUrl, async (client) => {
    await client.query(`set session_replication_role = replica`);
    await client.query(`insert into app.contact_values (workspace_id, id, contact_id, property, value, is_indexed) select workspace_id, id, id, 'custom.ward', 'North', false from app.contacts where workspace_id = $1 limit 1`, [willow.workspaceId]);
  });
  t.equal(await standing('GATE-3'), 'failing', 'a value in the clear');

  // The same plugin with its answer lost: rules are there and nobody hears of them.
  const { answers: _answers, ...mute } = fieldGates;
  const deaf = await openHost(t, [mute], { folders: { 'field-gates': fileURLToPath(new URL('../../../plugins/field-gates', import.meta.url)) } });
  const visitor = await deaf.visit(deaf.willow.admin);
  await visitor.get('/admin/plugins/field-gates');
  await visitor.post('/admin/plugins/field-gates/on');
  await deaf.app.withWorkspace(scopeAs(deaf.willow.admin), async (tx) => {
    await createContact(tx, { familyName: 'Quill', race: 'recorded' });
    await Rule.query(tx).insert({ field: 'race', readers: ['ADMIN'], writers: ['ADMIN'], changed_at: new Date(tx.now) });
  });
  t.equal(await standing('GATE-1', deaf.app, deaf.willow.workspaceId), 'failing', 'gated fields that are shown');
});
