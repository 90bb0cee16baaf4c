import { randomBytes } from 'node:crypto';
import t from 'tap';
import { record } from '../../core/audit/record.ts';
import { uuidv7 } from '../../core/crypto/uuid.ts';
import { systemScope } from '../../core/db/scope.ts';
import { ImportSource } from '../../core/practice/imports/model.ts';
import { openPractice, tokenIn, type Practice } from './open-server.ts';
import { SAMPLES } from './operation-samples.ts';
import type { People } from '../support/people.ts';
import { documentXml } from '../clinical/build-document.ts';

/*
 * Another workspace's row is not there: every route with a parameter, pages and API alike, is asked for the other workspace's row and for a
 * row that never was, by an administrator who may do everything in their own. Both answers must be 404 and the same to the byte.
 */

type Kind = 'contact' | 'share' | 'merge' | 'activity' | 'appointment' | 'document' | 'waiting' | 'pair' | 'import' | 'user' | 'session' | 'passkey' | 'service_account';
type Ids = Record<Kind, string>;

/** What a route's parameters stand for, by the beginning of its path; the longest that fits counts. A new noun adds its line. */
const PARAMETERS: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  '/contacts/{id}': { id: 'contact', shareId: 'share' },
  '/activities/{id}': { id: 'activity' },
  '/appointments/{id}': { id: 'appointment' },
  '/documents/{id}': { id: 'document' },
  '/documents/{id}/contact': { id: 'waiting' },
  '/documents/waiting/pairs/{id}': { id: 'pair' },
  '/imports/{id}': { id: 'import' },
  '/imports/csv/{id}': { id: 'import' },
  '/admin/people/{id}': { id: 'user' },
  '/admin/sessions/{id}': { id: 'session' },
  '/admin/service-accounts/{id}': { id: 'service_account' },
  '/account/sessions/{id}': { id: 'session' },
  '/account/passkeys/{id}': { id: 'passkey' },
};

