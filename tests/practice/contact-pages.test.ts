import t from 'tap';
import { readDocument } from '../../core/clinical/read-document.ts';
import { importDocument } from '../../core/practice/documents/import-document.ts';
import { openPractice, recorded, type Reply } from '../api/open-server.ts';
import { bytesOf, documentXml } from '../clinical/build-document.ts';
import { scopeAs } from '../support/people.ts';

const practice = await openPractice(t);
const { app, people, other } = practice;
const [manager, agent, readonly] = [await practice.browser(people.manager), await practice.browser(people.agent), await practice.browser(people.readonly)];
const api = await practice.as(people.manager);

const FORM = {
  givenName: 'Rosalind', familyName: 'Achterberg', birthDate: '1958-11-23', sex: 'female', tags: 'hearing aid, diabetes', notes: 'Call the daughter first.\r\nWheelchair.', status: 'new',
  'phones.0.value': '', 'phones.0.use': '', 'phones.1.value': '212 555 0102', 'phones.1.use': 'home', 'emails.0.value': 'rosalind@example.org', 'addresses.0.lines': '14 Quarry Lane\r\nApt 2', 'addresses.0.city': 'Millbrook',
  'identifiers.0.system': 'MRN', 'identifiers.0.value': '4471-0092',
};
const pathOf = (reply: Reply): string => String(reply.headers['location']);
const search = async (q: string): Promise<Reply> => manager.get(pathOf(await manager.post('/contacts/search', { q })));

