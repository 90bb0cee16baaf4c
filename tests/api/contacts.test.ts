import { randomBytes, randomUUID } from 'node:crypto';
import t from 'tap';
import { systemScope, type Role, type Tx } from '../../core/db/scope.ts';
import { answerOnce } from '../../core/http/api/idempotency.ts';
import { changePerson } from '../../core/workspaces/people/actions.ts';
import { openPractice, recorded } from './open-server.ts';

const { app, people, other, as, agent } = await openPractice(t);

const PATIENT = {
  givenName: 'Rosalind', familyName: "O'Brien-García", birthDate: '1970-03-05', sex: 'female', language: 'es-MX', preferredChannel: 'phone', tags: ['diabetes'], notes: 'Call the daughter first.',
  phones: [{ use: 'home', value: '(212) 555-0102' }, { value: '+1 646 555 0199' }], emails: [{ use: 'home', value: 'Rosalind@Example.org' }],
  addresses: [{ use: 'home', lines: ['14 Quarry Lane', 'Apt 2'], city: 'Millbrook', state: 'NY', postalCode: '12545' }], identifiers: [{ system: 'urn:mrn', value: '4471-0092' }],
};

t.test('contract: create, read, change, list, search', async (t) => {
  const call = await agent(['contact.read', 'contact.write', 'contact.all', 'contact.assign']);

  const created = await call('POST', '/contacts', { ...PATIENT, ownerId: people.agent.id });
  t.equal(created.status, 201, created.text);
  const { id } = created.body;
  t.equal(created.headers['location'], `/api/v1/contacts/${id}`);
  t.equal(created.headers['etag'], '"1"');
  t.match(created.body, { ...PATIENT, phones: [{ use: 'home', value: '(212) 555-0102' }, { use: null, value: '+1 646 555 0199' }], ownerId: people.agent.id, status: 'new', version: 1 });

  const read = await call('GET', `/contacts/${id}`);
  t.same(read.body, created.body, 'what was created is what is read');

  const patch = { status: 'active', notes: null, phones: [{ use: 'mobile', value: '+1 646 555 0199' }] };
  t.equal((await call('PATCH', `/contacts/${id}`, patch)).status, 428, 'an update names the version it read');
  const changed = await call('PATCH', `/contacts/${id}`, patch, { 'if-match': '"1"' });
  t.match(changed, { status: 200, headers: { etag: '"2"' }, body: { status: 'active', notes: null, phones: [{ use: 'mobile' }], emails: [{}], version: 2 } });
  t.match(await call('PATCH', `/contacts/${id}`, patch, { 'if-match': '"1"' }), { status: 412, body: { code: 'request.stale' } }, 'no lost update');
  t.match(await call('PATCH', `/contacts/${id}`, { status: 'new' }, { 'if-match': '"2"' }), { status: 409, body: { code: 'contact.transition' } });
  t.match(await call('PATCH', `/contacts/${id}`, { status: 'merged' }, { 'if-match': '"2"' }), { status: 400 }, 'merged is reached by merging alone');

  t.match((await recorded(app, people.workspaceId, 'contact.created')).at(-1), { actor: { kind: 'agent' }, target: { type: 'contact', id } });
  const update = (await recorded(app, people.workspaceId, 'contact.updated')).at(-1);
  t.match(update, { outcome: 'ok', detail: { fields: ['notes', 'phones', 'status'], changes: { status: { from: 'new', to: 'active' } } } });
  t.notMatch(JSON.stringify(update?.detail), /646|daughter/, 'PHI is named, never shown');
  t.equal((await recorded(app, people.workspaceId, 'contact.read')).length, 1);

  for (const q of ['obr', 'GARC', 'ros obr', 'rosalind o', "O'Brien", 'garcía', '646-555-0199', '(646) 555 0199', 'rosalind@example.ORG', '1970-03-05', '3/5/1970', '03051970', '44710092', '4471-0092', 'obrien 3/5/1970']) {
    t.match((await call('POST', '/contacts/search', { q })).body, { items: [{ id, name: "Rosalind O'Brien-García" }], nextCursor: null }, q);
  }
  for (const q of ['zzz', 'obr smith', '212 555 0102', '1970-03-06', 'obrien 3/6/1970', 'rosalindb']) t.same((await call('POST', '/contacts/search', { q })).body.items, [], q);
  const searches = await recorded(app, people.workspaceId, 'contact.searched');
  t.equal(searches.length, 21);
  t.match(searches[0]?.detail, { found: 1, shown: 1 });
  t.same(new Set(searches.flatMap(({ detail, target }) => [...Object.keys(detail), target])), new Set(['found', 'shown', null]), 'what was asked is not on the record');
});