/** Parameters that name no row of a workspace. */
const NO_ROWS: readonly [pattern: RegExp, why: string][] = [
  [/\{token\}/, 'a secret from a mail, looked up by its hash'],
  [/^\/audit\//, 'numbers that every workspace counts from one'],
  [/^\/admin\/plugins\/\{name\}/, 'a plugin of the installation'],
  [/\/\{any\*\}$/, 'every unknown address'],
  [/^\/(assets|demo)\//, 'files and the demonstration’s mail'],
];

/** Fields without which a form would be refused before anybody looks for the row. */
const appointment = { version: '1', practitionerId: uuidv7(), day: '2031-05-06', time: '09:00', durationMinutes: '30', timeZone: 'UTC', reason: '', notes: '' };
const FORMS: Readonly<Record<string, (ids: Ids) => Record<string, string>>> = {
  '/contacts/{id}': () => ({ version: '1', familyName: 'X', status: 'active', tags: '' }),
  '/contacts/{id}/shares': () => ({ person: uuidv7(), level: 'READ' }),
  '/contacts/{id}/shares/{shareId}/remove': () => ({ confirmed: 'yes' }),
  '/contacts/{id}/merge': () => ({ mergedId: own.contact }),
  '/contacts/{id}/export': () => ({ format: 'json' }),
  '/contacts/{id}/merge/undo': ({ merge }) => ({ mergeId: merge, confirmed: 'yes' }),
  '/contacts/{id}/activities': () => ({ kind: 'note', subject: 'x', body: '' }),
  '/contacts/{id}/appointments': () => appointment,
  '/activities/{id}': () => ({ version: '1', subject: 'x', body: '' }),
  '/activities/{id}/done': () => ({ version: '1', isDone: 'yes' }),
  '/appointments/{id}': () => appointment,
  '/appointments/{id}/status': () => ({ version: '1', status: 'arrived' }),
  '/documents/{id}/contact': () => ({ q: 'abc' }),
  '/documents/{id}/resolve': () => ({ act: 'create', givenName: 'A', familyName: 'B', birthDate: '1980-01-01', sex: 'female' }),
  '/documents/waiting/pairs/{id}': () => ({ decision: 'different' }),
  '/imports/csv/{id}': () => ({ act: 'preview' }),
  '/admin/people/{id}': () => ({ role: 'AGENT' }),
};
const QUERIES: Readonly<Record<string, () => string>> = { '/contacts/{id}/merge': () => `?with=${own.contact}` };

const practice = await openPractice(t);
const { server, app, people, other } = practice;
const foreign = await rowsOf(other);
const own = await rowsOf(people);
const missing = Object.fromEntries(Object.keys(foreign).map((kind) => [kind, uuidv7()])) as Ids;
const browser = await practice.browser(people.admin);
const call = await practice.as(people.admin);

/** A row of every kind, made in the ordinary way where there is one. */
async function rowsOf(whose: People): Promise<Ids> {
  const as = await practice.as(whose.admin);
  const maker = { call: as, practice: { ...practice, people: whose } as Practice };
  const sample = async (operation: string) => (await (SAMPLES[operation] as (typeof SAMPLES)[string])(maker)).params ?? {};
  const { id: contact = '', shareId = '' } = await sample('endShare');
  const { id: activity = '' } = await sample('readActivity');
  const { id: booked = '' } = await sample('readAppointment');
  const { id: document = '' } = await sample('readDocument');
  const undated = documentXml({ person: '<name><given>Odile</given><family>Undated</family></name>' });
  const waiting = (await as('POST', '/documents', { fileName: 'undated.xml', contentBase64: Buffer.from(undated).toString('base64') })).body.documentId;
  const survivor = (await as('POST', '/contacts', { familyName: 'Survivor' })).body.id;
  const merged = (await as('POST', '/contacts', { familyName: 'Merged' })).body.id;
  const { mergeId: merge } = (await as('POST', `/contacts/${survivor}/merge`, { mergedId: merged })).body;
  await practice.agent(['contact.read'], whose.workspaceId);
  const rest = await app.withWorkspace(systemScope(whose.workspaceId, 'test'), async (tx) => {
    const workspace_id = whose.workspaceId;
    const [passkey, batch, pair] = [uuidv7(), uuidv7(), uuidv7()];
    await tx.knex('passkeys').insert({ workspace_id, id: passkey, user_id: whose.admin.id, credential_id: passkey, public_key: randomBytes(32), sign_count: 0, name: 'Laptop', is_syncable: false, is_backed_up: false });
    await tx.knex('import_batches').insert({ workspace_id, id: batch, kind: 'csv', status: 'done', starter_name: 'Test' });
    await ImportSource.query(tx).insert({ id: batch, content: Buffer.from('Last,First\nA,B\n').toString('base64') });
    await tx.knex('match_reviews').insert({ workspace_id, id: pair, document_id: document, contact_id: contact, candidate_id: survivor, reason: 'identifiers_differ' });
    record(tx, { action: 'test.prepared' });
    const first = async (table: string): Promise<string> => ((await tx.knex(table).first('id')) as { id: string }).id;
    return { passkey, import: batch, pair, session: await first('sessions'), service_account: await first('service_accounts') };
  });
  return { contact, share: shareId, merge, activity, appointment: booked, document, waiting, user: whose.agent.id, ...rest };
}

type Asked = { status: number; text: string };

function kindsOf(path: string): Readonly<Record<string, Kind>> | undefined {
  const pagePath = path.replace(/^\/api\/v1/, '');
  return Object.entries(PARAMETERS).filter(([prefix]) => pagePath.startsWith(prefix)).sort(([a], [b]) => b.length - a.length)[0]?.[1];
}

async function ask(entry: ReturnType<typeof server.table>[number], ids: Ids): Promise<Asked> {
  const kinds = kindsOf(entry.path) ?? {};
  const names = [...entry.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  const path = entry.path.replace(/\{(\w+)\}/g, (_whole, name: string) => ids[kinds[name] as Kind]);
  const { api } = entry.settings.plugins ?? {};
  let reply: Asked;
  if (api !== undefined) {
    const sample = await (SAMPLES[api.operation] as (typeof SAMPLES)[string])({ call, practice });
    const body = api.operation === 'undoMerge' ? { mergeId: ids.merge } : sample.body;
    reply = await call(api.method, path.slice('/api/v1'.length), body, sample.version === undefined ? {} : { 'if-match': `"${sample.version}"` });
  } else if (entry.method === 'get') {
    reply = await browser.get(path + (QUERIES[entry.path]?.() ?? ''));
  } else {
    reply = await browser.post(path, FORMS[entry.path]?.(ids) ?? {});
  }
  return { status: reply.status, text: plain(reply.text, names.map((name) => ids[kinds[name] as Kind])) };
}

/** Without what differs between any two answers: form tokens, the request's own id, the address asked for. */
function plain(text: string, asked: readonly string[]): string {
  let cut = text.replace(/name="_csrf" value="[^"]*"/g, '').replace(/"requestId":"[^"]*"/, '').replace(/request\s+[0-9a-f-]{36}/g, '');
  for (const id of asked) cut = cut.replaceAll(id, '');
  return cut;
}

const routes = server.table().filter(({ path }) => path.includes('{') && !NO_ROWS.some(([pattern]) => pattern.test(path)));

t.test('every parameter is known to this test', async (t) => {
  for (const { path } of routes) {
    const kinds = kindsOf(path) ?? {};
    for (const [, name = ''] of path.matchAll(/\{(\w+)\}/g)) t.ok(kinds[name], `${path}: what {${name}} stands for`);
  }
  t.ok(routes.length > 40);
  t.ok(tokenIn((await browser.get('/contacts')).text));
});

t.test('the other workspace’s row is answered like a row that never was', async (t) => {
  for (const entry of routes) {
    const name = `${entry.method} ${entry.path}`;
    const [theirs, nobodys] = [await ask(entry, foreign), await ask(entry, missing)];
    t.equal(theirs.status, 404, name);
    t.same(theirs, nobodys, `${name}: the same to the byte`);
  }
});

t.test('the same requests find our own rows', async (t) => {
  for (const entry of routes.filter(({ method }) => method === 'get')) t.equal((await ask(entry, own)).status, 200, entry.path);
});