t.test('journey: write a contact, find it, open it, change it, note something, share it', async (t) => {
  t.match(await manager.get('/contacts/new'), { status: 200, text: /New contact/ });
  const saved = await manager.post('/contacts', FORM);
  t.equal(saved.status, 303, saved.text.slice(0, 300));
  const path = pathOf(saved);
  const id = path.split('/').at(-1) as string;

  for (const q of ['ach', '(212) 555-0102', '11/23/1958', '4471']) {
    const found = await search(q);
    t.equal(found.status, 200);
    t.equal(found.text.includes(`href="${path}"`), q !== '4471', q);
  }
  t.match(await search('zzz'), { status: 200, text: /Nobody matches/ });
  const suggested = await manager.post('/contacts/suggest', { q: 'ros' });
  t.same(suggested.body, [{ id, href: path, name: 'Rosalind Achterberg', birthDate: 'Nov 23, 1958', detail: '212 555 0102' }]);

  const page = await manager.get(path);
  t.match(page, { status: 200, text: /Nothing has happened yet/ });
  const details = await manager.get(`${path}/details`);
  for (const text of ['14 Quarry Lane', 'Apt 2', 'rosalind@example.org', 'tel:2125550102', '4471-0092', 'Wheelchair.']) t.ok(details.text.includes(text), text);

  t.match(await manager.get(`${path}/edit`), { status: 200, text: /value="Achterberg"/ });
  t.equal((await manager.post(path, { ...FORM, version: '1', familyName: 'Achterberg-Lund', status: 'active', 'phones.1.value': '' })).status, 303);
  const changed = (await api('GET', `/contacts/${id}`)).body;
  t.match(changed, { familyName: 'Achterberg-Lund', status: 'active', phones: [], emails: [{ value: 'rosalind@example.org' }], tags: ['hearing aid', 'diabetes'], version: 2, ownerId: people.manager.id });

  t.match(await manager.get(`${path}/activities/new`), { status: 200 });
  t.equal((await manager.post(`${path}/activities`, { version: '0', kind: 'task', subject: 'Send the referral', body: '', dueOn: '2020-01-02', assignedTo: people.manager.id })).status, 303);
  t.equal((await manager.post(`${path}/activities`, { version: '0', kind: 'call', subject: 'Asked about the refill', body: 'Elm Street', dueOn: '', assignedTo: people.manager.id })).status, 303);
  const booked = await manager.post(`${path}/appointments`, { version: '0', practitionerId: people.manager.id, day: '2031-05-06', time: '09:00', durationMinutes: '30', timeZone: 'America/New_York', occurrence: '', reason: 'Follow-up', notes: '' });
  t.equal(booked.status, 303, booked.text.slice(0, 2000));
  const timeline = (await manager.get(path)).text;
  for (const text of ['Send the referral', 'overdue', 'Asked about the refill', 'Follow-up']) t.ok(timeline.includes(text), text);
  t.match(await manager.get('/tasks'), { status: 200, text: /Send the referral/ });
  t.match(await manager.get('/appointments?view=week&day=2031-05-08'), { status: 200, text: /Achterberg-Lund/ });

  t.equal((await agent.get(path)).status, 404, 'not theirs yet');
  t.match(await manager.get(`${path}/shares`), { status: 200, text: /Nobody beyond the owner/ });
  t.equal((await manager.post(`${path}/shares`, { person: people.agent.id, level: 'READ' })).status, 303);
  t.equal((await agent.get(path)).status, 200);
  t.notMatch((await agent.get(path)).text, /\/edit"/, 'a READ share offers no editing');
  t.equal((await agent.get(`${path}/edit`)).status, 403);
  const [share] = (await api('GET', `/contacts/${id}/shares`)).body.items;
  t.match(await manager.post(`${path}/shares/${share.id}/remove`, {}), { status: 200, text: /End this share\?/ }, 'without script a page asks first');
  t.equal((await manager.post(`${path}/shares/${share.id}/remove`, { confirmed: 'yes' })).status, 303);
  t.equal((await agent.get(path)).status, 404);
  t.ok((await recorded(app, people.workspaceId, 'contact.read')).some(({ target, actor }) => target?.id === id && actor.id === people.agent.id));
});

t.test('what was found has an address to come back to, which holds what was sought sealed, for this session alone', async (t) => {
  const place = pathOf(await manager.post('/contacts/search', { q: 'Achterberg', status: 'active' }));
  t.notMatch(decodeURIComponent(place), /achterberg|active/i);
  for (const _again of [1, 2]) t.match(await manager.get(place), { status: 200, text: /value="Achterberg"/ });
  for (const [elsewhere, visitor] of [[place, agent], [place, await practice.browser(people.manager)], [`${place.slice(0, -3)}AAA`, manager], ['/contacts/search?for=v1.x', manager], ['/contacts/search?for=v1.search.AAAA.AAAA', manager], ['/contacts/search', manager]] as const) {
    t.match(await visitor.get(elsewhere), { status: 302, headers: { location: '/contacts' } }, elsewhere);
  }
  t.equal(pathOf(await manager.post('/contacts/search', { q: '', status: '' })), '/contacts');
});

t.test('codes and days are said in words, wherever they stand', async (t) => {
  const saved = await manager.post('/contacts', { ...FORM, familyName: 'Wordly', language: 'ase', preferredChannel: 'sms', status: 'deceased', deceasedOn: '2024-02-29' });
  const path = pathOf(saved);
  const details = (await manager.get(`${path}/details`)).text;
  for (const text of ['American Sign Language', 'Text message', 'Feb 29, 2024']) t.ok(details.includes(text), text);
  await manager.post(`${path}/activities`, { version: '0', kind: 'task', subject: 'Write to the family', body: '', dueOn: '2099-12-07', assignedTo: people.manager.id });
  const booked = await manager.post(`${path}/appointments`, { version: '0', practitionerId: people.manager.id, day: '2031-06-06', time: '09:00', durationMinutes: '30', timeZone: 'America/New_York', occurrence: '', reason: '', notes: '' });
  t.equal(booked.status, 303);
  const [, appointment] = /href="(\/appointments\/[0-9a-f-]{36})"/.exec((await manager.get(path)).text) ?? [];
  t.equal((await manager.post(`${appointment}/status`, { version: '1', status: 'noshow' })).status, 303);
  await manager.post(`${path}/shares`, { person: people.agent.id, level: 'WRITE' });
  const timeline = (await manager.get(path)).text;
  for (const text of ['due Dec 7, 2099', 'did not come', 'read and write']) t.ok(timeline.includes(text), text);
  t.notMatch(timeline, /noshow|>WRITE</);
  t.notMatch((await manager.get(`${path}/shares`)).text, />WRITE</);
});

t.test('an address that is none keeps who is signed in where they are', async (t) => {
  const nowhere = await manager.get('/nowhere');
  t.match(nowhere, { status: 404, text: /Go to the start page/ });
  t.notMatch(nowhere.text, 'href="/sign-in"');
  const stranger = await practice.server.inject({ url: '/nowhere', headers: { accept: 'text/html' } });
  t.match(stranger, { statusCode: 404, payload: /href="\/sign-in"/ });
});

t.test('a form that is refused comes back as it was typed, each fault at its field', async (t) => {
  const bad = await manager.post('/contacts', { ...FORM, familyName: '', givenName: '', birthDate: '1958-02-30', 'emails.0.value': '', 'emails.1.value': 'not an address', notes: 'Kept words' });
  t.equal(bad.status, 400);
  t.match(bad.text, /There is a problem/);
  t.match(bad.text, /id="f-birthDate-error"[^]*not in the calendar/);
  const several = await manager.post('/contacts', { ...FORM, 'phones.0.value': 'abc', 'emails.0.value': 'nope', tags: `ok, ${'x'.repeat(41)}` });
  t.match(several.text, /id="f-phones\.0\.value-error"[^]*A phone number has at least three digits\./, 'a refusal says what to do');
  t.match(several.text, /id="f-emails\.0\.value-error"[^]*Write an e-mail address such as name@example\.org\./);
  t.match(several.text, /<a href="#f-tags">[^]*id="f-tags-error"/, 'at the field that holds all tags');
  t.match(bad.text, /Kept words/);
  t.match(bad.text, /value="not an address"/);
  t.match(await manager.post('/contacts', { ...FORM, workspaceId: other.workspaceId }), { status: 400 });
  const nameless = await manager.post('/contacts', { status: 'new', tags: '' });
  t.match(nameless, { status: 400, text: /A contact has a name/ });
});

t.test('what is too long or too many is said in plain words', async (t) => {
  const refused = await manager.post('/contacts', { ...FORM, givenName: 'x'.repeat(101), tags: Array.from({ length: 21 }, (_, at) => `tag ${at}`).join(',') });
  t.equal(refused.status, 400);
  for (const text of ['This is longer than 100 characters.', 'This has more than 20 entries.']) t.ok(refused.text.includes(text), text);
});

t.test('two people at one form: the second sees what the first saved, and loses nothing', async (t) => {
  const { id } = (await api('POST', '/contacts', { familyName: 'Rivalry', notes: 'First' })).body;
  t.equal((await manager.post(`/contacts/${id}`, { version: '1', familyName: 'Rivalry', status: 'new', tags: '', notes: 'By the manager' })).status, 303);
  const late = await manager.post(`/contacts/${id}`, { version: '1', familyName: 'Rivalry', status: 'new', tags: '', notes: 'By the other' });
  t.equal(late.status, 409);
  t.match(late.text, /Somebody changed this contact/);
  t.match(late.text, /By the manager/);
  t.match(late.text, /By the other/);
  const [, version] = /name="version" value="(\d+)"/.exec(late.text) ?? [];
  t.equal((await manager.post(`/contacts/${id}`, { version: String(version), familyName: 'Rivalry', status: 'new', tags: '', notes: 'By the other' })).status, 303, 'saving again is a choice');
  const task = (await api('POST', `/contacts/${id}/activities`, { kind: 'task', subject: 'Once' })).body;
  t.equal((await manager.post(`/activities/${task.id}`, { version: '1', subject: 'Twice', body: '', dueOn: '', assignedTo: '' })).status, 303);
  t.match(await manager.post(`/activities/${task.id}`, { version: '1', subject: 'Thrice', body: '', dueOn: '', assignedTo: '' }), { status: 409, text: /value="Thrice"/ });
  t.equal((await manager.post(`/activities/${task.id}/done`, { version: '2', isDone: 'yes', back: '/tasks?whose=all' })).status, 303);
  t.match(await manager.get('/tasks?whose=all&state=done'), { status: 200, text: /Twice/ });
});

t.test('appointments: a taken time and a time that does not exist are said at the field', async (t) => {
  const { id } = (await api('POST', '/contacts', { familyName: 'Timely' })).body;
  const form = { version: '0', practitionerId: people.admin.id, day: '2031-07-01', time: '10:00', durationMinutes: '30', timeZone: 'America/New_York', occurrence: '', reason: '', notes: 'Kept' };
  const first = await manager.post(`/contacts/${id}/appointments`, form);
  t.equal(first.status, 303);
  t.match(await manager.post(`/contacts/${id}/appointments`, { ...form, time: '10:15' }), { status: 409, text: /already has an appointment at this time/ });
  t.match(await manager.post(`/contacts/${id}/appointments`, { ...form, day: '2031-03-09', time: '02:30' }), { status: 400, text: /put forward/ });
  const empty = await manager.post(`/contacts/${id}/appointments`, { ...form, day: '', time: '' });
  t.match(empty, { status: 400, text: /href="#f-day">Choose a day\.<[^]*href="#f-time">Choose a time\.</ });
  const abroad = await manager.post(`/contacts/${id}/appointments`, { ...form, day: '2031-07-02', timeZone: 'Asia/Tokyo' });
  t.match(await manager.get(pathOf(abroad)), { text: /<h1>Jul 2, 2031, 10:00, Asia\/Tokyo<\/h1>/ }, 'a clock that is not the practice’s is named');
  t.match(await manager.get(pathOf(first)), { status: 200, text: /Arrived/ });
  t.equal((await manager.post(`${pathOf(first)}/status`, { version: '1', status: 'arrived' })).status, 303);
  t.equal((await manager.post(pathOf(first), { ...form, version: '2', time: '11:00' })).status, 303);
  t.match(await manager.get(pathOf(first)), { text: /Jul 1, 2031, 11:00/ });
  t.match(await manager.get('/appointments?day=2031-07-01'), { text: /11:00–11:30/ });
});

t.test('an appointment in the second of two equal hours stays there when something else of it is changed', async (t) => {
  const { id } = (await api('POST', '/contacts', { familyName: 'Twofold' })).body;
  const { body } = await api('POST', '/appointments', { contactId: id, practitionerId: people.admin.id, localStart: '2031-11-02T01:30', timeZone: 'America/New_York', occurrence: 'second', durationMinutes: 30 });
  t.match((await manager.get('/appointments?day=2031-11-02')).text, />01:30 EST–02:00</, 'the agenda says which of the two it is');
  const page = await manager.get(`/appointments/${body.id}`);
  t.match(page.text, /<option value="second" selected/);
  t.match(page.text, /<h1>Nov 2, 2031, 01:30 EST<\/h1>/);
  const form = { practitionerId: people.admin.id, day: '2031-11-02', time: '01:30', durationMinutes: '30', timeZone: 'America/New_York', occurrence: 'second', reason: '', notes: 'Bring the films' };
  t.equal((await manager.post(`/appointments/${body.id}`, { ...form, version: '1' })).status, 303);
  t.match((await api('GET', `/appointments/${body.id}`)).body, { startsAt: '2031-11-02T06:30:00.000Z', notes: 'Bring the films' });
  t.match((await recorded(app, people.workspaceId, 'appointment.updated')).at(-1), { target: { id: body.id }, detail: { changes: {} } }, 'and the record does not call it moved');
  t.notOk((await recorded(app, people.workspaceId, 'appointment.moved')).some(({ target }) => target?.id === body.id));
});

t.test('what a document brought and no form would take does not keep the contact from being changed', async (t) => {
  const bytes = bytesOf(documentXml({
    role: `<telecom value="tel:ask the daughter"/>${Array.from({ length: 7 }, (_none, at) => `<addr use="HP"><streetAddressLine>${at} Mill Road</streetAddressLine><city>Ames</city></addr>`).join('')}`,
    person: '<name><given>Ilse</given><family>Overfull</family></name><administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="18010101"/><sdtc:deceasedTime value="20240105081500"/>',
  }));
  const { contactId } = await app.withWorkspace(scopeAs(people.admin), (tx) => importDocument(tx, { fileName: 'a.xml', bytes, document: readDocument(bytes) }));
  const path = `/contacts/${contactId}`;
  const [, form = ''] = (await manager.get(`${path}/edit`)).text.split(`action="${path}"`);
  const fields = Object.fromEntries([...form.matchAll(/<input[^>]* name="((?!_csrf)[^"]+)"[^>]* value="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));
  const lines = Object.fromEntries([...form.matchAll(/<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)</g)].map(([, name = '', value = '']) => [name, value]));
  const chosen = Object.fromEntries([...form.matchAll(/<select[^>]* name="([^"]+)"[^]*?<\/select>/g)].map(([select, name = '']) => [name, /<option value="([^"]*)" selected/.exec(select)?.[1] ?? '']));
  const { body: before } = await api('GET', `/contacts/${contactId}`);
  t.match(before, { birthDate: '1801-01-01', deceasedOn: '2024-01-05', phones: [{ value: 'ask the daughter' }], status: 'deceased' });
  const saved = await manager.post(path, { ...fields, ...lines, ...chosen, familyName: 'Overfull-Ames' });
  t.equal(saved.status, 303, saved.text.slice(0, 3000));
  const { body: after } = await api('GET', `/contacts/${contactId}`);
  t.same({ ...after, familyName: '', name: '', version: 0, updatedAt: '' }, { ...before, familyName: '', name: '', version: 0, updatedAt: '' }, 'all else is as it was');
  t.equal(after.familyName, 'Overfull-Ames');
  t.same((await recorded(app, people.workspaceId, 'contact.updated')).at(-1)?.detail.fields, ['familyName'], 'and the record names what was changed');
  t.equal((await manager.post(path, { ...fields, ...lines, ...chosen, familyName: 'Overfull-Ames', version: '2' })).status, 303);
  t.equal((await api('GET', `/contacts/${contactId}`)).body.version, 2, 'nothing changed, nothing written');
});

