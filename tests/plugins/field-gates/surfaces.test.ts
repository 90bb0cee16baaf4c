import t from 'tap';
import type { Role } from '../../../core/db/scope.ts';
import { CONTACT_SURFACES, surfaceOf } from './contact-surfaces.ts';
import { ROLES } from '../../../plugins/field-gates/answer.ts';
import { recorded, type Reply } from '../../api/open-server.ts';
import { openGates, type Call } from './open-gates.ts';
import { FIELDS, NAMES, NEEDLES, PEOPLE, plant, seeded } from './planted.ts';

/**
 * A gated field does not exist for the others, on any surface. The surfaces are the routes of the composed program; a route that nobody
 * declared in tests/plugins/field-gates/contact-surfaces.ts fails. WARDKEEP_GATE_SEED repeats a run that failed.
 */
const SEED = Number(process.env['WARDKEEP_GATE_SEED'] ?? Date.now() % 1_000_000);
const TRIPLES = Number(process.env['WARDKEEP_GATE_TRIPLES'] ?? 160);

t.setTimeout(300_000);
const gates = await openGates(t);
const { app, server, willow } = gates;
const planted = await plant(gates);
const { contactId, otherId, activityId, appointmentId, documentId, waitingId } = planted;
const calls = Object.fromEntries(await Promise.all(ROLES.map(async (role) => [role, await gates.as(willow[PEOPLE[role]])]))) as Record<Role, Call>;

const OPEN_ID = '00000000-0000-7000-8000-000000000000';
/** How each surface is called. Where what is sent is refused, the refusal is what is looked at; nothing here changes the planted person. */
type Sample = (call: Call) => Promise<Reply | Reply[]>;
const get = (path: string): Sample => (call) => call('GET', path);
const send = (method: string, path: string, body: unknown, headers?: Record<string, string>): Sample => (call) => call(method, path, body, headers);
/** One search for each planted value: whoever does not see a field finds nothing by it. */
const QUERIES: Readonly<Record<string, string>> = { givenName: 'zqgiven', middleName: 'zqmiddle', familyName: 'zqfamily', preferredName: 'zqcalled', birthDate: '1907-03-29', phones: '303 555 0171', emails: 'zqmail@example.org', identifiers: 'ZQNUMBER7', 'custom.zqplumage': 'zqcrimson' };
/** The page repeats what was asked, to whoever asked it. */
const searches = (path: string): Sample => (call) => Promise.all(Object.values(QUERIES).map(async (q) => { const sent = await call('POST', path, { q }); const reply = sent.status === 303 ? await call('GET', String(sent.headers['location'])) : sent; return { ...reply, text: reply.text.replace(`value="${q}"`, '') }; }));
const wrong = { ...Object.fromEntries(FIELDS.filter((field) => !field.startsWith('custom.')).map((field) => [field, { no: 1 }])), custom: { zqplumage: { no: 1 } } };