t.test('who may write and not read is shown nothing by writing', async (t) => {
  const all = await agent(['contact.read', 'contact.write', 'contact.all', 'contact.merge', 'activity.read', 'activity.write', 'appointment.read', 'appointment.write']);
  const [first, second] = [(await all('POST', '/contacts', PATIENT)).body.id, (await all('POST', '/contacts', { familyName: 'Twin' })).body.id];
  const activity = (await all('POST', `/contacts/${first}/activities`, { kind: 'note', subject: 'What was said', body: 'in confidence' })).body.id;
  const appointment = (await all('POST', '/appointments', { contactId: first, practitionerId: people.manager.id, localStart: '2031-03-04T10:00', durationMinutes: 30, reason: 'in confidence' })).body.id;
  const writes: readonly (readonly [scope: string, method: string, path: string, body: object])[] = [
    ['contact.write', 'PATCH', `/contacts/${first}`, { pronouns: null }], ['activity.write', 'PATCH', `/activities/${activity}`, { subject: 'x' }], ['appointment.write', 'PATCH', `/appointments/${appointment}`, { reason: 'x' }],
    ['contact.merge', 'POST', `/contacts/${first}/merge`, { mergedId: second }],
  ];
  for (const [scope, method, path, body] of writes) {
    const refused = await (await agent([scope, 'contact.all']))(method, path, body, method === 'PATCH' ? { 'if-match': '"1"' } : {});
    t.match(refused, { status: 403, body: { code: 'access.scope_missing' } }, `${scope} alone`);
    t.equal((await all(method, path, body, method === 'PATCH' ? { 'if-match': '"1"' } : {})).status, 200, path);
  }
});

t.test('lists page by position and narrow by status, owner and tag', async (t) => {
  const call = await agent(['contact.read', 'contact.write', 'contact.all'], other.workspaceId);
  const ids: string[] = [];
  for (let at = 0; at < 7; at++) ids.push((await call('POST', '/contacts', { familyName: `Family${at}`, status: at % 2 ? 'active' : 'new', tags: at === 3 ? ['vip'] : [] })).body.id);
  const seen: string[] = [];
  let path = '/contacts?limit=3';
  for (let page = 0; page < 3; page++) {
    const { body } = await call('GET', path);
    seen.push(...body.items.map((item: { id: string }) => item.id));
    path = `/contacts?limit=3&cursor=${body.nextCursor}`;
    if (page === 2) t.equal(body.nextCursor, null);
  }
  t.same(seen, [...ids].reverse(), 'last changed first, each once');
  t.equal((await call('GET', '/contacts?status=active')).body.items.length, 3);
  t.same((await call('GET', '/contacts?tag=vip')).body.items.map((item: { id: string }) => item.id), [ids[3]]);
  t.match(await call('GET', '/contacts?cursor=AAAA'), { status: 400, body: { code: 'request.invalid', fields: [{ path: 'cursor' }] } });
  const found = await call('POST', '/contacts/search', { q: 'family', limit: 5 });
  t.equal(found.body.items.length, 5);
  t.equal((await call('POST', '/contacts/search', { q: 'family', limit: 5, cursor: found.body.nextCursor })).body.items.length, 2);
});

