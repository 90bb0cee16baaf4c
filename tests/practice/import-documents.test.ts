import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { App } from '../../core/app.ts';
import { readDocument } from '../../core/clinical/read-document.ts';
import { record } from '../../core/audit/record.ts';
import { asSuperuser } from '../../core/db/embedded.ts';
import { systemScope, type Scope } from '../../core/db/scope.ts';
import { Contact, ContactIdentifier, ContactPoint } from '../../core/practice/contacts/model.ts';
import { mergeContacts } from '../../core/practice/contacts/merge-contacts.ts';
import { importDocument, type Imported } from '../../core/practice/documents/import-document.ts';
import { writtenText } from '../../core/practice/documents/document-date.ts';
import { addOutcome, emptyReport, importCandidates, importFile, type Candidate } from '../../core/practice/documents/import-files.ts';
import { runBatch, startBatch } from '../../core/practice/imports/run-batch.ts';
import { MatchReview } from '../../core/practice/documents/model.ts';
import { keepApart, listWaiting, resolveDocument } from '../../core/practice/documents/reviews.ts';
import { listDocuments, readClinicalSummary, readOriginal } from '../../core/practice/documents/read-documents.ts';
import { bytesOf, documentXml, sectionXml } from '../clinical/build-document.ts';
import { needsSamples, sampleBytes, sampleNames } from '../clinical/sample-documents.ts';
import { openTestApp } from '../support/database.ts';
import { createPeople, scopeAs } from '../support/people.ts';
import { auditOf, rows } from '../support/rows.ts';

const person = (given: string, family: string, birth: string, sex: 'F' | 'M'): string =>
  `<name use="L"><given>${given}</given><family>${family}</family></name><administrativeGenderCode code="${sex}" codeSystem="2.16.840.1.113883.5.1"/>${birth === '' ? '' : `<birthTime value="${birth}"/>`}`;
const mrn = (value: string, root = '1.2.840.114350.1.13.99998.8735'): string => `<id root="${root}" extension="${value}"/>`;

async function file(app: App, scope: Scope, xml: string, name = 'a.xml'): Promise<Imported> {
  const bytes = bytesOf(xml);
  return app.withWorkspace(scope, (tx) => importDocument(tx, { fileName: name, bytes, document: readDocument(bytes) }));
}

t.test('one patient, one contact', async (t) => {
  const { app, database } = await openTestApp(t);
  const people = await createPeople(app);
  const scope = scopeAs(people.admin);
  const first = await file(app, scope, documentXml({ role: `${mrn('7001')}<telecom value="tel:(303) 555-0142" use="HP"/>`, person: person('Ada', 'Lovell', '19561210', 'F') }));
  t.equal(first.contact, 'created');

  await t.test('the same bytes again change nothing', async (t) => {
    const again = await file(app, scope, documentXml({ role: `${mrn('7001')}<telecom value="tel:(303) 555-0142" use="HP"/>`, person: person('Ada', 'Lovell', '19561210', 'F') }));
    t.match(again, { contact: 'unchanged', documentId: first.documentId, contactId: first.contactId });
  });

  await t.test('a second document with her number and another family name is hers, and brings what is new', async (t) => {
    const second = await file(app, scope, documentXml({ role: `${mrn('7001')}<telecom value="tel:303.555.0142"/><telecom value="mailto:ada@example.org"/>`, person: person('Ada', 'Byron', '19561210', 'F') }));
    t.match(second, { contact: 'matched', contactId: first.contactId });
    await app.withWorkspace(scope, async (tx) => {
      const contact = await Contact.query(tx).findById(first.contactId as string);
      t.equal(contact?.family_name, 'Lovell', 'what is there is not overwritten');
      const points = await ContactPoint.query(tx).where({ contact_id: first.contactId });
      t.same(points.map(({ kind }) => kind).sort(), ['email', 'phone'], 'the same number in another spelling is not doubled');
    });
  });

  await t.test('name, birth date and sex alone are enough when nothing speaks against it', async (t) => {
    const third = await file(app, scope, documentXml({ role: mrn('A-1', '1.2.840.114350.1.13.77777.1'), person: person('ADA', 'LOVELL', '19561210', 'F') }));
    t.match(third, { contact: 'matched', contactId: first.contactId });
    const numbers = await app.withWorkspace(scope, async (tx) => ContactIdentifier.query(tx).where({ contact_id: first.contactId }));
    t.equal(numbers.length, 2);
  });

  await t.test('every import is on the record, without a name', async (t) => {
    const entries = (await auditOf(database, people.workspaceId)).filter(({ action }) => action.startsWith('document.import'));
    t.equal(entries.length, 4);
    t.notMatch(JSON.stringify(entries), /Ada|Lovell|Byron|1956/i);
    t.equal(entries[0]?.detail['sha256'], createHash('sha256').update(bytesOf(documentXml({ role: `${mrn('7001')}<telecom value="tel:(303) 555-0142" use="HP"/>`, person: person('Ada', 'Lovell', '19561210', 'F') }))).digest('hex'));
  });
});

