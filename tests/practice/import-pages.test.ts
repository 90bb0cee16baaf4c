import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '@hapi/hapi';
import t from 'tap';
import { readDocument } from '../../core/clinical/read-document.ts';
import { importDocument } from '../../core/practice/documents/import-document.ts';
import { readCsv } from '../../core/practice/imports/read-csv.ts';
import { bytesOf, documentXml } from '../clinical/build-document.ts';
import { bearer, createPeople, scopeAs } from '../support/people.ts';
import { auditOf, rows } from '../support/rows.ts';
import { openSite, signIn } from '../support/site.ts';
import type { Visitor } from '../support/visitor.ts';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const renee = latin1(documentXml({ person: '<name><given>Renée</given><family>François</family></name><administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="19600102"/>' }).replace('UTF-8', 'ISO-8859-1'));

const { app, server, database } = await openSite(t);
const people = await createPeople(app);
const admin = await signIn(server, people.admin);

/** The batch's page once the batch has ended. */
async function followed(visitor: Visitor, address: unknown): Promise<string> {
  for (;;) {
    const [batch] = await rows<{ status: string }>(database, `select status from app.import_batches where id = '${String(address).split('/').at(-1)}'`);
    if (batch?.status !== 'running') return (await visitor.get(String(address))).payload;
    await sleep(50);
  }
}

t.test('what a browser uploads is kept byte for byte, whatever it calls it', async (t) => {
  t.match(renee.toString('latin1'), 'encoding="ISO-8859-1"');
  await admin.get('/imports');
  const sent = await admin.upload('/imports/ccda', 'files', [{ name: 'C:\\scans\\renée.xml', type: 'text/xml', bytes: renee }, { name: 'empty.xml', type: 'text/xml', bytes: new Uint8Array() }]);
  t.equal(sent.statusCode, 303);
  const page = await followed(admin, sent.headers.location);
  t.match(page, 'Renée François');
  t.match(page, 'renée.xml');
  t.notMatch(page, 'scans');
  const [document] = await rows<{ id: string; sha256: string }>(database, 'select id, encode(sha256, \'hex\') as sha256 from app.documents');
  t.equal(document?.sha256, createHash('sha256').update(renee).digest('hex'));
  const original = await admin.get(`/documents/${document?.id}/original`);
  t.same(original.rawPayload, renee);
  t.equal(original.headers['content-disposition'], `attachment; filename="document-${document?.id}.xml"`, 'without the name of the file');
});

t.test('a document whose patient a person completes takes no birth date that is none: every list with it could not be shown', async (t) => {
  await admin.get('/imports');
  const sent = await admin.upload('/imports/ccda', 'files', [{ name: 'a.xml', type: 'text/xml', bytes: bytesOf(documentXml({ person: '<name><given>Odile</given><family>Undated</family></name><administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/>' })) }]);
  await followed(admin, sent.headers.location);
  const [waiting] = await rows<{ id: string }>(database, "select id from app.documents where status = 'pending'");
  await admin.get('/documents/waiting');
  const create = (birthDate: string) => admin.post(`/documents/${waiting?.id}/resolve`, { act: 'create', givenName: 'Odile', familyName: 'Undated', birthDate, sex: 'female' });
  for (const birthDate of ['9999-99-99', '1970-02-30', '2970-01-02']) t.equal((await create(birthDate)).statusCode, 400, birthDate);
  t.equal((await create('1970-02-28')).statusCode, 303);
  t.equal((await admin.get('/contacts')).statusCode, 200);
});

t.test('a spreadsheet whose rows cannot be kept leaves no batch that waits for its columns', async (t) => {
  const count = async () => (await rows<{ count: string }>(database, 'select count(*) from app.import_batches'))[0]?.count;
  const before = await count();
  await rows(database, 'alter table app.import_sources add constraint full_up check (false) not valid');
  t.teardown(() => rows(database, 'alter table app.import_sources drop constraint full_up'));
  await admin.get('/imports');
  t.equal((await admin.upload('/imports/csv', 'csv', [{ name: 'people.csv', type: 'text/csv', bytes: latin1('Last Name,First Name,DOB,Sex\r\nMoss,Ada,1970-01-02,F\r\n') }])).statusCode, 500);
  t.equal(await count(), before);
});