t.test('what is changed while pages are read is in one of them, where asked for in the order they were made', async (t) => {
  const call = await agent(['contact.read', 'contact.write', 'contact.all', 'contact.export']);
  const made: string[] = [];
  for (let n = 0; n < 5; n++) made.push((await call('POST', '/contacts', { familyName: 'Walked', tags: ['walk'] })).body.id);
  made.sort();
  const pages = { list: (at: string) => call('GET', `/contacts?tag=walk&order=made&limit=2${at === '' ? '' : `&cursor=${at}`}`), export: (at: string) => call('POST', '/contacts/export', { tag: 'walk', limit: 2, ...(at === '' ? {} : { cursor: at }) }) };
  for (const [name, page] of Object.entries(pages)) {
    const seen: string[] = [];
    for (let at: string | null = ''; at !== null;) {
      const { items, nextCursor }: { items: { id: string }[]; nextCursor: string | null } = (await page(at)).body;
      seen.push(...items.map(({ id }) => id));
      const { version } = (await call('GET', `/contacts/${made[0]}`)).body; // the last to be reached
      await call('PATCH', `/contacts/${made[0]}`, { notes: `${version}` }, { 'if-match': `"${version}"` });
      at = nextCursor;
    }
    t.same(seen, made.toReversed(), name);
  }
});

t.test('bad input is refused by field and quotes nothing', async (t) => {
  const call = await agent(['contact.read', 'contact.write', 'contact.all']);
  const secret = 'Hildegunst';
  for (const [body, path] of [
    [{ notes: secret }, ''], [{ familyName: secret, workspaceId: people.workspaceId }, 'workspaceId'], [{ familyName: secret, workspace_id: people.workspaceId }, 'workspace_id'],
    [{ familyName: secret, birthDate: '1970-02-30' }, 'birthDate'], [{ familyName: secret, birthDate: '2970-02-03' }, 'birthDate'], [{ familyName: secret, sex: secret }, 'sex'],
    [{ familyName: secret, emails: [{ value: secret }] }, 'emails.0.value'], [{ familyName: secret, deceasedOn: '2020-01-01', status: 'active' }, 'deceasedOn'], [{ familyName: secret, deceasedOn: '2970-02-03' }, 'deceasedOn'],
    [{ familyName: secret, ownerId: people.manager.id }, 'ownerId'], [{ familyName: 'x'.repeat(101) }, 'familyName'],
  ] as const) {
    const reply = await call('POST', '/contacts', body);
    t.equal(reply.status, 400, reply.text);
    t.match(reply.headers['content-type'], /^application\/problem\+json/);
    t.equal(reply.body.fields[0].path, path);
    t.notMatch(reply.text, new RegExp(secret));
  }
});

t.test('a refusal says how a value is written', async (t) => {
  const call = await as(people.manager);
  const textOf = async (contact: object): Promise<string> => (await call('POST', '/contacts', { familyName: 'Said', ...contact })).body.fields[0].text;
  t.equal(await textOf({ birthDate: '3/5/1970' }), 'write a date as YYYY-MM-DD');
  t.equal(await textOf({ phones: [{ value: '12' }] }), 'a phone number has at least three digits');
  t.equal(await textOf({ language: 'in English' }), 'language is a BCP 47 tag such as en or es-MX');
});

t.test('a change leaves a contact one of its names', async (t) => {
  const call = await as(people.manager);
  const { id } = (await call('POST', '/contacts', PATIENT)).body;
  t.match(await call('PATCH', `/contacts/${id}`, { givenName: null, familyName: null }, { 'if-match': '"1"' }), { status: 400, body: { fields: [{ path: 'familyName' }] } });
  t.match(await call('PATCH', `/contacts/${id}`, { givenName: null }, { 'if-match': '"1"' }), { status: 200, body: { givenName: null } });
  t.match(await call('PATCH', `/contacts/${id}`, { familyName: null }, { 'if-match': '"2"' }), { status: 400 });
});

t.test('what was cleared is on the record too', async (t) => {
  const call = await as(people.manager);
  const { id } = (await call('POST', '/contacts', PATIENT)).body;
  t.match(await call('PATCH', `/contacts/${id}`, { preferredChannel: null }, { 'if-match': '"1"' }), { status: 200, body: { preferredChannel: null } });
  t.same((await recorded(app, people.workspaceId, 'contact.updated')).at(-1)?.detail, { fields: ['preferredChannel'], changes: { preferredChannel: { from: 'phone', to: null } } });
});