t.test('what is in doubt gets a contact of its own and waits for a person', async (t) => {
  const { app } = await openTestApp(t);
  const people = await createPeople(app);
  const scope = scopeAs(people.manager);
  const admin = scopeAs(people.admin);
  const base = await file(app, admin, documentXml({ role: mrn('90019'), person: person('Eve', 'Better', '19750501', 'F') }));
  const cases = [
    { title: 'a shared number with another birth date', role: mrn('90019'), who: person('Eve', 'Better', '19450501', 'F'), reason: 'identifier_shared' },
    { title: 'same name and birth date, another sex', role: '', who: person('Eve', 'Better', '19750501', 'M'), reason: 'demographics_differ' },
    { title: 'same person by name, but another number of the same authority', role: mrn('90010'), who: person('Eve', 'Better', '19750501', 'F'), reason: 'identifiers_differ' },
  ];
  for (const { title, role, who, reason } of cases) {
    await t.test(title, async (t) => {
      const imported = await file(app, admin, documentXml({ role, person: who }));
      t.equal(imported.contact, 'pending');
      t.not(imported.contactId, base.contactId);
      const review = await app.withWorkspace(scope, async (tx) => MatchReview.query(tx).findOne({ contact_id: imported.contactId, candidate_id: base.contactId }));
      t.match(review, { reason, status: 'open' });
    });
  }
  await t.test('two children of one birthday are two people, without a question', async (t) => {
    const twin = await file(app, admin, documentXml({ person: person('Nora', 'Better', '19750501', 'F') }));
    t.equal(twin.contact, 'created');
  });
  await t.test('a decision closes the question, once', async (t) => {
    const { pairs } = await app.withWorkspace(scope, (tx) => listWaiting(tx));
    t.equal(pairs.length, 3);
    const id = pairs[0]?.id as string;
    await app.withWorkspace(scope, (tx) => keepApart(tx, id));
    await t.rejects(app.withWorkspace(scope, (tx) => keepApart(tx, id)), { code: 'document.not_waiting' });
    t.equal((await app.withWorkspace(scope, (tx) => listWaiting(tx))).pairs.length, 2);
  });
});

t.test('who is who', async (t) => {
  const { app } = await openTestApp(t);
  const scope = scopeAs((await createPeople(app)).admin);

  await t.test('twins written down under one number are two people, or a question', async (t) => {
    const ssn = '<id root="2.16.840.1.113883.4.1" extension="514-27-3391"/>';
    const child = (given: string, sex: 'F' | 'M' = 'F') => file(app, scope, documentXml({ role: ssn, person: person(given, 'Better', '20150501', sex) }));
    const emma = await child('Emma</given><given>Rose');
    t.equal(emma.contact, 'created');
    for (const called of ['Emma', 'Rose</given><given>Emma', 'Emma</given><given qualifier="CL">Em']) t.match(await child(called), { contact: 'matched', contactId: emma.contactId }, called);
    t.equal((await child('Lily</given><given>Rose')).contact, 'pending', 'though the parent’s number, the birthday, the family and a second name are the same');
  });

  await t.test('a number that many carry names nobody', async (t) => {
    const filler = mrn('7001');
    const names = ['Ann', 'Bea', 'Cleo', 'Dora', 'Edda', 'Fay', 'Gail', 'Hope'];
    const outcomes = [];
    for (const [at, given] of names.entries()) outcomes.push(await file(app, scope, documentXml({ role: filler, person: person(given, `Family${given}`, `19${60 + at}0203`, 'F') })));
    t.same(outcomes.map(({ contact }) => contact), ['created', 'pending', 'pending', 'pending', 'pending', 'pending', 'created', 'created'], 'asked about while a few carry it');
    t.match(await file(app, scope, documentXml({ role: filler, person: person('Hope', 'FamilyHope', '19670203', 'F'), header: '<setId root="1.2.3"/>' })), { contact: 'matched', contactId: outcomes[7]?.contactId });
  });

  await t.test('what was merged, and merged again, leads to the record that stands', async (t) => {
    const ids = [];
    for (const family of ['Lovell', 'Byron', 'King']) ids.push((await file(app, scope, documentXml({ person: person('Ada', family, '19561210', 'F') }))).contactId as string);
    const [lovell, byron, king] = ids as [string, string, string];
    await app.withWorkspace(scope, (tx) => mergeContacts(tx, { survivorId: byron, mergedId: lovell, take: [] }));
    await app.withWorkspace(scope, (tx) => mergeContacts(tx, { survivorId: king, mergedId: byron, take: [] }));
    t.match(await file(app, scope, documentXml({ person: person('Ada', 'Lovell', '19561210', 'F'), header: '<setId root="1.2.3"/>' })), { contact: 'matched', contactId: king });
  });
});