const SAMPLES: Readonly<Record<string, Sample>> = {
  'GET /contacts': get('/contacts'), 'GET /contacts/search': searches('/contacts/search'), 'POST /contacts/search': searches('/contacts/search'), 'POST /contacts/suggest': searches('/contacts/suggest'), 'GET /contacts/new': get('/contacts/new'), 'POST /contacts': send('POST', '/contacts', { status: 'x' }),
  'GET /contacts/{id}': get(`/contacts/${contactId}`), 'POST /contacts/{id}': send('POST', `/contacts/${contactId}`, { version: '999', status: 'deceased' }), 'GET /contacts/{id}/edit': get(`/contacts/${contactId}/edit`),
  'GET /contacts/{id}/details': get(`/contacts/${contactId}/details`), 'GET /contacts/{id}/clinical': get(`/contacts/${contactId}/clinical`), 'GET /contacts/{id}/documents': get(`/contacts/${contactId}/documents`), 'GET /contacts/{id}/shares': get(`/contacts/${contactId}/shares`),
  'POST /contacts/{id}/shares': send('POST', `/contacts/${contactId}/shares`, { person: 'x', level: 'READ' }), 'POST /contacts/{id}/shares/{shareId}/remove': send('POST', `/contacts/${contactId}/shares/${OPEN_ID}/remove`, {}),
  'GET /contacts/duplicates': get('/contacts/duplicates'), 'GET /contacts/{id}/merge': get(`/contacts/${contactId}/merge?with=${otherId}`), 'POST /contacts/{id}/merge': send('POST', `/contacts/${contactId}/merge`, { mergedId: contactId, 'take.x': 'other' }),
  'POST /contacts/duplicates/apart': send('POST', '/contacts/duplicates/apart', { firstId: contactId, secondId: contactId }), 'POST /contacts/duplicates/again': send('POST', '/contacts/duplicates/again', { firstId: contactId, secondId: contactId }),
  'POST /contacts/{id}/merge/undo': send('POST', `/contacts/${contactId}/merge/undo`, { mergeId: OPEN_ID, confirmed: 'yes' }),
  'GET /contacts/export': get('/contacts/export'), 'POST /contacts/export': (call) => call('POST', '/contacts/export', {}),
  'POST /contacts/export/file': (call) => Promise.all(['csv', 'json'].map((format) => call('POST', '/contacts/export/file', { format }))),
  'GET /contacts/{id}/export': get(`/contacts/${contactId}/export`), 'POST /contacts/{id}/export': (call) => Promise.all(['ccda', 'json'].map((format) => call('POST', `/contacts/${contactId}/export`, { format }))),
  'POST /api/v1/contacts/export': send('POST', '/api/v1/contacts/export', {}), 'GET /api/v1/contacts/{id}/export': get(`/api/v1/contacts/${contactId}/export`),
  'GET /api/v1/contacts/{id}/export/ccda': async (call) => { const reply = await call('GET', `/api/v1/contacts/${contactId}/export/ccda`); return { ...reply, text: reply.text + Buffer.from(String(reply.body?.contentBase64 ?? ''), 'base64').toString('utf8') }; },
  'GET /contacts/{id}/activities/new': get(`/contacts/${contactId}/activities/new`), 'POST /contacts/{id}/activities': send('POST', `/contacts/${contactId}/activities`, { kind: 'x' }), 'GET /activities/{id}': get(`/activities/${activityId}`),
  'POST /activities/{id}': send('POST', `/activities/${activityId}`, { version: '1', subject: '' }), 'POST /activities/{id}/done': send('POST', `/activities/${activityId}/done`, { version: 'x' }), 'GET /tasks': get('/tasks?whose=all'),
  'GET /contacts/{id}/appointments/new': get(`/contacts/${contactId}/appointments/new`), 'POST /contacts/{id}/appointments': send('POST', `/contacts/${contactId}/appointments`, { day: 'x' }), 'GET /appointments': get('/appointments?view=day&day=2031-03-05'),
  'GET /appointments/{id}': get(`/appointments/${appointmentId}`), 'POST /appointments/{id}': send('POST', `/appointments/${appointmentId}`, { version: '1', day: 'x' }), 'POST /appointments/{id}/status': send('POST', `/appointments/${appointmentId}/status`, { version: '1', status: 'x' }),
  'GET /documents/{id}': get(`/documents/${documentId}`), 'GET /documents/{id}/original': get(`/documents/${documentId}/original`), 'GET /documents/waiting': get('/documents/waiting'), 'POST /documents/waiting/pairs/{id}': send('POST', `/documents/waiting/pairs/${OPEN_ID}`, { decision: 'same' }),
  'GET /documents/{id}/contact': searches(`/documents/${waitingId}/contact`), 'POST /documents/{id}/contact': searches(`/documents/${waitingId}/contact`),
  'POST /documents/{id}/resolve': send('POST', `/documents/${documentId}/resolve`, { act: 'assign', contactId }),
  'GET /imports': get('/imports'), 'GET /imports/{id}': get(`/imports/${OPEN_ID}`), 'GET /imports/{id}/refused.csv': get(`/imports/${OPEN_ID}/refused.csv`), 'POST /imports/ccda': send('POST', '/imports/ccda', {}), 'POST /imports/csv': send('POST', '/imports/csv', {}),
  'POST /imports/csv/{id}': send('POST', `/imports/csv/${OPEN_ID}`, { act: 'preview' }),
  'GET /audit': get('/audit'), 'GET /audit/{seq}': get('/audit/1'), 'GET /audit/{seq}/proof.json': get('/audit/1/proof.json'), 'POST /audit/export': send('POST', '/audit/export', { format: 'csv' }),
  'GET /api': get('/api'), 'GET /api/v1/openapi.json': get('/api/v1/openapi.json'), 'GET /api/v1/audit': get('/api/v1/audit?limit=1'),
  'GET /api/v1/contacts': get('/api/v1/contacts'), 'POST /api/v1/contacts/search': searches('/api/v1/contacts/search'), 'POST /api/v1/contacts': send('POST', '/api/v1/contacts', { tags: 1, zzz: 1 }), 'GET /api/v1/contacts/{id}': get(`/api/v1/contacts/${contactId}`),
  'PATCH /api/v1/contacts/{id}': async (call) => [await call('PATCH', `/api/v1/contacts/${contactId}`, { status: 'deceased' }, { 'if-match': (await call('GET', `/api/v1/contacts/${contactId}`)).headers['etag'] as string })],
  'POST /api/v1/contacts/{id}/merge': send('POST', `/api/v1/contacts/${contactId}/merge`, { mergedId: contactId, take: ['zzz'] }), 'POST /api/v1/contacts/{id}/merge/undo': send('POST', `/api/v1/contacts/${contactId}/merge/undo`, { mergeId: OPEN_ID }),
  'POST /api/v1/contacts/{id}/apart': send('POST', `/api/v1/contacts/${contactId}/apart`, { otherId: contactId }), 'POST /api/v1/contacts/{id}/apart/undo': send('POST', `/api/v1/contacts/${contactId}/apart/undo`, { otherId: contactId }),
  'GET /api/v1/contacts/{id}/shares': get(`/api/v1/contacts/${contactId}/shares`), 'POST /api/v1/contacts/{id}/shares': send('POST', `/api/v1/contacts/${contactId}/shares`, {}), 'DELETE /api/v1/contacts/{id}/shares/{shareId}': send('DELETE', `/api/v1/contacts/${contactId}/shares/${OPEN_ID}`, undefined),
  'GET /api/v1/contacts/{id}/activities': get(`/api/v1/contacts/${contactId}/activities`), 'POST /api/v1/contacts/{id}/activities': send('POST', `/api/v1/contacts/${contactId}/activities`, {}), 'GET /api/v1/activities/{id}': get(`/api/v1/activities/${activityId}`),
  'PATCH /api/v1/activities/{id}': send('PATCH', `/api/v1/activities/${activityId}`, {}, { 'if-match': '"1"' }), 'GET /api/v1/tasks': get('/api/v1/tasks'),
  'GET /api/v1/appointments': get('/api/v1/appointments?from=2031-03-05&to=2031-03-06'), 'POST /api/v1/appointments': send('POST', '/api/v1/appointments', {}), 'GET /api/v1/appointments/{id}': get(`/api/v1/appointments/${appointmentId}`), 'PATCH /api/v1/appointments/{id}': send('PATCH', `/api/v1/appointments/${appointmentId}`, {}, { 'if-match': '"1"' }),
  'GET /api/v1/contacts/{id}/documents': get(`/api/v1/contacts/${contactId}/documents`), 'GET /api/v1/contacts/{id}/clinical-summary': get(`/api/v1/contacts/${contactId}/clinical-summary`), 'GET /api/v1/documents/{id}': get(`/api/v1/documents/${documentId}`),
  'GET /api/v1/documents/{id}/original': async (call) => { const reply = await call('GET', `/api/v1/documents/${documentId}/original`); return { ...reply, text: reply.text + Buffer.from(String(reply.body?.contentBase64 ?? ''), 'base64').toString('utf8') }; },
  'POST /api/v1/documents': send('POST', '/api/v1/documents', {}),
};