t.test('capability: a role or token that lacks it gets 403, and the refusal is on the record', async (t) => {
  const manager = await as(people.manager);
  const { id } = (await manager('POST', '/contacts', PATIENT)).body;
  const readonly = await as(people.readonly);
  t.equal((await readonly('GET', `/contacts/${id}`)).status, 200);
  t.match(await readonly('POST', '/contacts', PATIENT), { status: 403, body: { code: 'access.denied' } });
  t.match(await readonly('PATCH', `/contacts/${id}`, { notes: 'x' }, { 'if-match': '"1"' }), { status: 403, body: { code: 'access.denied' } });
  const token = await agent(['contact.read', 'contact.all']);
  t.match(await token('POST', '/contacts', PATIENT), { status: 403, body: { code: 'access.scope_missing' } });
  const refused = (await recorded(app, people.workspaceId, 'access.refused')).slice(-3);
  t.same(refused.map(({ outcome, detail }) => [outcome, detail.capability]), [['refused', 'contact.write'], ['refused', 'contact.write'], ['refused', 'contact.write']]);
});

t.test('an AGENT sees own and shared contacts only; the rest is not there', async (t) => {
  const [agent, manager] = [await as(people.agent), await as(people.manager)];
  const mine = (await agent('POST', '/contacts', { familyName: 'Minetta' })).body.id;
  const theirs = (await manager('POST', '/contacts', { familyName: 'Minotti' })).body.id;
  const listed = (await agent('GET', '/contacts')).body.items;
  t.ok(listed.some((item: { id: string }) => item.id === mine));
  t.ok(listed.every((item: { ownerId: string }) => item.ownerId === people.agent.id));
  t.same((await agent('POST', '/contacts/search', { q: 'min' })).body.items.map((item: { id: string }) => item.id), [mine]);
  const nobody = await agent('GET', '/contacts/00000000-0000-7000-8000-000000000000');
  const hidden = await agent('GET', `/contacts/${theirs}`);
  t.equal(hidden.status, 404);
  t.same({ ...hidden.body, requestId: '' }, { ...nobody.body, requestId: '' }, 'as if it never was');
  t.match((await recorded(app, people.workspaceId, 'contact.read_refused')).at(-1), { outcome: 'refused', target: { id: theirs } });
  t.equal((await agent('PATCH', `/contacts/${theirs}`, { notes: 'x' }, { 'if-match': '"1"' })).status, 404);
  t.match(await agent('POST', '/contacts', { familyName: 'Given', ownerId: people.manager.id }), { status: 400, body: { fields: [{ path: 'ownerId' }] } }, 'giving away takes contact.assign');
  t.equal((await manager('POST', '/contacts/search', { q: 'min' })).body.items.length, 2);
});

t.test('what is shared with an AGENT is theirs to read or write, not to hand on', async (t) => {
  const [agent, manager] = [await as(people.agent), await as(people.manager)];
  const { id } = (await manager('POST', '/contacts', { familyName: 'Handon' })).body;
  const share = (call: typeof agent, userId: string, access: 'READ' | 'WRITE') => call('POST', `/contacts/${id}/shares`, { userId, access });
  const change = async () => agent('PATCH', `/contacts/${id}`, { notes: 'x' }, { 'if-match': String((await manager('GET', `/contacts/${id}`)).headers['etag']) });
  t.match(await share(agent, people.readonly.id, 'READ'), { status: 404 }, 'unseen');
  const { body: { id: shareId } } = await share(manager, people.agent.id, 'READ');
  t.match(await change(), { status: 403, body: { code: 'contact.read_only' } });
  t.equal((await share(manager, people.agent.id, 'WRITE')).status < 300, true);
  t.equal((await change()).status, 200);
  for (const answer of [await share(agent, people.readonly.id, 'READ'), await agent('DELETE', `/contacts/${id}/shares/${shareId}`)]) t.match(answer, { status: 403, body: { code: 'contact.not_owner' } });
  t.same((await recorded(app, people.workspaceId, 'contact.share_refused')).map(({ outcome, target }) => [outcome, target]), [['refused', { type: 'contact', id }], ['refused', { type: 'contact', id }]]);
  t.equal((await manager('DELETE', `/contacts/${id}/shares/${shareId}`)).status, 204);
  t.equal((await agent('GET', `/contacts/${id}`)).status, 404, 'taken back');
});

