import { parse } from 'csv-parse/sync';
import t from 'tap';
import { readDocument } from '../../core/clinical/read-document.ts';
import { systemScope } from '../../core/db/scope.ts';
import { STEP_UP_LIFE_MS } from '../../core/access/authorize.ts';
import { EXPORT_API } from '../../core/practice/exports/api.ts';
import { createContact } from '../../core/practice/contacts/write-contact.ts';
import { importDocument } from '../../core/practice/documents/import-document.ts';
import { exportContacts } from '../../core/practice/exports/export-contacts.ts';
import { guessMapping } from '../../core/practice/imports/csv-rows.ts';
import { openPractice, recorded, type Json } from '../api/open-server.ts';
import { bytesOf, documentXml, sectionXml } from '../clinical/build-document.ts';
import { scopeAs, sessionCookie } from '../support/people.ts';
import { rows } from '../support/rows.ts';

const practice = await openPractice(t);
const { app, database, people, other, as } = practice;
const [manager, agent, readonly] = [await as(people.manager), await as(people.agent), await as(people.readonly)];
const [managersBrowser, agentsBrowser] = [await practice.browser(people.manager), await practice.browser(people.agent)];

const PERSON = {
  givenName: 'Rosalind', middleName: 'Mary', familyName: "O'Brien-García", namePrefix: 'Dr', nameSuffix: 'Jr', preferredName: 'Rosie', birthDate: '1970-03-05', sex: 'female', genderIdentity: 'woman', pronouns: 'she/her', language: 'es', maritalStatus: 'Married',
  race: 'White', ethnicity: 'Not Hispanic or Latino', notes: '=HYPERLINK("https://evil.example")', preferredChannel: 'phone', tags: ['fall risk'], phones: [{ use: 'home', value: '(212) 555-0101' }, { use: 'mobile', value: '+1 212 555 0102' }],
  emails: [{ use: 'work', value: 'rosie@example.org' }], addresses: [{ use: 'home', lines: ['1 Quarry Lane', 'Flat 2'], city: 'Troy', state: 'NY', postalCode: '12180', country: 'US' }],
  identifiers: [{ system: '1.3.6.1.4.1.99999.7', value: 'A-1' }, { system: 'MRN', value: '4471' }],
};
const { body: { id } } = await agent('POST', '/contacts', PERSON);
const { body: { id: managers } } = await manager('POST', '/contacts', { familyName: 'Elsewhere', notes: '@SUM(1)' });

const CODED = '<value xsi:type="CD" code="195967001" codeSystem="2.16.840.1.113883.6.96" displayName="Asthma"/>';
const clinical = bytesOf(documentXml({
  person: '<name use="L"><given>Rosalind</given><given>Mary</given><family>O\'Brien-García</family></name><administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="19700305"/>', role: '<id root="1.3.6.1.4.1.99999.7" extension="A-1"/>',
  body: sectionXml('11450-4', `<entry><observation classCode="OBS" moodCode="EVN"><id root="1.2.3"/><code code="55607006" codeSystem="2.16.840.1.113883.6.96"/><statusCode code="completed"/><effectiveTime><low value="20150301"/></effectiveTime>${CODED}</observation></entry>`, 'Asthma')
    + sectionXml('30954-2', ['20240101', '20250101'].map((at) => `<entry><observation classCode="OBS" moodCode="EVN"><code code="718-7" codeSystem="2.16.840.1.113883.6.1" displayName="Hemoglobin"/><statusCode code="completed"/><effectiveTime value="${at}"/><value xsi:type="PQ" value="${at.slice(2, 4)}" unit="g/dL"/></observation></entry>`).join(''), 'Hemoglobin'),
}));
await app.withWorkspace(systemScope(people.workspaceId, 'test'), (tx) => importDocument(tx, { fileName: 'a.xml', bytes: clinical, document: readDocument(clinical) }));
const file = (text: string): Json => JSON.parse(text);
const bySystem = (identifiers: Json[]): Json[] => [...identifiers].sort((a, b) => (a.system < b.system ? -1 : 1));