t.test('among hundreds who share a birth date the one of that name is found', async (t) => {
  const { app } = await openTestApp(t);
  const scope = scopeAs((await createPeople(app)).admin);
  const unknown = '1900-01-01';
  await app.withWorkspace(scope, async (tx) => {
    for (let n = 0; n < 210; n += 1) await Contact.query(tx).insert({ given_name: 'Ann', family_name: `Other${n}`, birth_date: unknown, sex: 'female', status: 'active' });
    record(tx, { action: 'test.seeded' });
  });
  const born = unknown.replaceAll('-', '');
  const first = await file(app, scope, documentXml({ person: person('Ann', 'de la Cruz', born, 'F') }));
  t.equal(first.contact, 'created');
  t.match(await file(app, scope, documentXml({ person: person('ANN', 'De La Cruz', born, 'F'), role: mrn('7') })), { contact: 'matched', contactId: first.contactId });
});

t.test('of a contact with several namesakes one pair is asked about at a time', async (t) => {
  const { app } = await openTestApp(t);
  const people = await createPeople(app);
  const scope = scopeAs(people.admin);
  const eve = (role: string) => file(app, scope, documentXml({ role, person: person('Eve', 'Better', '19750501', 'F') }));
  const [first, second, third] = [await eve(mrn('90019')), await eve(mrn('90010')), await eve('')];
  const asked = async () => {
    const { pairs, waiting } = await app.withWorkspace(scope, (tx) => listWaiting(tx));
    return { pairs: pairs.map(({ contact, candidate }) => [contact.id, candidate.id]), waiting };
  };
  t.equal((await app.withWorkspace(scope, async (tx) => MatchReview.query(tx).where({ contact_id: third.contactId }))).length, 2, 'both are on record');
  const before = await asked();
  t.strictSame(before.waiting, { documents: 0, pairs: 2 });
  t.strictSame(before.pairs.map(([contact]) => contact), [second.contactId, third.contactId]);
  t.strictSame(before.pairs[0], [second.contactId, first.contactId]);

  const candidate = before.pairs[1]?.[1];
  const { pairs } = await app.withWorkspace(scope, (tx) => listWaiting(tx));
  await app.withWorkspace(scope, (tx) => keepApart(tx, pairs[1]?.id as string));
  const after = await asked();
  t.strictSame(after.pairs[1], [third.contactId, candidate === first.contactId ? second.contactId : first.contactId], 'then about the other');
  t.strictSame(after.waiting, { documents: 0, pairs: 2 });
});

