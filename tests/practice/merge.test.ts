import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { record } from '../../core/audit/record.ts';
import { systemScope } from '../../core/db/scope.ts';
import { addActivity } from '../../core/practice/activities/actions.ts';
import { readDocument } from '../../core/clinical/read-document.ts';
import { ContactMerge } from '../../core/practice/contacts/model.ts';
import { importDocument } from '../../core/practice/documents/import-document.ts';
import { bytesOf, documentXml } from '../clinical/build-document.ts';
import { openPractice, recorded } from '../api/open-server.ts';
import { scopeAs } from '../support/people.ts';

const { app, people, other, as } = await openPractice(t);
const manager = await as(people.manager);
const agent = await as(people.agent);

/** Every row that belongs to the two, as the database holds it, but for what any write changes. */
async function rowsOf(ids: readonly string[]): Promise<unknown> {
  return app.withWorkspace(systemScope(people.workspaceId, 'test'), async (tx) => {
    const tables = ['activities', 'appointments', 'documents', 'contact_points', 'contact_identifiers', 'contact_addresses', 'contact_shares'];
    const rows = await Promise.all(tables.map((table) => tx.knex(table).whereIn('contact_id', [...ids]).orderBy('id')));
    return Object.fromEntries(tables.map((table, at) => [table, rows[at]]));
  });
}

async function pair(): Promise<{ a: string; b: string }> {
  const make = async (body: object) => (await manager('POST', '/contacts', body)).body.id as string;
  const a = await make({ givenName: 'Wim', familyName: 'de Groot', birthDate: '1940-01-30', tags: ['asthma'], phones: [{ use: 'home', value: '212 555 0101' }], addresses: [{ lines: ['14 Quarry Lane'], city: 'Troy' }], identifiers: [{ system: 'urn:mrn', value: 'A-1' }] });
  const b = await make({ givenName: 'Willem', familyName: 'de Groot', birthDate: '1940-01-30', sex: 'male', tags: ['asthma', 'vip'], notes: 'Ring twice.', phones: [{ use: 'mobile', value: '+1 (212) 555-0101' }, { value: '646 555 0199' }], addresses: [{ lines: ['14 QUARRY LANE'], city: 'Troy' }, { lines: ['2 Mill Road'] }], identifiers: [{ system: 'urn:mrn', value: 'B-2' }] });
  for (const [id, access] of [[a, 'READ'], [b, 'WRITE']] as const) await manager('POST', `/contacts/${id}/shares`, { userId: people.agent.id, access });
  await manager('POST', `/contacts/${b}/shares`, { userId: people.readonly.id, access: 'READ' });
  await manager('POST', `/contacts/${b}/activities`, { kind: 'note', subject: 'From the second record' });
  await manager('POST', '/appointments', { contactId: b, practitionerId: people.admin.id, localStart: `2031-01-0${1 + (made += 1)}T09:00`, durationMinutes: 30 });
  return { a, b };
}
let made = 0;

const rowsBornOn = async (day: string): Promise<string[]> => (await manager('POST', '/contacts/search', { q: day, limit: 100 })).body.items.map((item: { id: string }) => item.id);

const fieldsOf = ({ version: _version, updatedAt: _updatedAt, ...rest }: Record<string, unknown>): object => rest;

