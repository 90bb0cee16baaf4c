import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { readDocument } from '../../../core/clinical/read-document.ts';
import type { Role } from '../../../core/db/scope.ts';
import { systemScope } from '../../../core/db/scope.ts';
import { CONTACT_SURFACES } from './contact-surfaces.ts';
import { createContact } from '../../../core/practice/contacts/write-contact.ts';
import { importDocument } from '../../../core/practice/documents/import-document.ts';
import { ROLES } from '../../../plugins/field-gates/answer.ts';
import type { Reply } from '../../api/open-server.ts';
import { bytesOf, documentXml } from '../../clinical/build-document.ts';
import { rows } from '../../support/rows.ts';
import { openGates, type Call } from './open-gates.ts';
import { FIELDS, NEEDLES, PEOPLE, plant, plantedFields } from './planted.ts';

/**
 * What the answer to something accepted shows, and the page it leads to. surfaces.test.ts sends these surfaces what is refused; here each that
 * writes is given what it takes, about people with something in every field, by somebody who does not see what is planted there.
 */
t.setTimeout(180_000);
const gates = await openGates(t);
const { app, database, willow, visit } = gates;
const system = systemScope(willow.workspaceId, 'test');
await plant(gates);
const role: Role = 'ADMIN'; // the one role that may do all of it
const call: Call = await gates.as(willow[PEOPLE[role]]);
const uploads = await visit(willow.admin);