t.test('a document that does not say whose it is waits, with the reason, and is filed by a person', async (t) => {
  const { app, database } = await openTestApp(t);
  const people = await createPeople(app);
  const scope = scopeAs(people.admin);
  const imported = await file(app, scope, documentXml({ person: person('Ada', 'Lovell', '', 'F') }));
  t.match(imported, { contact: 'pending', contactId: null });
  const { documents } = await app.withWorkspace(scope, (tx) => listWaiting(tx));
  t.equal(documents.length, 1);
  t.match(documents[0]?.reasons[0], /birth/i);
  t.equal(documents[0]?.suggested.familyName, 'Lovell');
  await t.rejects(app.withWorkspace(scopeAs(people.agent), (tx) => resolveDocument(tx, imported.documentId, { givenName: 'Ada', familyName: 'Lovell', birthDate: '1956-12-10', sex: 'female' })), { code: 'access.denied' });
  const contactId = await app.withWorkspace(scope, (tx) => resolveDocument(tx, imported.documentId, { givenName: 'Ada', familyName: 'Lovell', birthDate: '1956-12-10', sex: 'female' }));
  t.equal((await app.withWorkspace(scope, (tx) => listDocuments(tx, contactId))).length, 1);
  await t.rejects(app.withWorkspace(scope, (tx) => resolveDocument(tx, imported.documentId, { contactId })), { code: 'document.not_waiting' });
  t.equal((await auditOf(database, people.workspaceId)).filter(({ action }) => action === 'document.resolved').length, 1);
});

t.test('a document that names several patients gives the one it is filed under nothing of the others', async (t) => {
  const { app } = await openTestApp(t);
  const scope = scopeAs((await createPeople(app)).admin);
  const two = (id: string) => documentXml({ header: `<setId root="1.2.3" extension="${id}"/>`, role: `${mrn('501')}<telecom value="tel:(303) 555-0142"/>`, person: person('Ada', 'Lovell', '19561210', 'F') })
    .replace('</recordTarget>', `</recordTarget><recordTarget><patientRole>${mrn('502')}<patient>${person('Bea', 'Moss', '19700203', 'F')}</patient></patientRole></recordTarget>`);
  const { contactId } = await file(app, scope, documentXml({ person: person('Bea', 'Moss', '19700203', 'F') }));
  const [first, second] = [await file(app, scope, two('a')), await file(app, scope, two('b'))];
  t.same([first.contact, second.contact], ['pending', 'pending']);
  const made = await app.withWorkspace(scope, (tx) => resolveDocument(tx, first.documentId, { givenName: 'Bea', familyName: 'Moss', birthDate: '1970-02-03', sex: 'female' }));
  await app.withWorkspace(scope, (tx) => resolveDocument(tx, second.documentId, { contactId: contactId as string }));
  for (const id of [made, contactId as string]) {
    t.same(await app.withWorkspace(scope, async (tx) => [await ContactIdentifier.query(tx).where({ contact_id: id }), await ContactPoint.query(tx).where({ contact_id: id })]), [[], []]);
  }
});

t.test('what may be read, by whom, and what the database holds', async (t) => {
  const { app, database } = await openTestApp(t);
  const [people, other] = [await createPeople(app), await createPeople(app)];
  const scope = scopeAs(people.admin);
  const xml = documentXml({ person: person('Quillon', 'Featherstonehaugh', '19561210', 'F'), body: sectionXml('48765-2', '', '<paragraph>Penicillin: hives</paragraph>') });
  const { documentId, contactId } = await file(app, scope, xml, 'featherstonehaugh.xml');

  const original = await app.withWorkspace(scope, (tx) => readOriginal(tx, documentId));
  t.equal(original.bytes.toString('utf8'), xml, 'byte for byte');
  t.equal(original.document.sha256, createHash('sha256').update(xml).digest('hex'));
  t.equal((await app.withWorkspace(scope, (tx) => readClinicalSummary(tx, contactId as string))).documents.length, 1);

  await t.rejects(app.withWorkspace(scopeAs(people.agent), (tx) => readOriginal(tx, documentId)), { code: 'document.not_found' }, 'an AGENT without a share');
  await t.rejects(app.withWorkspace(scopeAs(other.admin), (tx) => readOriginal(tx, documentId)), { code: 'document.not_found' }, 'another workspace');
  await t.rejects(file(app, scopeAs(people.manager), documentXml({})), { code: 'access.denied' }, 'import is for administrators');
  t.ok((await auditOf(database, people.workspaceId)).some(({ action, outcome }) => action === 'document.read_refused' && outcome === 'refused'));

  for (const table of ['documents', 'document_contents', 'contacts']) {
    const dump = JSON.stringify(await rows(database, `select * from app.${table}`));
    t.notMatch(dump, /quillon|featherston|penicillin|1956-12-10|19561210/i, `${table} holds no plain value`);
    t.notMatch(Buffer.from(dump, 'base64').toString('latin1'), /quillon|penicillin/i);
  }
});