t.test('a merge takes everything over, and its undo restores exactly', async (t) => {
  const { a, b } = await pair();
  const before = { rows: await rowsOf([a, b]), a: (await manager('GET', `/contacts/${a}`)).body, b: (await manager('GET', `/contacts/${b}`)).body };

  const merged = await manager('POST', `/contacts/${a}/merge`, { mergedId: b, take: ['givenName', 'sex'] });
  t.equal(merged.status, 200, merged.text);
  t.match(merged.body.contact, {
    givenName: 'Willem', sex: 'male', notes: null, tags: ['asthma', 'vip'],
    phones: [{ value: '212 555 0101' }, { value: '646 555 0199' }], addresses: [{ lines: ['14 Quarry Lane'] }, { lines: ['2 Mill Road'] }], identifiers: [{ value: 'A-1' }, { value: 'B-2' }],
  }, 'taken fields, joined tags, nothing twice, its own phone first');
  t.equal(merged.body.contact.phones.length, 2);
  t.match((await manager('GET', `/contacts/${b}`)).body, { status: 'merged', mergedIntoId: a, givenName: 'Willem', notes: 'Ring twice.' });
  t.match((await manager('GET', `/contacts/${a}/activities`)).body.items, [{ subject: 'From the second record' }]);
  t.match((await manager('GET', `/contacts/${a}/shares`)).body.items, [{ userId: people.agent.id, access: 'WRITE' }, { userId: people.readonly.id }], 'shares join, the wider access stays');
  t.notOk((await manager('GET', '/contacts')).body.items.some((item: { id: string }) => item.id === b), 'no longer listed');
  t.same((await manager('POST', '/contacts/search', { q: 'willem groot' })).body.items.map((item: { id: string }) => item.id), [a], 'nor found twice');
  t.match(await manager('PATCH', `/contacts/${b}`, { notes: 'x' }, { 'if-match': '"2"' }), { status: 409, body: { code: 'contact.merged' } });
  t.match((await recorded(app, people.workspaceId, 'contact.merged')).at(-1), { target: { id: a }, detail: { mergedId: b, fields: ['givenName', 'sex'], moved: { activities: 1, appointments: 1, contact_points: 1 } } });

  const undone = await manager('POST', `/contacts/${a}/merge/undo`, { mergeId: merged.body.mergeId });
  t.equal(undone.status, 200, undone.text);
  t.same(await rowsOf([a, b]), before.rows, 'every row is where and what it was');
  t.same(fieldsOf(undone.body.survivor), fieldsOf(before.a));
  t.same(fieldsOf(undone.body.merged), fieldsOf(before.b));
  t.match(await manager('POST', `/contacts/${a}/merge/undo`, { mergeId: merged.body.mergeId }), { status: 409, body: { code: 'contact.merge_undone' } });
});

t.test('what changed after the merge stays with the survivor', async (t) => {
  const { a, b } = await pair();
  const { mergeId, contact } = (await manager('POST', `/contacts/${a}/merge`, { mergedId: b, take: ['givenName', 'sex'] })).body;
  await manager('PATCH', `/contacts/${a}`, { givenName: 'William' }, { 'if-match': `"${contact.version}"` });
  await manager('POST', `/contacts/${a}/activities`, { kind: 'note', subject: 'Written since' });
  const { survivor, merged } = (await manager('POST', `/contacts/${a}/merge/undo`, { mergeId })).body;
  t.match(survivor, { givenName: 'William', sex: null });
  t.match(merged, { givenName: 'Willem', status: 'new', mergedIntoId: null });
  t.match((await manager('GET', `/contacts/${a}/activities`)).body.items, [{ subject: 'Written since' }]);
});

t.test('a merge of before tags were sealed is undone: it holds them as a list', async (t) => {
  for (const [former, left] of [[[], []], [['asthma'], ['asthma']]] as const) {
    const { a, b } = await pair();
    const { mergeId, contact } = (await manager('POST', `/contacts/${a}/merge`, { mergedId: b })).body;
    t.same(contact.tags, ['asthma', 'vip']);
    await app.withWorkspace(systemScope(people.workspaceId, 'test'), async (tx) => {
      await (await ContactMerge.query(tx).findById(mergeId))?.$query(tx).patch({ survivor_before: JSON.stringify({ tags: former }) });
      record(tx, { action: 'contact.updated', target: { type: 'contact', id: a } }); // nothing changes without an entry
    });
    const undone = await manager('POST', `/contacts/${a}/merge/undo`, { mergeId });
    t.equal(undone.status, 200, undone.text);
    t.same([undone.body.survivor.tags.toSorted(), undone.body.merged.tags], [left, ['asthma', 'vip']]);
  }
});