t.test('whole values are found in all their readings, by whoever may see the contact, within the filters', async (t) => {
  const [agent, manager] = [await as(people.agent), await as(people.manager)];
  const known = { birthDate: '1931-07-04', phones: [{ value: '(617) 555-0177' }], emails: [{ value: 'Shared.Line@example.com' }], identifiers: [{ system: 'mrn', value: 'QX-5561' }], tags: ['recall'] };
  const mine = (await agent('POST', '/contacts', { familyName: 'Okonkwo', ...known, status: 'active' })).body.id as string;
  const theirs = (await manager('POST', '/contacts', { familyName: 'Okafor', ...known, tags: [] })).body.id as string;
  const find = async (call: typeof agent, body: object) => ((await call('POST', '/contacts/search', body)).body.items as { id: string }[]).map(({ id }) => id).sort();
  for (const q of ['6175550177', '+1 617 555 0177', 'shared.line@EXAMPLE.com', '7/4/1931', '1931-07-04', 'qx5561']) {
    t.same(await find(manager, { q }), [mine, theirs].sort(), q);
    t.same(await find(agent, { q }), [mine], `${q}, own and shared ones alone`);
  }
  const q = '617-555-0177';
  t.same(await find(manager, { q, status: 'active' }), [mine]);
  t.same(await find(manager, { q, ownerId: people.manager.id }), [theirs]);
  t.same(await find(manager, { q, tag: 'RECALL' }), [mine]);
  t.same(await find(manager, { q, status: 'active', ownerId: people.manager.id }), []);
  t.same(await find(manager, { q: '617-555-0178' }), []);
  const numbered = (await manager('POST', '/contacts', { familyName: 'Oduya', identifiers: [{ system: 'mrn', value: '16175550177' }] })).body.id as string;
  t.same(await find(manager, { q: '16175550177' }), [mine, theirs, numbered].sort(), 'a number may be either');
  t.same(await find(manager, { q: '+16175550177' }), [mine, theirs].sort(), 'with a plus it is a telephone');
  t.match((await manager('POST', '/contacts/search', { q })).body.items.find(({ id }: { id: string }) => id === mine), { name: 'Okonkwo', birthDate: '1931-07-04', phone: '(617) 555-0177', email: /shared\.line/i, tags: ['recall'] });
});

t.test('a share asked for twice at the same moment is one share, and ends once', async (t) => {
  const manager = await as(people.manager);
  const { id } = (await manager('POST', '/contacts', { familyName: 'Twice-Shared' })).body;
  const all = <T>(ask: () => Promise<T>) => Promise.all(Array.from({ length: 4 }, ask));
  const shared = await all(() => manager('POST', `/contacts/${id}/shares`, { userId: people.agent.id, access: 'READ' }));
  t.same(shared.map(({ status }) => status), [200, 200, 200, 200]);
  t.equal(new Set(shared.map(({ body }) => body.id)).size, 1);
  const of = async (action: string) => (await recorded(app, people.workspaceId, action)).filter(({ target }) => target?.id === id).length;
  t.equal(await of('contact.shared'), 1);
  t.same((await all(() => manager('DELETE', `/contacts/${id}/shares/${shared[0]?.body.id}`))).map(({ status }) => status).sort(), [204, 404, 404, 404]);
  t.equal(await of('contact.share_ended'), 1);
});