t.test('a refused file is an outcome, on the record, and stops nothing', async (t) => {
  const { app, database } = await openTestApp(t);
  const people = await createPeople(app);
  const scope = systemScope(people.workspaceId, 'test');
  async function* candidates(): AsyncIterable<Candidate> {
    yield { file: 'good.xml', bytes: bytesOf(documentXml({})) };
    yield { file: 'cut.xml', bytes: bytesOf(documentXml({}).slice(0, 400)) };
    yield { file: 'entities.xml', bytes: bytesOf('<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>') };
    yield { file: 'image.png', bytes: new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0, 0]) };
  }
  const report = emptyReport();
  await importCandidates(app, scope, candidates(), (outcome) => addOutcome(report, outcome));
  t.match(report, { files: 4, imported: 1, contacts: { created: 1, matched: 0, pending: 0 } });
  t.same(report.refused.map(({ file: name, code }) => [name, code]).sort(), [['cut.xml', 'document.truncated'], ['entities.xml', 'document.doctype'], ['image.png', 'document.binary']]);
  t.match(report.refused.find(({ file: name }) => name === 'cut.xml')?.reason, /line \d+, column \d+/);
  t.equal((await auditOf(database, people.workspaceId)).filter(({ action, outcome }) => action === 'document.refused' && outcome === 'refused').length, 3);
});

t.test('two importers at once do not make two contacts of one patient', async (t) => {
  const { app } = await openTestApp(t);
  const people = await createPeople(app);
  const scope = systemScope(people.workspaceId, 'test');
  const outcomes = await Promise.all(Array.from({ length: 6 }, (_, at) => importFile(app, scope, `${at}.xml`, bytesOf(documentXml({ role: mrn('70011'), header: `<setId root="1.2.3" extension="${at}"/>` })))));
  t.same(outcomes.map((outcome) => (outcome.status === 'imported' ? outcome.contact : 'refused')).sort(), ['created', 'matched', 'matched', 'matched', 'matched', 'matched']);
});

t.setTimeout(300_000); // on a busy machine 166 documents take their time
t.test('importers that must wait leave the connections to others', async (t) => {
  const { app, database } = await openTestApp(t);
  const people = await createPeople(app);
  const scope = scopeAs(people.admin);
  const files = Array.from({ length: 12 }, (_none, at) => bytesOf(documentXml({ header: `<setId root="1.2.3" extension="${at}"/>` })));
  const importing = await asSuperuser(database.superuserUrl, async (client) => {
    await client.query('select pg_advisory_lock(hashtextextended($1, 4712))', [people.workspaceId]);
    const all = Promise.all(files.map((bytes) => importFile(app, scope, 'a.xml', bytes)));
    const waiting = async () => (await client.query("select count(*)::int as count from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())")).rows[0].count as number;
    while ((await waiting()) === 0) await sleep(20);
    await sleep(300);
    t.ok((await waiting()) <= 2, 'of twelve, two at the most stand at the lock');
    t.same(await Promise.race([app.withWorkspace(scope, async (tx) => tx.knex('app.documents')), sleep(5000, 'no connection', { ref: false })]), [], 'and somebody else is served');
    return { all };
  });
  t.equal((await importing.all).length, 12, 'in the end all are filed');
});

t.test('every public sample comes in with its own name, birth date and sex', needsSamples, async (t) => {
  const { app } = await openTestApp(t);
  const people = await createPeople(app);
  const scope = systemScope(people.workspaceId, 'test');
  const report = emptyReport();
  const wrong: string[] = [];
  for (const name of sampleNames()) {
    const bytes = sampleBytes(name);
    const outcome = await importFile(app, scope, name, bytes);
    addOutcome(report, outcome);
    if (outcome.status !== 'imported' || outcome.contactId === null) {
      wrong.push(name);
      continue;
    }
    const { patient } = readDocument(bytes);
    const contact = await app.withWorkspace(scope, async (tx) => Contact.query(tx).findById(outcome.contactId as string));
    if (contact?.family_name !== patient.name.family || contact.birth_date !== patient.birthDate || contact.sex !== patient.sex) wrong.push(name);
  }
  t.same(wrong, []);
  t.match(report, { files: 166, imported: 166, refused: [] });
  t.equal(report.contacts.created + report.contacts.matched + report.contacts.pending + report.unchanged, 166);
});