t.test('what is written on a record while it is merged goes over too', async (t) => {
  const { a, b } = await pair();
  let merging: ReturnType<typeof manager> | undefined;
  await app.withWorkspace(scopeAs(people.manager), async (tx) => {
    await addActivity(tx, b, { kind: 'note', subject: 'Written meanwhile' });
    merging = manager('POST', `/contacts/${a}/merge`, { mergedId: b });
    await sleep(400);
  });
  t.equal((await merging)?.status, 200);
  t.match((await manager('GET', `/contacts/${a}/activities`)).body.items, [{ subject: 'Written meanwhile' }, { subject: 'From the second record' }]);
});

t.test('a document that is filed on a record while it is merged goes over too', async (t) => {
  const { a, b } = await pair();
  const bytes = bytesOf(documentXml({ person: '<name use="L"><given>Willem</given><family>de Groot</family></name><administrativeGenderCode code="M" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="19400130"/>' }));
  const namesakes = await rowsBornOn('1940-01-30');
  for (const id of namesakes) if (id !== b) await manager('PATCH', `/contacts/${id}`, { birthDate: '1940-02-01' }, { 'if-match': `"${(await manager('GET', `/contacts/${id}`)).body.version}"` });
  let merging: ReturnType<typeof manager> | undefined;
  const { contactId } = await app.withWorkspace(scopeAs(people.admin), async (tx) => {
    const imported = await importDocument(tx, { fileName: 'a.xml', bytes, document: readDocument(bytes) });
    merging = manager('POST', `/contacts/${a}/merge`, { mergedId: b });
    await sleep(400);
    return imported;
  });
  t.equal(contactId, b);
  t.equal((await merging)?.status, 200);
  t.equal((await manager('GET', `/contacts/${a}/documents`)).body.items.length, 1);
});

t.test('whoever owned the other record goes on writing, until the merge is undone', async (t) => {
  for (const take of [[], ['ownerId']]) {
    const { a, b } = await pair();
    const [mine, theirs] = [(await agent('POST', '/contacts', { familyName: 'Own' })).body.id as string, take.length === 0 ? a : b];
    const [survivor, other] = take.length === 0 ? [theirs, mine] : [mine, theirs];
    if (take.length > 0) for (const { id } of (await manager('GET', `/contacts/${theirs}/shares`)).body.items) await manager('DELETE', `/contacts/${theirs}/shares/${id}`);
    await agent('POST', `/contacts/${mine}/activities`, { kind: 'task', subject: 'Ring back' });
    const before = await rowsOf([mine, theirs]);
    const { mergeId } = (await manager('POST', `/contacts/${survivor}/merge`, { mergedId: other, take })).body;
    t.match((await agent('GET', `/contacts/${survivor}`)).body, { access: 'WRITE' });
    t.match((await agent('GET', '/tasks?whose=mine')).body.items, [{ subject: 'Ring back', contactId: survivor }]);
    t.match((await recorded(app, people.workspaceId, take.length === 0 ? 'contact.share_changed' : 'contact.shared')).at(-1), { target: { id: survivor }, detail: { userId: people.agent.id } });
    t.equal((await manager('POST', `/contacts/${survivor}/merge/undo`, { mergeId })).status, 200);
    t.same(await rowsOf([mine, theirs]), before);
    if (take.length > 0) t.match((await recorded(app, people.workspaceId, 'contact.share_ended')).at(-1), { target: { id: survivor }, detail: { userId: people.agent.id, access: 'WRITE' } });
    const [task] = (await agent('GET', '/tasks?whose=mine')).body.items;
    await agent('PATCH', `/activities/${task.id}`, { isDone: true }, { 'if-match': `"${task.version}"` });
  }
});

