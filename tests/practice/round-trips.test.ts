import { connect, createServer, type AddressInfo } from 'node:net';
import t from 'tap';
import { openApp } from '../../core/app.ts';
import { readDocument } from '../../core/clinical/read-document.ts';
import { readConfig } from '../../core/config.ts';
import { createLog } from '../../core/log.ts';
import { findContacts } from '../../core/practice/contacts/find-contacts.ts';
import { listContacts } from '../../core/practice/contacts/list-contacts.ts';
import { readContact } from '../../core/practice/contacts/read-contact.ts';
import { createContact } from '../../core/practice/contacts/write-contact.ts';
import { importDocument } from '../../core/practice/documents/import-document.ts';
import { bytesOf, documentXml } from '../clinical/build-document.ts';
import { composeServer } from '../../core/server.ts';
import { TEST_ROOT_KEYS } from '../support/cluster.ts';
import { createTestDatabase } from '../support/database.ts';
import { createPeople, scopeAs, sessionCookie } from '../support/people.ts';

/** A wire between the program and PostgreSQL that counts turns: one round trip is everything sent before the other side answers. */
async function countingWire(target: string): Promise<{ url: string; trips(): number; /** All that was asked. */ sent(): string; close(): Promise<void> }> {
  const { hostname, port } = new URL(target);
  let count = 0;
  let sent = '';
  let wasAnswer = true;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    client.on('data', (chunk) => {
      if (wasAnswer) count += 1;
      wasAnswer = false;
      sent += chunk.toString('latin1');
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      wasAnswer = true;
      client.write(chunk);
    });
    for (const [from, to] of [[client, upstream], [upstream, client]] as const) from.on('close', () => to.destroy()).on('error', () => to.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: url.href, trips: () => count, sent: () => sent, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

t.test('an act costs one round trip for its data and one for its record', async (t) => {
  const database = await createTestDatabase(t);
  const wire = await countingWire(database.appUrl);
  const config = { ...readConfig('demo', {}), rootKeys: [...TEST_ROOT_KEYS], logLevel: 'silent' as const };
  const app = await openApp({ config, log: createLog('silent'), appUrl: wire.url, jobsUrl: database.jobsUrl, poolSize: 1 });
  t.teardown(async () => {
    await app.close();
    await wire.close();
  });
  const people = await createPeople(app);
  const scope = scopeAs(people.agent);
  const { id } = await app.withWorkspace(scope, (tx) => createContact(tx, { familyName: 'Achterberg', birthDate: '1956-01-01', phones: [{ value: '212 555 0102' }], addresses: [{ city: 'Troy' }], identifiers: [{ system: 'x', value: '1' }] }));

  const trips = async (work: () => Promise<unknown>): Promise<number> => {
    await work(); // statements are prepared once per connection
    const before = wire.trips();
    await work();
    return wire.trips() - before;
  };
  t.equal(await trips(() => app.withWorkspace(scope, (tx) => readContact(tx, id))), 2, 'BEGIN, workspace, contact with all its parts, chain · entry, COMMIT');
  t.equal(await trips(() => app.withWorkspace(scope, (tx) => listContacts(tx, { limit: 20 }))), 2);
  t.equal(await trips(() => app.withWorkspace(scope, (tx) => findContacts(tx, { q: 'ach', limit: 20 }))), 3, 'candidates first, then the page');
  t.equal(await trips(() => app.withWorkspace(scope, (tx) => findContacts(tx, { q: '212-555-0102', limit: 20 }))), 2, 'a whole value is one statement');
  t.equal(await trips(() => app.withWorkspace(scope, (tx) => findContacts(tx, { q: '1956-01-01', limit: 20 }))), 2, 'a birth date as well');
  t.equal(await trips(() => app.withWorkspace(scope, (tx) => createContact(tx, { familyName: 'Achterberg', phones: [{ value: '212 555 0103' }], addresses: [{ city: 'Troy' }] }))), 2, 'BEGIN, workspace, all rows, chain · entry, COMMIT');

  const server = await composeServer(app, { tls: null, host: 'localhost', port: 0 });
  const cookie = await sessionCookie(app, people.agent);
  const get = async () => t.equal((await server.inject({ url: `/api/v1/contacts/${id}`, headers: { cookie } })).statusCode, 200);
  t.equal(await trips(get), 2, 'BEGIN, workspace, session, contact, chain · entry, COMMIT');

  let patients = 0;
  const importNew = async () => {
    patients += 1;
    const bytes = bytesOf(documentXml({ role: `<id root="1.2.840.114350.1.13.99998.8735" extension="${patients}"/>`, person: `<name><given>Ada</given><family>Number ${patients}</family></name><administrativeGenderCode code="F"/><birthTime value="19560101"/>` }));
    await app.withWorkspace(scopeAs(people.admin), (tx) => importDocument(tx, { fileName: 'a.xml', bytes, document: readDocument(bytes) }));
  };
  t.equal(await trips(importNew), 3, 'lock, the document and the patient looked for · all rows, chain · entry, COMMIT');
});

t.test('the chain is asked for behind the rows of an act', async (t) => {
  // The other way round, an act that holds the chain could wait for a row whose holder waits for the chain.
  const database = await createTestDatabase(t);
  const config = { ...readConfig('demo', {}), rootKeys: [...TEST_ROOT_KEYS], logLevel: 'silent' as const };
  const open = async (): Promise<{ app: Awaited<ReturnType<typeof openApp>>; sent(): string }> => {
    const wire = await countingWire(database.appUrl);
    const app = await openApp({ config, log: createLog('silent'), appUrl: wire.url, jobsUrl: database.jobsUrl, poolSize: 1 });
    t.teardown(async () => {
      await app.close();
      await wire.close();
    });
    return { app, sent: wire.sent };
  };
  const people = await createPeople((await open()).app);
  const fresh = await open(); // where every statement is sent with its text
  await fresh.app.withWorkspace(scopeAs(people.admin), (tx) => createContact(tx, { familyName: 'Achterberg', phones: [{ value: '212 555 0102' }], addresses: [{ city: 'Troy' }], identifiers: [{ system: 'x', value: '1' }] }));
  const at = (text: string) => fresh.sent().indexOf(text);
  for (const table of ['contacts', 'contact_points', 'contact_addresses', 'contact_identifiers']) {
    t.ok(at(`insert into "${table}"`) > 0, table);
    t.ok(at(`insert into "${table}"`) < at('pg_advisory_xact_lock'), `${table} before the chain`);
  }
  t.ok(at('pg_advisory_xact_lock') < at('insert into app.audit_entries'));
});