/** Every word of an answer: body and headers, and each key of JSON on a line of its own. */
function wordsOf(replies: Reply | Reply[]): string {
  return [replies].flat().map(({ text, headers, body }) => `${text}\n${JSON.stringify(headers)}\n${keysOf(body).join('\n')}`).join('\n');
}
/** Keys of contacts: an appointment has notes of its own. */
function keysOf(json: unknown): string[] {
  if (Array.isArray(json)) return json.flatMap(keysOf);
  if (typeof json !== 'object' || json === null || 'practitionerId' in json || 'openapi' in json) return [];
  return Object.entries(json).flatMap(([key, value]) => [key, ...keysOf(value)]);
}

/** Documents and appointments have fields of these names of their own, and a signed entry keeps what it was signed with. */
async function tells(role: Role, surface: string, field: string): Promise<string | null> {
  const words = wordsOf(await (SAMPLES[surface] as Sample)(calls[role]));
  const found = (NEEDLES[field] as RegExp).exec(words) ?? (/documents|^\w+ \/audit|appointments/.test(surface) ? null : NAMES[field]?.exec(words));
  return found === null || found === undefined ? null : words.slice(Math.max(0, found.index - 80), found.index + 80);
}

t.test('every route of the program says what it tells of contacts', async (t) => {
  const routes = server.table().map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  t.same(server.table().filter(({ method, path }) => surfaceOf(method, path) === undefined).map(({ method, path }) => `${method} ${path}`), [], 'declared in tests/plugins/field-gates/contact-surfaces.ts');
  t.same(Object.keys(CONTACT_SURFACES).filter((surface) => !routes.includes(surface)), [], 'nothing is declared that is not there');
  t.same(Object.keys(CONTACT_SURFACES).filter((surface) => SAMPLES[surface] === undefined), [], 'each is called by this test');
  t.equal(surfaceOf('GET', '/contacts/{id}/photograph'), undefined, 'one that nobody declared would be noticed');
});