t.test('headings that JavaScript has a meaning for are headings', async (t) => {
  await admin.get('/imports');
  const sent = await admin.upload('/imports/csv', 'csv', [{ name: 'people.csv', type: 'text/csv', bytes: latin1('Last Name,constructor,__proto__,toString\r\nMoss,one,two,three\r\n') }]);
  const address = String(sent.headers.location);
  const heads = (page: string) => [...(/Preview<[^]*?<thead>([^]*?)<\/thead>/.exec(page)?.[1] ?? '').matchAll(/<th scope="col"[^>]*>([^<]*)/g)].map(([, head]) => head);
  t.same(heads((await admin.get(address)).payload), ['Row', 'Family name', 'Outcome']);
  const preview = await admin.post(address.replace('/imports/', '/imports/csv/'), { act: 'preview', 'column.0': 'familyName', 'column.2': 'givenName' });
  t.same(heads(preview.payload), ['Row', 'Family name', 'Given name', 'Outcome']);
  t.match(preview.payload, /<td>Moss<\/td>\s*<td>two<\/td>/);
});

t.test('a spreadsheet in windows-1252 keeps its letters', async (t) => {
  await admin.get('/imports');
  const sent = await admin.upload('/imports/csv', 'csv', [{ name: 'people.csv', type: 'text/csv', bytes: latin1('Last Name,First Name,DOB,Sex\r\nMüller,Zoë,1970-01-02,F\r\n') }]);
  t.match((await admin.get(String(sent.headers.location))).payload, /Müller[^]*Zoë/);
});

t.test('a spreadsheet whose first row is a patient leaves nothing of it in the clear', async (t) => {
  await admin.get('/imports');
  const sent = await admin.upload('/imports/csv', 'csv', [{ name: 'langley.csv', type: 'text/csv', bytes: latin1('Langley,Dominick,1970-01-02,F,12 Mulberry Street\r\nMossgrove,Ada,1971-01-02,F,1 Elm Street\r\n') }]);
  const address = String(sent.headers.location);
  t.match((await admin.get(address)).payload, 'Langley');
  await admin.post(`/imports/csv/${address.split('/').at(-1)}`, { act: 'import', 'column.0': 'familyName', 'column.1': 'givenName', 'column.2': 'birthDate', 'column.3': 'sex' });
  await followed(admin, address);
  for (const table of ['import_sources', 'import_batches', 'import_outcomes', 'contacts', 'audit_entries']) {
    t.notMatch(JSON.stringify(await rows(database, `select * from app.${table}`)), /Langley|Dominick|Mulberry|Mossgrove/i, table);
  }
});