t.test('duplicates are proposed, compared, merged and taken back', async (t) => {
  const make = async (body: object) => (await api('POST', '/contacts', { birthDate: '1940-01-30', ...body })).body.id as string;
  const [wim, willem] = [await make({ givenName: 'Wim', familyName: 'de Groot' }), await make({ givenName: 'W.', familyName: 'de Groot', sex: 'male' })];
  const twin = await make({ givenName: 'Anna', familyName: 'de Groot' });
  const listed = await manager.get('/contacts/duplicates');
  t.equal(listed.status, 200);
  t.match(listed.text, new RegExp(`/contacts/${wim}/merge\\?with=${willem}`));
  t.notMatch(listed.text, new RegExp(twin), 'a twin is not proposed');
  t.match(await manager.get(`/contacts/${wim}/merge?with=${willem}`), { status: 200, text: /What goes over/ });
  t.equal((await manager.post(`/contacts/${wim}/merge`, { mergedId: willem, 'take.givenName': 'own', 'take.sex': 'other' })).status, 303);
  t.match((await api('GET', `/contacts/${wim}`)).body, { givenName: 'Wim', sex: 'male' });
  t.match(await manager.get(`/contacts/${willem}`), { status: 200, text: /This record was merged/ });
  const [, mergeId = ''] = /name="mergeId" value="([^"]+)"/.exec((await manager.get(`/contacts/${wim}/details`)).text) ?? [];
  t.match(await manager.post(`/contacts/${wim}/merge/undo`, { mergeId }), { status: 200, text: /Take this merge back\?/ });
  t.equal((await manager.post(`/contacts/${wim}/merge/undo`, { mergeId, confirmed: 'yes' })).status, 303);
  t.match((await api('GET', `/contacts/${wim}`)).body, { sex: null });
});

t.test('capability: pages refuse as the API does', async (t) => {
  const { id } = (await api('POST', '/contacts', { familyName: 'Guarded' })).body;
  for (const path of ['/contacts/new', `/contacts/${id}/edit`, '/contacts/duplicates', `/contacts/${id}/activities/new`, `/contacts/${id}/appointments/new`]) t.equal((await readonly.get(path)).status, 403, path);
  t.equal((await readonly.post('/contacts', FORM)).status, 403);
  t.equal((await agent.get('/contacts/duplicates')).status, 403);
  t.notMatch((await readonly.get('/contacts')).text, /\/contacts\/new/);
});