t.test('positive control: without a gate the planted values are found', async (t) => {
  await gates.gate([]);
  const found = new Map<string, string[]>();
  for (const surface of Object.keys(CONTACT_SURFACES)) {
    const words = wordsOf(await (SAMPLES[surface] as Sample)(calls.ADMIN));
    found.set(surface, FIELDS.filter((field) => (NEEDLES[field] as RegExp).test(words)));
  }
  const expected = Object.entries(CONTACT_SURFACES).filter(([, carries]) => ['whole', 'line', 'name', 'header'].includes(carries) || carries === 'match').map(([surface]) => surface);
  const silent = expected.filter((surface) => found.get(surface)?.length === 0);
  t.same(silent.sort(), ['GET /api/v1/contacts/{id}/clinical-summary', 'POST /api/v1/contacts', 'POST /api/v1/contacts/{id}/merge', 'POST /api/v1/contacts/{id}/merge/undo'].sort(), 'only where the sample is refused or the page has nothing to show');
  t.same(found.get('GET /api/v1/contacts/{id}'), FIELDS, 'every planted value is found where all of a contact is shown');
  t.same([...new Set([...found.values()].flat())].sort(), [...FIELDS].sort());
});

t.test('all fields hidden from a role: nothing is found on any surface', async (t) => {
  for (const role of ROLES) {
    await gates.gate(FIELDS.map((field) => ({ field, readers: ROLES.filter((one) => one !== role) })));
    for (const surface of Object.keys(CONTACT_SURFACES)) {
      const words = wordsOf(await (SAMPLES[surface] as Sample)(calls[role]));
      const told = FIELDS.filter((field) => (NEEDLES[field] as RegExp).test(words));
      t.same(told, [], `${role} ${surface}`);
    }
  }
});

t.test(`(role, field, surface) drawn with seed ${SEED}: neither value nor name`, async (t) => {
  const draw = seeded(SEED);
  let seenByOthers = 0;
  for (let at = 0; at < TRIPLES; at += 1) {
    const [role, field, surface] = [draw(ROLES), draw(FIELDS), draw(Object.keys(CONTACT_SURFACES))] as [Role, string, string];
    await gates.gate([{ field, readers: ROLES.filter((one) => one !== role) }]);
    t.equal(await tells(role, surface, field), null, `${role} ${field} ${surface}`);
    await gates.gate([]);
    if ((await tells(role, surface, field)) !== null) seenByOthers += 1;
  }
  t.ok(seenByOthers > TRIPLES / 20, `with the gate open ${seenByOthers} of the same ${TRIPLES} tell`);
});