t.test('one contact as JSON: every field, and all that its documents state', async (t) => {
  const api = await agent('GET', `/contacts/${id}/export`);
  t.equal(api.status, 200, api.text);
  t.match({ ...api.body.contact, identifiers: bySystem(api.body.contact.identifiers) }, PERSON);
  t.notOk('access' in api.body.contact);
  t.match(api.body.clinical.problems, [{ code: '195967001', display: 'Asthma', start: '2015-03-01' }]);
  t.same(api.body.clinical.results.map(({ details }: Json) => details.value), ['24', '25'], 'older values too');
  t.match(api.body.documents, [{ kind: 'ccda' }]);
  const page = await agentsBrowser.post(`/contacts/${id}/export`, { format: 'json' });
  t.match(page.headers, { 'content-type': /application\/json/, 'content-disposition': `attachment; filename="contact-${id}.json"`, 'cache-control': /no-store/ });
  t.same({ ...file(page.text), exportedAt: null }, { ...api.body, exportedAt: null });
});

t.test('one contact as C-CDA: our own reader gives the same person and statements', async (t) => {
  const page = await agentsBrowser.post(`/contacts/${id}/export`, { format: 'ccda' });
  t.match(page.headers, { 'content-type': /application\/xml/, 'content-disposition': `attachment; filename="contact-${id}.xml"` });
  const { patient, sections, missing, header } = readDocument(bytesOf(page.text));
  t.match(patient, {
    name: { prefix: 'Dr', given: 'Rosalind', middle: 'Mary', family: "O'Brien-García", suffix: 'Jr', nickname: 'Rosie' }, birthDate: '1970-03-05', sex: 'female', genderIdentity: { display: 'woman' }, languages: ['es'], maritalStatus: { code: 'M' }, races: [{ code: '2106-3' }], ethnicities: [{ code: '2186-5' }],
    addresses: [{ use: 'HP', lines: ['1 Quarry Lane', 'Flat 2'], city: 'Troy', state: 'NY', postalCode: '12180', country: 'US' }],
  });
  t.same(patient.telecoms, [{ system: 'phone', value: '(212)-555-0101', use: 'HP' }, { system: 'phone', value: '+1-212-555-0102', use: 'MC' }, { system: 'email', value: 'rosie@example.org', use: 'WP' }]);
  t.same(patient.identifiers.map(({ root, extension, authority }) => [root, extension, authority]).sort(), [[people.workspaceId, '4471', 'MRN'], ['1.3.6.1.4.1.99999.7', 'A-1', null]].sort(), 'a number whose authority has no OID is given under the practice’s own');
  const items = sections.flatMap((section) => section.items);
  t.match(items.find(({ kind }) => kind === 'problems'), { code: '195967001', display: 'Asthma', start: '2015-03-01', isActive: true });
  t.equal(items.filter(({ kind }) => kind === 'results').length, 2);
  t.match(items.find(({ code }) => code === '90778-2'), { details: { value: 'she/her' } });
  t.same([missing, header.custodian], [[], `Practice ${people.slug}`]);
  const api = await agent('GET', `/contacts/${id}/export/ccda`);
  t.match(Buffer.from(api.body.contentBase64, 'base64').toString('utf8'), /O'Brien-García/);
  // Into another practice: found by nobody there, so a contact like ours.
  const { contactId } = await app.withWorkspace(systemScope(other.workspaceId, 'test'), (tx) => importDocument(tx, { fileName: 'b.xml', bytes: bytesOf(page.text), document: readDocument(bytesOf(page.text)) }));
  t.match((await (await as(other.admin))('GET', `/contacts/${contactId}`)).body, { givenName: 'Rosalind', middleName: 'Mary', preferredName: 'Rosie', birthDate: '1970-03-05', genderIdentity: 'woman', maritalStatus: 'Married', race: 'White', addresses: [{ use: 'home', city: 'Troy' }] });
});

t.test('the list as CSV and JSON, as it was filtered, formulas disarmed', async (t) => {
  const csv = await managersBrowser.post('/contacts/export/file', { format: 'csv' });
  t.match(csv.headers, { 'content-type': /text\/csv/, 'content-disposition': `attachment; filename="${people.slug}-contacts.csv"` });
  const lines = parse(csv.text, { bom: true, columns: true }) as Record<string, string>[];
  t.equal(lines.length, 2);
  t.match(lines.find((line) => line['Contact id'] === id), {
    'Family name': "O'Brien-García", 'Given name': 'Rosalind', 'Date of birth': '1970-03-05', Phone: '(212) 555-0101', 'Further numbers': "'+1 212 555 0102", Street: '1 Quarry Lane\nFlat 2', Numbers: /MRN: 4471/, Tags: 'fall risk',
    Notes: `'=HYPERLINK("https://evil.example")`,
  });
  t.equal(lines.find((line) => line['Contact id'] === managers)?.['Notes'], "'@SUM(1)");
  t.match(csv.text, '"1 Quarry Lane\nFlat 2"', 'a line end in a cell is in quotes: to a spreadsheet it would be a row');
  t.notMatch(csv.text, /(^|,)"?[=+@-]/m, 'no cell begins as a formula does');
  t.match(guessMapping(Object.keys(lines[0] as object)), { 'Family name': 'familyName', 'Given name': 'givenName', 'Date of birth': 'birthDate', Sex: 'sex', Phone: 'phone', 'E-mail': 'email', Street: 'street', 'Postal code': 'postalCode', Notes: 'notes' }, 'our own import knows the headings');

  const json = file((await managersBrowser.post('/contacts/export/file', { format: 'json', tag: 'Fall Risk' })).text);
  t.same(json.contacts.map((contact: Json) => contact.id), [id]);
  t.match({ ...json.contacts[0], identifiers: bySystem(json.contacts[0].identifiers) }, PERSON);
  t.same(file((await managersBrowser.post('/contacts/export/file', { format: 'json', q: 'elsew' })).text).contacts.map((contact: Json) => contact.id), [managers]);
  t.same(file((await managersBrowser.post('/contacts/export/file', { format: 'json', q: 'nobody' })).text).contacts, []);
  const review = await managersBrowser.post('/contacts/export', { tag: 'fall risk', q: '', status: '', owner: people.agent.id });
  t.match(review.text, /Export 1 contact<[^]*Agent Person[^]*fall risk[^]*The file leaves the encryption\.[^]*name="tag" value="fall risk"/);
  t.match((await manager('POST', '/contacts/export', { limit: 1 })).body, { items: [{ familyName: 'Elsewhere' }], nextCursor: /./ });
});

t.test('who may: writers, of what they may open, their second factor fresh', async (t) => {
  t.same(file((await agentsBrowser.post('/contacts/export/file', { format: 'json' })).text).contacts.map((contact: Json) => contact.id), [id], 'an agent has own and shared contacts');
  t.same((await agent('POST', '/contacts/export', {})).body.items.map((contact: Json) => contact.id), [id]);
  t.equal((await agent('GET', `/contacts/${managers}/export`)).status, 404);
  t.equal((await agentsBrowser.post(`/contacts/${managers}/export`, { format: 'ccda' })).status, 404);
  for (const [method, path] of [['POST', '/contacts/export'], ['GET', `/contacts/${id}/export`], ['GET', `/contacts/${id}/export/ccda`]] as const) {
    t.match(await readonly(method, path, method === 'POST' ? {} : undefined), { status: 403, body: { code: 'access.denied' } });
    t.match(await (await practice.agent(['contact.read', 'contact.all', 'document.read']))(method, path, method === 'POST' ? {} : undefined), { status: 403, body: { code: 'access.scope_missing' } });
    t.match(await (await as(other.admin))(method, path, method === 'POST' ? {} : undefined), method === 'POST' ? { status: 200 } : { status: 404 });
  }
  for (const { method, path, description } of EXPORT_API) {
    const reads = path === '/contacts/export' ? 'contact.read' : 'document.read';
    const ask = async (scopes: string[]) => (await practice.agent(scopes))(method, path.replace('{id}', id), method === 'POST' ? {} : undefined);
    t.match(await ask(['contact.export', 'contact.all']), { status: 403, body: { code: 'access.scope_missing' } }, 'the scope alone is not enough');
    t.match(await ask(['contact.export', reads]), method === 'POST' ? { status: 200, body: { items: [] } } : { status: 404 }, 'nor does it show what is not its own');
    t.match(await ask(['contact.export', reads, 'contact.all']), { status: 200 });
    for (const scope of ['contact.export', reads, 'contact.all']) t.match(description, `\`${scope}\``, `${path} says so`);
  }
  const readers = await practice.browser(people.readonly);
  for (const path of ['/contacts/export', `/contacts/${id}/export`]) t.equal((await readers.get(path)).status, 403, path);
  t.notMatch((await readers.get('/contacts')).text, /formaction="\/contacts\/export"/);
  t.match((await agentsBrowser.get('/contacts')).text, /formaction="\/contacts\/export"/);
  t.match((await agentsBrowser.get(`/contacts/${id}`)).text, new RegExp(`href="/contacts/${id}/export"`));

  const stale = scopeAs(people.manager, { assuredAt: Date.now() - STEP_UP_LIFE_MS - 1000 });
  await t.rejects(exportContacts(app, stale, 'csv', {}), { code: 'access.step_up_required' });
  await rows(database, `update app.sessions set assured_at = now() - interval '1 hour' where workspace_id = $1 and user_id = $2`, [people.workspaceId, people.manager.id]);
  t.equal((await managersBrowser.get(`/contacts/${id}/export`)).status, 200, 'what it would do is shown before');
  const held = await managersBrowser.post('/contacts/export/file', { format: 'csv', tag: 'fall risk' });
  t.match(held, { status: 403, text: /Confirm/ });
  t.match(held.text, /fall risk/, 'and the form is carried through the confirmation');
  t.match(await manager('GET', `/contacts/${id}/export`), { status: 403, body: { code: 'access.step_up_required' } });
});

t.test('each is on the record, with counts and without values', async (t) => {
  const one = await recorded(app, people.workspaceId, 'contact.exported');
  t.ok(one.length >= 4);
  t.ok(one.every(({ target, detail }) => target?.id === id && detail.documents === 1 && detail.statements === 3 && ['json', 'ccda'].includes(detail.format)));
  const lists = await recorded(app, people.workspaceId, 'contact.list_exported');
  t.match(lists[0], { detail: { format: 'csv', contacts: 2 } });
  t.notMatch(JSON.stringify([one, lists]), /fall risk|Brien|elsew/i);
});

t.test('a long list is sent in batches, each contact once', async (t) => {
  const scope = scopeAs(other.manager);
  for (let at = 0; at < 8; at += 1) await app.withWorkspace(scope, async (tx) => { for (let nth = 0; nth < 30; nth += 1) await createContact(tx, { familyName: `Family ${at}-${nth}` }); });
  const { pieces } = await exportContacts(app, scope, 'json', {});
  const sizes: number[] = [];
  let text = '';
  for await (const piece of pieces) { sizes.push(piece.length); text += Buffer.from(piece).toString('utf8'); }
  const { contacts } = file(text);
  t.equal(new Set(contacts.map((contact: Json) => contact.id)).size, contacts.length);
  t.ok(contacts.length >= 240 && sizes.length >= 5, `${contacts.length} contacts in ${sizes.length} pieces`);
});

t.test('a download ends with the session it was begun in', async (t) => {
  await sessionCookie(app, other.manager);
  const [{ id: sessionId }] = (await rows<{ id: string }>(database, 'select id from app.sessions where user_id = $1 and ended_at is null limit 1', [other.manager.id])) as [{ id: string }];
  const { pieces } = await exportContacts(app, scopeAs(other.manager, { sessionId }), 'json', {});
  const reading = pieces[Symbol.asyncIterator]();
  await reading.next();
  t.match(Buffer.from((await reading.next()).value).toString('utf8'), /"familyName":"Family /, 'a first batch');
  await rows(database, 'update app.sessions set ended_at = now() where id = $1', [sessionId]);
  await t.rejects(reading.next(), { code: 'session.expired' });
});