t.test('Idempotency-Key: once, also under a race', async (t) => {
  const call = await agent(['contact.read', 'contact.write', 'contact.all']);
  const key = { 'idempotency-key': 'import-17' };
  const before = (await call('GET', '/contacts')).body.items.length;
  const replies = await Promise.all(Array.from({ length: 5 }, () => call('POST', '/contacts', PATIENT, key)));
  t.same(new Set(replies.map(({ status }) => status)), new Set([201]));
  t.equal(new Set(replies.map(({ body }) => body.id)).size, 1);
  t.equal((await call('GET', '/contacts')).body.items.length, before + 1);
  t.match(await call('POST', '/contacts', { ...PATIENT, sex: 'male' }, key), { status: 422, body: { code: 'request.idempotency_mismatch' } });
  t.equal((await recorded(app, people.workspaceId, 'request.repeated')).length, 4);
  const colleague = await agent(['contact.write', 'contact.all', 'contact.read']);
  t.not((await colleague('POST', '/contacts', PATIENT, key)).body.id, replies[0]?.body.id, 'a key belongs to its actor');
  const corrected = { 'idempotency-key': 'import-18' };
  t.equal((await call('POST', '/contacts', { sex: 'female' }, corrected)).status, 400);
  t.equal((await call('POST', '/contacts', { familyName: 'Corrected' }, corrected)).status, 201, 'a refusal leaves no key');
});

t.test('Idempotency-Key: the first answer is for who may still ask for it', async (t) => {
  const manager = await as(people.manager);
  const key = { 'idempotency-key': 'import-20' };
  const change = (role: Role) => app.withWorkspace(systemScope(people.workspaceId, 'test'), (tx) => changePerson(tx, people.manager.id, { role, designations: [] }));
  t.equal((await manager('POST', '/contacts', PATIENT, key)).status, 201);
  await change('READONLY');
  t.match(await manager('POST', '/contacts', PATIENT, key), { status: 403, body: { code: 'access.denied' } });
  await change('MANAGER');
  t.equal((await manager('POST', '/contacts', PATIENT, key)).status, 201);
});

t.test('Idempotency-Key: past its life it is as good as none, whatever the sweep met', async (t) => {
  const call = await agent(['contact.read', 'contact.write', 'contact.all']);
  const key = { 'idempotency-key': 'import-19' };
  const first = (await call('POST', '/contacts', PATIENT, key)).body.id;
  const keys = (tx: Tx) => tx.knex('idempotency_keys');
  await app.withWorkspace(systemScope(people.workspaceId, 'test'), async (tx) => {
    const filler = Array.from({ length: 30 }, () => ({ workspace_id: people.workspaceId, id: randomUUID(), actor_id: randomUUID(), key_mac: randomBytes(32), request_mac: randomBytes(32), expires_at: new Date('2020-01-01') }));
    await keys(tx).insert(filler);
    await keys(tx).whereNotIn('id', filler.map(({ id }) => id)).update({ expires_at: new Date('2020-01-02') });
  });
  const again = await call('POST', '/contacts', { ...PATIENT, sex: 'male' }, key);
  t.equal(again.status, 201, 'another request may have it');
  t.not(again.body.id, first);
  t.equal((await call('POST', '/contacts', { ...PATIENT, sex: 'male' }, key)).body.id, again.body.id, 'and is answered once');
});

t.test('Idempotency-Key: no sweep takes an answer between being found and being read', async (t) => {
  const scope = systemScope(people.workspaceId, 'test');
  const macKey = randomBytes(32);
  const ask = (tx: Tx) => answerOnce(tx, macKey, 'import-20', ['x'], async () => ({ status: 204 }));
  const id = randomUUID();
  const asked = { ...scope, actor: { ...scope.actor, id } };
  await app.withWorkspace(asked, ask);
  await app.withWorkspace(asked, async (tx) => {
    t.same(await ask(tx), { status: 204 });
    const swept = await app.withWorkspace(scope, (other) => other.knex('idempotency_keys').whereIn('id', other.knex('idempotency_keys').select('id').where({ actor_id: id }).forUpdate().skipLocked()).delete());
    t.equal(swept, 0);
  });
});

t.test('a body that is not UTF-8 is refused, not kept with its letters lost', async (t) => {
  const call = await agent(['contact.read', 'contact.write', 'contact.all']);
  const send = (encoding: BufferEncoding) => call('POST', '/contacts', Buffer.from(JSON.stringify({ familyName: 'Müller' }), encoding), { 'content-type': 'application/json; charset=iso-8859-1' });
  t.match(await send('latin1'), { status: 400, body: { code: 'request.invalid', fields: [{ path: 'familyName' }] } });
  t.match(await send('utf8'), { status: 201, body: { familyName: 'Müller' } }, 'JSON has no other charset, whatever is said');
});