t.test('who may not import is refused before a byte of the upload is read', async (t) => {
  const visitor = await signIn(server, people.readonly);
  await visitor.get('/contacts');
  for (const address of ['/imports/ccda', '/imports/csv']) t.equal((await refusedUnread(server, address, [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; '))).status, 403);
  const token = await bearer(app, people.workspaceId, ['contact.read']);
  t.same(await refusedUnread(server, '/api/v1/documents', '', token), { status: 403, code: 'access.scope_missing' });
  t.equal((await refusedUnread(server, '/imports/ccda', '')).status, 401);
  t.same((await auditOf(database, people.workspaceId)).filter(({ action }) => action === 'access.refused').map(({ outcome, detail }) => [outcome, detail['capability']]), Array.from({ length: 3 }, () => ['refused', 'document.import']));
});

/** Sends a body that fails when it is read: a refusal means that nobody did. */
async function refusedUnread(to: Server, url: string, cookie: string, authorization?: string): Promise<{ status: number; code?: string }> {
  const headers = { 'sec-fetch-site': 'same-origin', accept: 'application/json', cookie, 'content-type': authorization === undefined ? 'multipart/form-data; boundary=x' : 'application/json', ...(authorization === undefined ? {} : { authorization }) };
  const { statusCode, payload } = await to.inject({ method: 'POST', url, headers, payload: bytesOf('{ not a body'), simulate: { error: true } });
  const { code } = JSON.parse(payload) as { code: string };
  return authorization === undefined ? { status: statusCode } : { status: statusCode, code };
}

t.test('a workspace runs two imports at once, a third is refused before it is read; the end of the program cuts both short and waits for them', async (t) => {
  const site = await openSite(t);
  const visitor = await signIn(site.server, (await createPeople(site.app)).admin);
  await visitor.get('/imports');
  const many = (kind: string) => Array.from({ length: 300 }, (_none, at) => ({ name: `${at}.xml`, type: 'text/xml', bytes: bytesOf(documentXml({ header: `<setId root="1.2.3" extension="${kind}${at}"/>` })) }));
  const documents = await visitor.upload('/imports/ccda', 'files', many('a'));
  t.equal(documents.statusCode, 303);
  const sheet = await visitor.upload('/imports/csv', 'csv', [{ name: 'a.csv', type: 'text/csv', bytes: latin1(`Last,First,DOB,Sex\n${Array.from({ length: 5000 }, (_none, at) => `Moss,Ada${at},1970-01-02,F`).join('\n')}`) }]);
  const mapping = { act: 'import', 'column.0': 'familyName', 'column.1': 'givenName', 'column.2': 'birthDate', 'column.3': 'sex' };
  t.equal((await visitor.post(`/imports/csv/${String(sheet.headers.location).split('/').at(-1)}`, mapping)).statusCode, 303);
  t.equal((await refusedUnread(site.server, '/imports/ccda', [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; '))).status, 429);
  const page = await visitor.upload('/imports/ccda', 'files', many('b').slice(0, 1));
  t.match([page.statusCode, page.payload], [429, /Wait until one has ended/]);

  await site.server.stop();
  const batches = await rows<{ id: string; status: string; done: number }>(site.database, 'select id, status, done from app.import_batches');
  t.same(batches.map(({ status }) => status), ['failed', 'failed']);
  for (const { id, done } of batches) t.equal((await rows(site.database, `select from app.import_outcomes where batch_id = '${id}'`)).length, done, 'what came in is listed');
  const [filed] = await rows<{ count: number }>(site.database, 'select count(*)::int as count from app.documents');
  t.equal(filed?.count, batches.find(({ id }) => String(documents.headers.location).endsWith(id))?.done, 'and nothing came in that is not');
});

t.test('the program goes on answering while a large spreadsheet is read', async (t) => {
  const bytes = latin1(['Last,First,DOB,Sex', ...Array.from({ length: 30_000 }, (_none, at) => `Moss,Ada${at},1970-01-02,F`)].join('\n'));
  /** The longest time for which this thread did nothing else, ms. */
  const longestPause = async (work: () => Promise<unknown>): Promise<number> => {
    let [last, pause] = [performance.now(), 0];
    const look = (): void => void ([pause, last] = [Math.max(pause, performance.now() - last), performance.now()]);
    const looking = setInterval(look, 1);
    await work();
    look();
    clearInterval(looking);
    return pause;
  };
  const wholeRead = await longestPause(async () => readCsv(bytes));
  await admin.get('/imports');
  let address = '';
  const upload = async () => (address = String((await admin.upload('/imports/csv', 'csv', [{ name: 'people.csv', type: 'text/csv', bytes }])).headers.location));
  // A busy machine pauses everybody; reading on this thread would pause it every time.
  const isBrief = async (work: () => Promise<unknown>) => (await longestPause(work)) < wholeRead / 2 || (await longestPause(work)) < wholeRead / 2 || (await longestPause(work)) < wholeRead / 2;
  t.ok(await isBrief(upload), 'as it comes');
  t.ok(await isBrief(() => admin.get(address)), 'as its columns are shown');

  const pages = await Promise.all(Array.from({ length: 6 }, () => admin.get(address)));
  t.ok(pages.some(({ statusCode }) => statusCode === 200), 'those who came first are answered, whichever they were');
  const refused = pages.find(({ statusCode }) => statusCode !== 200);
  t.match([refused?.statusCode, refused?.headers['retry-after'], refused?.payload], [429, 5, /Other large spreadsheets are being read just now\. Nothing is lost: try again in a moment\./], 'one practice does not take the thread for itself');
});

t.test('more than fifty questions wait: the oldest fifty are shown, of how many, and the next move up; a refused answer stays as it was typed', async (t) => {
  const ASKED = 51;
  const letter = (at: number) => `${String.fromCharCode(97 + Math.floor(at / 26))}${String.fromCharCode(97 + (at % 26))}`;
  const person = (at: number, sex: string) => bytesOf(documentXml({ person: `<name><given>Doubt</given><family>Namesake${letter(at)}</family></name><administrativeGenderCode code="${sex}" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="19560210"/>` }));
  const files = Array.from({ length: ASKED }, (_, at) => at);
  for (const make of [
    (at: number) => ({ name: `${at}-f.xml`, bytes: person(at, 'F') }), (at: number) => ({ name: `${at}-m.xml`, bytes: person(at, 'M') }),
    (at: number) => ({ name: `${at}-u.xml`, bytes: bytesOf(documentXml({ person: `<name><given>Undated${letter(at)}</given></name>` })) }),
  ]) {
    await admin.get('/imports');
    const sent = await admin.upload('/imports/ccda', 'files', files.map((at) => ({ ...make(at), type: 'text/xml' })));
    await followed(admin, sent.headers.location);
  }
  const waiting = async () => (await admin.get('/documents/waiting')).payload;
  const count = (page: string, mark: RegExp) => [...page.matchAll(mark)].length;
  const [PAIR, DOCUMENT] = [/&amp;from=waiting"/g, /action="\/documents\/[0-9a-f-]{36}\/contact"/g];
  const page = await waiting();
  t.same([count(page, PAIR), count(page, DOCUMENT)], [50, 50]);
  t.match(page, `The oldest of ${ASKED}; the next appear as these are answered.`);
  t.match(page, `The oldest of ${ASKED}; the next appear as these are filed.`);
  t.match(page, /<td data-label="Born">Feb 10, 1956<\/td>/, 'a birth date as everywhere else');
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  t.equal(new Set(ids).size, ids.length, 'each field has an id, and with it a label, of its own');

  const [, pair] = /action="\/documents\/waiting\/pairs\/([^"]+)"/.exec(page) ?? [];
  const [, document] = /action="\/documents\/([0-9a-f-]{36})\/resolve"/.exec(page) ?? [];
  const refused = await admin.post(`/documents/${document}/resolve`, { act: 'create', givenName: 'Typed', familyName: 'Bythem', birthDate: '1999-02-30', sex: 'other' });
  t.equal(refused.statusCode, 400);
  t.match(refused.payload, new RegExp(`id="f-${document}-familyName"[^>]* value="Bythem"`));
  t.match(refused.payload, new RegExp(`<a href="#f-${document}-birthDate">`));
  t.match(refused.payload, /<option value="other" selected>/);

  t.equal((await admin.post(`/documents/waiting/pairs/${pair}`, { decision: 'same' })).statusCode, 400, 'nobody merges two people unseen');
  const [, survivor, merged] = /href="\/contacts\/([^/]+)\/merge\?with=([^&]+)&amp;from=waiting"/.exec(page) ?? [];
  const compared = (await admin.get(`/contacts/${survivor}/merge?with=${merged}&from=waiting`)).payload;
  t.match(compared, /<td data-label="Sex">female<\/td>[\s\S]*<td data-label="Sex">male<\/td>/, 'both are shown, with what tells them apart');
  t.match(compared, '<a class="button" href="/documents/waiting">Cancel</a>');
  t.equal((await admin.post(`/contacts/${survivor}/merge`, { mergedId: merged as string, from: 'waiting' })).headers.location, '/documents/waiting', 'and the work goes on where it was');
  const [, next] = /action="\/documents\/waiting\/pairs\/([^"]+)"/.exec(await waiting()) ?? [];
  t.not(next, pair, 'merging has answered the question');
  t.equal((await admin.post(`/documents/waiting/pairs/${next}`, { decision: 'different' })).statusCode, 303);
  t.equal((await admin.post(`/documents/${document}/resolve`, { act: 'create', givenName: 'Typed', familyName: 'Bythem', birthDate: '1999-02-28', sex: 'other' })).statusCode, 303);
  const after = await waiting();
  t.same([count(after, PAIR), count(after, DOCUMENT)], [ASKED - 2, 50]);
  t.notMatch(after, 'The oldest of', 'all that waits is on the page');
});

t.test('a waiting document is filed under a contact that somebody looked up by name, without one in any address', async (t) => {
  const site = await openSite(t);
  const staff = await createPeople(site.app);
  const lead = await signIn(site.server, staff.manager);
  const file = (person: string) => site.app.withWorkspace(scopeAs(staff.admin), (tx) => { const bytes = bytesOf(documentXml({ person })); return importDocument(tx, { fileName: 'a.xml', bytes, document: readDocument(bytes) }); });
  const { contactId } = await file('<name><given>Philippa</given><family>Quillfeather</family></name><administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="19700203"/>');
  const { documentId } = await file('<name><given>Pippa</given><family>Quillfeather</family></name>');
  t.match((await lead.get(`/contacts/${contactId}/clinical`)).payload, /<p class="print-only"><b>[^<]+<\/b>, [A-Z][a-z]{2} \d+, \d{4}, \d\d:\d\d \([^)]+\), by [^<]+<\/p>/, 'on paper a chart says whose it is and of when');
  t.match((await lead.get('/documents/waiting')).payload, `action="/documents/${documentId}/contact"`);
  const asked = await lead.post(`/documents/${documentId}/contact`, { q: 'quill' });
  t.equal(asked.statusCode, 303);
  t.notMatch(asked.headers.location, /quill/i);
  const page = (await lead.get(String(asked.headers.location))).payload;
  t.match(page, /of Pippa Quillfeather[\s\S]*<li>The document gives no birth date\.<\/li>/, 'beside what the document says');
  t.match(page, new RegExp(`Philippa Quillfeather[\\s\\S]*Feb 3, 1970[\\s\\S]*name="contactId" value="${contactId}"`));
  t.match((await lead.get(String((await lead.post(`/documents/${documentId}/contact`, { q: 'nobody' })).headers.location))).payload, 'Nobody matches');
  t.equal((await lead.post(`/documents/${documentId}/contact`, { q: '' })).headers.location, `/documents/${documentId}/contact`);
  const manager = await signIn(site.server, staff.admin);
  t.notMatch((await manager.get(String(asked.headers.location))).payload, 'Philippa', 'another session reads nothing out of the address');

  for (const contact of ['the one from yesterday', '01900000-0000-7000-8000-000000000000']) t.match((await lead.post(`/documents/${documentId}/resolve`, { act: 'assign', contactId: contact })).statusCode, contact.startsWith('0') ? 404 : 400);
  const filed = await lead.post(`/documents/${documentId}/resolve`, { act: 'assign', contactId: contactId as string });
  t.equal(filed.headers.location, `/contacts/${contactId}/documents`);
  for (const again of [await lead.get(`/documents/${documentId}/contact`), await lead.post(`/documents/${documentId}/contact`, { q: 'quill' })]) t.equal(again.statusCode, 409, 'whose it is has been said');
  const reader = await signIn(site.server, staff.readonly);
  t.equal((await reader.get(`/documents/${documentId}/contact`)).statusCode, 403);
});

t.test('an upload that is too large is refused on the page it was sent from, with the limit and what to do', async (t) => {
  await admin.get('/imports');
  const csv = await admin.upload('/imports/csv', 'csv', [{ name: 'people.csv', type: 'text/csv', bytes: new Uint8Array(20 * 1024 * 1024 + 1) }]);
  t.equal(csv.statusCode, 413);
  t.match(csv.payload, /<title>Documents[\s\S]*href="#f-csv">This is more than 20 MB, which is what comes in at once\. Cut the spreadsheet into parts, each with the heading row\. Nothing was imported\./);
  const cookie = [...admin.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const program = await server.inject({ method: 'POST', url: '/imports/ccda', headers: { cookie, 'sec-fetch-site': 'same-origin', accept: 'application/json', 'content-type': 'multipart/form-data; boundary=x', 'content-length': String(300 * 1024 * 1024) }, payload: '' });
  t.match([program.statusCode, program.payload], [413, /"code":"request\.too_large"/]);
});