t.test('a date of death that is taken brings the status with it; the record can be changed after', async (t) => {
  const [a, b] = [(await manager('POST', '/contacts', { familyName: 'One' })).body.id, (await manager('POST', '/contacts', { familyName: 'Two', deceasedOn: '2020-01-01' })).body.id];
  const { mergeId, contact } = (await manager('POST', `/contacts/${a}/merge`, { mergedId: b, take: ['deceasedOn'] })).body;
  t.match(contact, { status: 'deceased', deceasedOn: '2020-01-01' });
  t.match(await manager('PATCH', `/contacts/${a}`, { notes: 'x', status: 'deceased' }, { 'if-match': `"${contact.version}"` }), { status: 200 });
  t.match((await manager('POST', `/contacts/${a}/merge/undo`, { mergeId })).body, { survivor: { status: 'new', deceasedOn: null }, merged: { status: 'deceased', deceasedOn: '2020-01-01' } });
});

t.test('a phone that came over returns, also after another was added', async (t) => {
  const { a, b } = await pair();
  const { mergeId, contact } = (await manager('POST', `/contacts/${a}/merge`, { mergedId: b })).body;
  const phones = [{ value: '718 555 0123' }, ...contact.phones];
  t.match((await manager('PATCH', `/contacts/${a}`, { phones }, { 'if-match': `"${contact.version}"` })).body.phones, phones, 'in the order they were given');
  const { survivor, merged } = (await manager('POST', `/contacts/${a}/merge/undo`, { mergeId })).body;
  t.same(survivor.phones.map(({ value }: { value: string }) => value), ['718 555 0123', '212 555 0101']);
  t.same(merged.phones.map(({ value }: { value: string }) => value), ['+1 (212) 555-0101', '646 555 0199']);
});

t.test('what cannot be merged or undone is refused', async (t) => {
  const [{ a, b }, { a: c }] = [await pair(), await pair()];
  t.match(await manager('POST', `/contacts/${a}/merge`, { mergedId: a, take: [] }), { status: 409, body: { code: 'contact.merge_refused' } });
  t.match(await manager('POST', `/contacts/${a}/merge`, { mergedId: b, take: ['status'] }), { status: 400 });
  t.match(await agent('POST', `/contacts/${a}/merge`, { mergedId: b }), { status: 403, body: { code: 'access.denied' } });
  const { mergeId } = (await manager('POST', `/contacts/${a}/merge`, { mergedId: b })).body;
  t.match(await manager('POST', `/contacts/${c}/merge`, { mergedId: b }), { status: 409, body: { code: 'contact.merged' } });
  const onto = (await manager('POST', `/contacts/${c}/merge`, { mergedId: a })).body;
  t.match(await manager('POST', `/contacts/${a}/merge/undo`, { mergeId }), { status: 409, body: { code: 'contact.merge_buried' } });
  t.match(await manager('POST', `/contacts/${a}/merge/undo`, { mergeId: onto.mergeId }), { status: 404, body: { code: 'merge.not_found' } }, 'a merge belongs to its survivor');
  const crosswise = await pair();
  const race = await Promise.all([manager('POST', `/contacts/${crosswise.a}/merge`, { mergedId: crosswise.b }), manager('POST', `/contacts/${crosswise.b}/merge`, { mergedId: crosswise.a })]);
  t.same(race.map(({ status }) => status).sort(), [200, 409], 'two merges crosswise: one wins');
});

t.test('another workspace', async (t) => {
  const { a, b } = await pair();
  const stranger = await as(other.manager);
  const own = (await stranger('POST', '/contacts', { familyName: 'Own' })).body.id;
  t.match(await stranger('POST', `/contacts/${own}/merge`, { mergedId: b }), { status: 404, body: { code: 'contact.not_found' } });
  const { mergeId } = (await manager('POST', `/contacts/${a}/merge`, { mergedId: b })).body;
  t.match(await stranger('POST', `/contacts/${own}/merge/undo`, { mergeId }), { status: 404, body: { code: 'merge.not_found' } });
  t.match(await stranger('POST', `/contacts/${own}/shares`, { userId: people.agent.id, access: 'READ' }), { status: 400 }, 'nobody there has this id');
});