/** The answer and, where it leads on, the page there: what somebody sees who did this. An import's page is read when the import has ended. */
async function seen(reply: Reply): Promise<Reply[]> {
  const location = String(reply.headers['location'] ?? '');
  if (reply.status !== 303) return [reply];
  for (let left = 200; left > 0 && location.startsWith('/imports/'); left -= 1) {
    const [batch] = await rows<{ status: string }>(database, 'select status from app.import_batches where id = $1', [location.split('/').at(-1)]);
    if (batch?.status !== 'running') break;
    await sleep(25);
  }
  return [reply, await call('GET', location)];
}
const post = async (path: string, fields: object = {}): Promise<Reply[]> => seen(await call('POST', path, fields));
const send = async (method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Reply[]> => [await call(method, path, body, headers)];
const upload = async (path: string, field: string, name: string, text: string): Promise<Reply[]> => {
  await uploads.get('/imports');
  const { statusCode: status, headers, payload } = await uploads.upload(path, field, [{ name, type: 'text/plain', bytes: bytesOf(text) }]);
  return seen({ status, headers, text: payload, body: null });
};

/** A person of their own for each act, with something in every field; made by the system, which no gate concerns. */
const somebody = async (): Promise<string> => {
  const { deceasedOn: _died, ...fields } = plantedFields();
  return (await app.withWorkspace(system, (tx) => createContact(tx, { ...fields, status: 'active', ownerId: willow.agent.id }))).id;
};
const one = async (sql: string, values: unknown[] = []): Promise<string> => (await rows<{ id: string }>(database, sql, values))[0]?.id ?? 'none';
const file = (xml: string): Promise<unknown> => app.withWorkspace(system, (tx) => importDocument(tx, { fileName: 'a.xml', bytes: bytesOf(xml), document: readDocument(bytesOf(xml)) }));
const clinical = (extension: string, person = '<name><given>Zqgiven</given><family>Zqfamily</family></name><administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="19070329"/>') =>
  documentXml({ role: `<id root="1.2.840.114350.1.13.99998.8735" extension="${extension}"/>`, person });
/** A new contact has a name, unless whoever makes it does not know that there are names. */
let seesNames = false;
const newcomer = () => ({ status: 'new', ...(seesNames ? { familyName: 'Newcomer' } : {}) });
let day = 1;
const appointment = () => ({ version: '1', practitionerId: willow.agent.id, day: `2032-03-${String((day += 1)).padStart(2, '0')}`, time: '09:00', durationMinutes: '30', timeZone: 'UTC', reason: '', notes: '' });
const booked = () => ({ practitionerId: willow.agent.id, localStart: `2032-04-${String((day += 1)).padStart(2, '0')}T09:00`, durationMinutes: 30, timeZone: 'UTC' });
const idOf = async (replies: Promise<Reply[]>): Promise<string> => (await replies)[0]?.body.id as string;
const share = async (contact: string) => { await call('POST', `/contacts/${contact}/shares`, { person: willow.readonly.id, level: 'READ' }); return one('select id from app.contact_shares where contact_id = $1', [contact]); };
const mergeOf = async (contact: string) => { const other = await somebody(); await call('POST', `/contacts/${contact}/merge`, { mergedId: other }); return one('select id from app.contact_merges where survivor_id = $1', [contact]); };
const csv = async () => { const [reply] = await upload('/imports/csv', 'csv', 'people.csv', 'Last,First,DOB,Sex,Nonsense\nZqfamily,Zqgiven,1907-03-29,F,x\nNew,Nell,1980-01-02,F,x\nBroken,Ben,never,M,x\n'); return String(reply?.headers['location']).split('/').at(-1) as string; };
const MAPPED = { act: 'import', 'column.0': 'familyName', 'column.1': 'givenName', 'column.2': 'birthDate', 'column.3': 'sex' };
const etag = async (contact: string) => ({ 'if-match': String((await call('GET', `/api/v1/contacts/${contact}`)).headers['etag']) });

/** How each surface that writes is given what it takes. */
const ACCEPTED: Readonly<Record<string, () => Promise<Reply[]>>> = {
  'POST /contacts': () => post('/contacts', newcomer()),
  'POST /contacts/{id}': async () => { const id = await somebody(); const form = await call('GET', `/contacts/${id}/edit`); return post(`/contacts/${id}`, { version: /name="version" value="(\d+)"/.exec(form.text)?.[1] ?? '1', status: 'inactive' }); },
  'POST /contacts/{id}/shares': async () => post(`/contacts/${await somebody()}/shares`, { person: willow.readonly.id, level: 'READ' }),
  'POST /contacts/{id}/shares/{shareId}/remove': async () => { const id = await somebody(); return post(`/contacts/${id}/shares/${await share(id)}/remove`, { confirmed: 'yes' }); },
  'POST /contacts/{id}/merge': async () => post(`/contacts/${await somebody()}/merge`, { mergedId: await somebody() }),
  'POST /contacts/{id}/merge/undo': async () => { const id = await somebody(); return post(`/contacts/${id}/merge/undo`, { mergeId: await mergeOf(id), confirmed: 'yes' }); },
  'POST /contacts/duplicates/apart': async () => post('/contacts/duplicates/apart', { firstId: await somebody(), secondId: await somebody() }),
  'POST /contacts/duplicates/again': async () => { const [firstId, secondId] = [await somebody(), await somebody()]; await call('POST', '/contacts/duplicates/apart', { firstId, secondId }); return post('/contacts/duplicates/again', { firstId, secondId }); },
  'POST /contacts/{id}/activities': async () => post(`/contacts/${await somebody()}/activities`, { kind: 'note', subject: 'x', body: '' }),
  'POST /activities/{id}': async () => post(`/activities/${await idOf(send('POST', `/api/v1/contacts/${await somebody()}/activities`, { kind: 'task', subject: 'x' }))}`, { version: '1', subject: 'y', body: '' }),
  'POST /activities/{id}/done': async () => post(`/activities/${await idOf(send('POST', `/api/v1/contacts/${await somebody()}/activities`, { kind: 'task', subject: 'x' }))}/done`, { version: '1', isDone: 'yes' }),
  'POST /contacts/{id}/appointments': async () => post(`/contacts/${await somebody()}/appointments`, appointment()),
  'POST /appointments/{id}': async () => post(`/appointments/${await idOf(send('POST', '/api/v1/appointments', { contactId: await somebody(), ...booked() }))}`, appointment()),
  'POST /appointments/{id}/status': async () => post(`/appointments/${await idOf(send('POST', '/api/v1/appointments', { contactId: await somebody(), ...booked() }))}/status`, { version: '1', status: 'arrived' }),
  'POST /documents/waiting/pairs/{id}': async () => { await file(clinical(`PAIR-${(day += 1)}`, '<name><given>Zqgiven</given><family>Zqfamily</family></name><administrativeGenderCode code="M" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="19070329"/>')); return post(`/documents/waiting/pairs/${await one(`select id from app.match_reviews where status = 'open' order by id desc`)}`, { decision: 'different' }); },
  'POST /documents/{id}/resolve': async () => { await file(clinical(`WAITS-${(day += 1)}`, '<name><given>Wanda</given><family>Waits</family></name><administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/>')); return post(`/documents/${await one(`select id from app.documents where status = 'pending' order by id desc`)}/resolve`, { act: 'assign', contactId: await somebody() }); },
  'POST /documents/{id}/contact': async () => { await file(clinical(`WAITS-${(day += 1)}`, '<name><given>Wanda</given><family>Waits</family></name><administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/>')); return post(`/documents/${await one(`select id from app.documents where status = 'pending' order by id desc`)}/contact`, { q: 'zqfamily' }); },
  'POST /imports/ccda': () => upload('/imports/ccda', 'files', 'a.xml', clinical(`NEW-${(day += 1)}`)),
  'POST /imports/csv': () => upload('/imports/csv', 'csv', 'people.csv', 'Last,First,DOB,Sex\nNew,Nell,1980-01-02,F\n'),
  'POST /imports/csv/{id}': async () => { const id = await csv(); return [...(await post(`/imports/csv/${id}`, { ...MAPPED, act: 'preview' })), ...(await post(`/imports/csv/${id}`, MAPPED))]; },
  'GET /imports': async () => { await post(`/imports/csv/${await csv()}`, MAPPED); return send('GET', '/imports'); },
  'GET /imports/{id}': async () => { const id = await csv(); await post(`/imports/csv/${id}`, MAPPED); return send('GET', `/imports/${id}`); },
  'GET /imports/{id}/refused.csv': async () => { const id = await csv(); await post(`/imports/csv/${id}`, MAPPED); return send('GET', `/imports/${id}/refused.csv`); },
  'POST /audit/export': () => post('/audit/export', { format: 'json' }),
  'POST /api/v1/contacts': () => send('POST', '/api/v1/contacts', newcomer()),
  'PATCH /api/v1/contacts/{id}': async () => { const id = await somebody(); return send('PATCH', `/api/v1/contacts/${id}`, { status: 'inactive' }, await etag(id)); },
  'POST /api/v1/contacts/{id}/merge': async () => send('POST', `/api/v1/contacts/${await somebody()}/merge`, { mergedId: await somebody() }),
  'POST /api/v1/contacts/{id}/merge/undo': async () => { const id = await somebody(); return send('POST', `/api/v1/contacts/${id}/merge/undo`, { mergeId: await mergeOf(id) }); },
  'POST /api/v1/contacts/{id}/apart': async () => send('POST', `/api/v1/contacts/${await somebody()}/apart`, { otherId: await somebody() }),
  'POST /api/v1/contacts/{id}/apart/undo': async () => { const [id, otherId] = [await somebody(), await somebody()]; await call('POST', `/api/v1/contacts/${id}/apart`, { otherId }); return send('POST', `/api/v1/contacts/${id}/apart/undo`, { otherId }); },
  'POST /api/v1/contacts/{id}/shares': async () => send('POST', `/api/v1/contacts/${await somebody()}/shares`, { userId: willow.readonly.id, access: 'READ' }),
  'DELETE /api/v1/contacts/{id}/shares/{shareId}': async () => { const id = await somebody(); return send('DELETE', `/api/v1/contacts/${id}/shares/${await share(id)}`); },
  'POST /api/v1/contacts/{id}/activities': async () => send('POST', `/api/v1/contacts/${await somebody()}/activities`, { kind: 'task', subject: 'x' }),
  'PATCH /api/v1/activities/{id}': async () => send('PATCH', `/api/v1/activities/${await idOf(send('POST', `/api/v1/contacts/${await somebody()}/activities`, { kind: 'task', subject: 'x' }))}`, { isDone: true }, { 'if-match': '"1"' }),
  'POST /api/v1/appointments': async () => send('POST', '/api/v1/appointments', { contactId: await somebody(), ...booked() }),
  'PATCH /api/v1/appointments/{id}': async () => send('PATCH', `/api/v1/appointments/${await idOf(send('POST', '/api/v1/appointments', { contactId: await somebody(), ...booked() }))}`, { status: 'arrived' }, { 'if-match': '"1"' }),
  'POST /api/v1/documents': () => send('POST', '/api/v1/documents', { fileName: 'a.xml', contentBase64: Buffer.from(clinical(`API-${(day += 1)}`)).toString('base64') }),
};

/** Searches and exports ask, they change nothing: surfaces.test.ts calls them with what they take. */
const ASKS = /\/(search|suggest|export|file)$/;
const WRITES = [...new Set([...Object.keys(CONTACT_SURFACES).filter((surface) => !surface.startsWith('GET') && !ASKS.test(surface)), 'GET /imports', 'GET /imports/{id}', 'GET /imports/{id}/refused.csv', 'POST /audit/export'])];
/** Who does not see these imports nothing and is shown no match: with them hidden, what has to do with matching is refused. */
const MATCHING = ['givenName', 'familyName', 'birthDate', 'sex', 'identifiers'];
const toldBy = (replies: readonly Reply[], hidden: readonly string[]): string[] => hidden.filter((field) => replies.some(({ text, headers }) => (NEEDLES[field] as RegExp).test(`${text}\n${JSON.stringify(headers)}`)));

t.test('each surface that writes is given something it takes', async (t) => {
  t.same(WRITES.filter((surface) => ACCEPTED[surface] === undefined), []);
});

for (const [what, hidden] of [['nobody sees but others', FIELDS], ['others see, but for what records are matched by', FIELDS.filter((field) => !MATCHING.includes(field))]] as const) {
  t.test(`accepted, with all fields that ${what}: nothing hidden is answered or shown`, async (t) => {
    await gates.gate(hidden.map((field) => ({ field, readers: ROLES.filter((other) => other !== role) })));
    seesNames = !hidden.includes('familyName');
    const refused: string[] = [];
    for (const surface of WRITES) {
      const replies = await (ACCEPTED[surface] as () => Promise<Reply[]>)();
      t.same(toldBy(replies, hidden), [], surface);
      if (replies.some(({ status }) => status >= 400)) refused.push(`${surface} ${replies.map(({ status }) => status)}`);
    }
    if (hidden.length === FIELDS.length) t.ok(refused.every((surface) => /imports|documents|duplicates|apart/.test(surface)), `refused: what has to do with matching (${refused.length})`);
    else t.same(refused, [], 'every one was accepted');
  });
}

t.test('positive control: with the gates open the same answers tell', async (t) => {
  await gates.gate([]);
  const told: string[] = [];
  for (const surface of WRITES) if (toldBy(await (ACCEPTED[surface] as () => Promise<Reply[]>)(), FIELDS).length > 0) told.push(surface);
  for (const surface of ['POST /contacts/{id}', 'POST /contacts/{id}/activities', 'POST /contacts/{id}/merge', 'POST /imports/ccda', 'POST /imports/csv/{id}', 'PATCH /api/v1/contacts/{id}', 'POST /api/v1/contacts/{id}/merge', 'POST /documents/{id}/resolve']) t.ok(told.includes(surface), surface);
});