t.test('a field hidden from somebody who finds people by others is not named where they search', async (t) => {
  for (const field of ['birthDate', 'phones', 'emails']) {
    await gates.gate([{ field, readers: ROLES.filter((role) => role !== 'MANAGER') }]);
    for (const surface of ['GET /contacts/search', 'POST /contacts/suggest', 'POST /api/v1/contacts/search']) t.equal(await tells('MANAGER', surface, field), null, `${field} ${surface}`);
  }
  await gates.gate([]);
  t.ok(await tells('MANAGER', 'POST /contacts/suggest', 'birthDate'), 'where it is seen it is told');
});

t.test('what is sent to a hidden field is answered as an unknown key is', async (t) => {
  for (const field of FIELDS) {
    await gates.gate([{ field, readers: ROLES.filter((role) => role !== 'AGENT') }]);
    const key = field.startsWith('custom.') ? 'custom' : field;
    const [hidden, unknown] = await Promise.all([key, 'zzz'].map((name) => calls.AGENT('PATCH', `/api/v1/contacts/${contactId}`, { [name]: wrong[key as keyof typeof wrong] }, { 'if-match': '"1"' }))) as [Reply, Reply];
    t.same({ ...hidden.body, requestId: null }, JSON.parse(JSON.stringify({ ...unknown.body, requestId: null }).replaceAll('zzz', key)), field);
    t.equal(hidden.status, 400);
  }
});

t.test('versions, ETags and the time of the last change', async (t) => {
  await gates.gate([{ field: 'notes', readers: ['ADMIN'] }]);
  const [agent, admin] = [calls.AGENT, calls.ADMIN];
  const read = async (call: Call) => { const { headers, body } = await call('GET', `/api/v1/contacts/${contactId}`); return { etag: headers['etag'] as string, version: body.version, updatedAt: body.updatedAt }; };
  const before = await read(agent);
  const line = (await agent('GET', '/api/v1/contacts')).text;
  t.equal((await admin('PATCH', `/api/v1/contacts/${contactId}`, { notes: 'zqnotes again' }, { 'if-match': (await read(admin)).etag })).status, 200);
  t.same(await read(agent), before, 'a change they do not see shows nowhere');
  t.equal((await agent('GET', '/api/v1/contacts')).text, line);
  t.equal((await agent('PATCH', `/api/v1/contacts/${contactId}`, { pronouns: 'zqpronouns two' }, { 'if-match': before.etag })).status, 200, 'nor does it refuse their change');
  t.not((await read(agent)).etag, before.etag);
  t.equal((await agent('PATCH', `/api/v1/contacts/${contactId}`, { pronouns: 'x' }, { 'if-match': before.etag })).status, 412, 'their own change does');
});

t.test('the audit names no field that its reader does not see', async (t) => {
  await gates.gate([{ field: 'race', readers: ['ADMIN', 'MANAGER', 'AGENT'] }, { field: 'custom.zqplumage', readers: ['ADMIN', 'MANAGER', 'AGENT'] }]);
  const [admin, officer] = [calls.ADMIN, await gates.as(willow.officer)];
  const etag = (await admin('GET', `/api/v1/contacts/${contactId}`)).headers['etag'] as string;
  t.equal((await admin('PATCH', `/api/v1/contacts/${contactId}`, { race: 'zqrace two', custom: { zqplumage: 'zqcrimson two' } }, { 'if-match': etag })).status, 200);
  const entry = (await recorded(app, willow.workspaceId, 'contact.updated')).at(-1) as unknown as { seq: number; detail: { fields: string[] } };
  t.equal(entry.detail.fields.length, 2);
  t.notMatch(JSON.stringify(entry), /race|plumage/);
  t.notMatch((await officer('GET', `/audit/${entry.seq}`)).text, /race|plumage/);
  t.match((await admin('GET', `/audit/${entry.seq}`)).text, /custom\.zqplumage/);
});