t.test('a fault of the program ends an import: every file begun is an outcome, no other is begun, and the archive is closed', async (t) => {
  const { app } = await openTestApp(t);
  const people = await createPeople(app);
  let given = 0;
  let isClosed = false;
  async function* candidates(): AsyncIterable<Candidate> {
    try {
      for (; given < 40; given++) yield { file: `${given}.xml`, bytes: bytesOf(documentXml({ header: `<setId root="1.2.3" extension="${given}"/>` })) };
    } finally {
      isClosed = true;
    }
  }
  const outcomes: string[] = [];
  const failing = importCandidates(app, systemScope(people.workspaceId, 'test'), candidates(), ({ file: name }) => {
    outcomes.push(name);
    if (name === '4.xml') throw new TypeError('a fault');
  });
  await t.rejects(failing, TypeError);
  t.ok(isClosed);
  t.ok(given < 10, 'the other lanes end with the file they were at');
  const filed = await app.withWorkspace(systemScope(people.workspaceId, 'test'), async (tx) => tx.knex('app.documents'));
  t.equal(filed.length, outcomes.length, 'nothing goes on behind the caller');
});

t.test('outcomes that could not be written are written later, and the batch ends', async (t) => {
  const { app, database } = await openTestApp(t);
  const people = await createPeople(app);
  const scope = scopeAs(people.admin);
  const id = await startBatch(app, scope, { kind: 'ccda', status: 'running', total: 30, fileName: null });
  const outcome = (at: number) => ({ file_name: `${at}.xml`, outcome: 'refused' as const, code: 'document.binary', reason: 'x' });
  const asOwner = (sql: string) => asSuperuser(database.superuserUrl, (client) => client.query(sql));
  await asOwner('alter table app.import_outcomes add constraint never check (false) not valid');
  await runBatch(app, scope, id, new AbortController().signal, async (report) => {
    for (let at = 0; at < 25; at++) report(outcome(at));
    await sleep(300); // the first flush has failed
    await asOwner('alter table app.import_outcomes drop constraint never');
    for (let at = 25; at < 30; at++) report(outcome(at));
  });
  t.match(await rows(database, `select status, done, refused from app.import_batches where id = '${id}'`), [{ status: 'done', done: 30, refused: 30 }]);
  t.equal((await rows(database, `select from app.import_outcomes where batch_id = '${id}'`)).length, 30);
});

t.test('a document is of the day it says, in a practice anywhere', async (t) => {
  const { app, database } = await openTestApp(t);
  const people = await createPeople(app);
  await rows(database, `update app.workspaces set time_zone = 'America/Denver' where workspace_id = '${people.workspaceId}'`);
  const dateOf = async (written: string) => {
    const { documentId } = await file(app, scopeAs(people.admin), documentXml({}).replace('20200601120000-0500', written));
    return (await rows<{ document_date: Date }>(database, `select document_date from app.documents where id = '${documentId}'`))[0]?.document_date?.toISOString() ?? null;
  };
  t.equal(await dateOf('20200601'), '2020-06-01T06:00:00.000Z', 'the day begins where the practice is');
  t.equal(await dateOf('202006010130'), '2020-06-01T07:30:00.000Z');
  t.equal(await dateOf('20200308023015'), '2020-03-08T02:30:00.000Z', 'clocks leave that hour out');
  t.equal(await dateOf('2020'), '2020-01-01T07:00:00.000Z');
  t.equal(await dateOf('20200601013000+0000'), '2020-06-01T01:30:00.000Z', 'a zone of its own counts');
  t.equal(await dateOf('soon'), null);
  t.same([writtenText('2020-06', null, 'UTC'), writtenText('2020-06-01', new Date('2020-06-01T06:00Z'), 'UTC'), writtenText('2020-06-01T01:30', new Date('2020-06-01T07:30Z'), 'America/Denver'), writtenText(null, null, 'UTC')], ['2020-06', 'Jun 1, 2020', 'Jun 1, 2020, 01:30', null]);
});
