import t from 'tap';
import { readDocument } from '../../../core/clinical/read-document.ts';
import { systemScope } from '../../../core/db/scope.ts';
import { contactGate } from '../../../core/practice/contacts/field-gate.ts';
import { listDuplicates } from '../../../core/practice/contacts/list-duplicates.ts';
import { mergeContacts, undoMerge } from '../../../core/practice/contacts/merge-contacts.ts';
import { Contact, ContactValue } from '../../../core/practice/contacts/model.ts';
import { readContact } from '../../../core/practice/contacts/read-contact.ts';
import { createContact, updateContact } from '../../../core/practice/contacts/write-contact.ts';
import { importDocument } from '../../../core/practice/documents/import-document.ts';
import { listWaiting } from '../../../core/practice/documents/reviews.ts';
import { guessMapping, type CsvMapping } from '../../../core/practice/imports/csv-rows.ts';
import { CsvTable } from '../../../core/practice/imports/csv-table.ts';
import { readCsv as packed } from '../../../core/practice/imports/read-csv.ts';
import { checkMapping, csvTargets, importCsv } from '../../../core/practice/imports/import-csv.ts';
import { startBatch, type Outcome } from '../../../core/practice/imports/run-batch.ts';
import { Property } from '../../../plugins/field-gates/models.ts';
import { bytesOf, documentXml } from '../../clinical/build-document.ts';
import { scopeAs } from '../../support/people.ts';
import { but, openGates } from './open-gates.ts';

t.setTimeout(120_000);
const gates = await openGates(t);
const { app, willow } = gates;
const [admin, manager, system] = [scopeAs(willow.admin), scopeAs(willow.manager), systemScope(willow.workspaceId, 'test')];
const readCsv = (bytes: Uint8Array): CsvTable => new CsvTable(packed(bytes));
const CSV = readCsv(bytesOf('Last,First,DOB,Sex,Note,Phone\nQuill,Ada,1956-12-10,F,Likes tea,303-555-0142\n'));
const MAPPING: CsvMapping = { Last: 'familyName', First: 'givenName', DOB: 'birthDate', Sex: 'sex', Note: 'notes', Phone: 'phone' };
const document = (given: string) => { const bytes = bytesOf(documentXml({ person: `<name use="L"><given>${given}</given><family>Lovell</family></name><administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="19561210"/><maritalStatusCode code="M" codeSystem="2.16.840.1.113883.5.2" displayName="Married"/>` })); return { fileName: 'a.xml', bytes, document: readDocument(bytes) }; };

t.test('columns of an import go into fields that its reader may write', async (t) => {
  await gates.gate([{ field: 'notes', readers: but('ADMIN') }, { field: 'phones', readers: ['ADMIN', 'MANAGER', 'AGENT', 'READONLY'], writers: ['MANAGER'] }]);
  const targets = await app.withWorkspace(admin, async (tx) => csvTargets(await contactGate(tx)));
  t.notOk(targets.includes('notes'), 'hidden');
  t.notOk(targets.includes('phone') || targets.includes('mobile'), 'read-only');
  t.ok(targets.includes('birthDate'));
  t.throws(() => checkMapping(CSV, MAPPING, targets), { code: 'request.invalid', fields: [{ path: 'Note', text: 'There is no such field.' }, { path: 'Phone' }] });

  const outcomes: Outcome[] = [];
  await importCsv(app, admin, CSV, MAPPING, (outcome) => void outcomes.push(outcome)); // mapped before the gate was closed
  t.equal(outcomes[0]?.outcome, 'created');
  const contact = await app.withWorkspace(system, async (tx) => Contact.query(tx).findById(outcomes[0]?.contact_id as string));
  t.match(contact, { given_name: 'Ada', notes: null });
});

t.test('properties of the workspace’s own and tags are columns too', async (t) => {
  await app.withWorkspace(system, async (tx) => {
    const at = new Date(tx.now);
    const given = [['unit', 'Unit', 'choice'], ['visits', 'Visits agreed', 'number'], ['consent', 'Consent', 'date'], ['interpreter', 'Interpreter', 'boolean'], ['hidden_one', 'Plumage', 'text']] as const;
    for (const [name, label, type] of given) await Property.query(tx).insert({ name, label, type, choices: type === 'choice' ? ['North', 'South'] : [], is_indexed: false, is_retired: false, created_at: at });
    tx.pending.push({ action: 'test.planted', outcome: 'ok', target: null, detail: {} });
  });
  await gates.gate([{ field: 'custom.hidden_one', readers: but('ADMIN') }]);
  const table = readCsv(bytesOf([
    'Last,First,DOB,Sex,Tags,Unit,visits agreed,Consent,Interpreter,Plumage', 'Owens,Bea,1960-01-02,F,"vip; fall risk",north,"1,200",2/3/2024,yes,crimson', 'Owens,Carl,1961-01-02,M,,East,many,never,perhaps,x', 'Owens,Dora,1962-01-02,F,#1,,,,,',
  ].join('\n')));
  const gate = await app.withWorkspace(admin, contactGate);
  const targets = csvTargets(gate);
  t.notOk(targets.includes('custom.hidden_one'), 'hidden');
  const mapping = guessMapping(table.headers, targets, gate.properties);
  t.match(mapping, { Tags: 'tags', Unit: 'custom.unit', 'visits agreed': 'custom.visits', Consent: 'custom.consent', Interpreter: 'custom.interpreter' });
  const outcomes: Outcome[] = [];
  await importCsv(app, admin, table, checkMapping(table, mapping, targets), (outcome) => void outcomes.push(outcome));
  t.match(outcomes, [{ outcome: 'created' }, { outcome: 'refused', reason: /Column 6: this is not one of the choices.*Column 7: this is not a number.*Column 8: this is not a day that exists.*Column 9: this is not yes or no/ }, { outcome: 'refused', reason: 'Column 5: these are no tags.' }]);
  const read = () => app.withWorkspace(admin, (tx) => readContact(tx, outcomes[0]?.contact_id as string));
  t.match(await read(), { tags: ['vip', 'fall risk'], custom: { unit: 'North', visits: 1200, consent: '2024-02-03', interpreter: true } });

  const again = readCsv(bytesOf('Last,First,DOB,Sex,Tags,Unit,Interpreter\nOwens,Bea,1960-01-02,F,"VIP, renal",South,no\n'));
  await importCsv(app, admin, again, checkMapping(again, guessMapping(again.headers, targets, gate.properties), targets), (outcome) => void outcomes.push(outcome));
  t.equal(outcomes.at(-1)?.outcome, 'matched');
  t.match(await read(), { tags: ['vip', 'fall risk', 'renal'], custom: { unit: 'North', interpreter: true } }, 'what is there is not overwritten');
});

t.test('of a document, what the importer does not write stays out of the contact', async (t) => {
  await gates.gate([{ field: 'maritalStatus', readers: but('ADMIN') }]);
  const { contactId } = await app.withWorkspace(admin, (tx) => importDocument(tx, document('Grace')));
  t.match(await app.withWorkspace(system, async (tx) => Contact.query(tx).findById(contactId as string)), { given_name: 'Grace', marital_status: null });
  await gates.gate([]);
  const second = await app.withWorkspace(admin, (tx) => importDocument(tx, document('Mary')));
  t.match(await app.withWorkspace(system, async (tx) => Contact.query(tx).findById(second.contactId as string)), { marital_status: 'Married' });
});

t.test('whoever does not see what records are matched by neither sees nor makes a match', async (t) => {
  for (const field of ['birthDate', 'givenName', 'identifiers']) {
    await gates.gate([{ field, readers: ['AGENT', 'READONLY'] }]);
    await t.rejects(app.withWorkspace(manager, (tx) => listDuplicates(tx)), { code: 'access.denied' }, `${field}: duplicates`);
    await t.rejects(app.withWorkspace(manager, (tx) => listWaiting(tx)), { code: 'access.denied' }, `${field}: doubtful matches`);
    await t.rejects(app.withWorkspace(admin, (tx) => importDocument(tx, document('Ida'))), { code: 'access.denied' }, `${field}: a document`);
    await t.rejects(importCsv(app, admin, CSV, MAPPING, () => undefined), { code: 'access.denied' }, `${field}: a spreadsheet`);
    await t.rejects(startBatch(app, admin, { kind: 'csv', status: 'mapping', total: 1, fileName: null }), { code: 'access.denied' });
  }
  await gates.gate([]);
  t.equal((await app.withWorkspace(manager, (tx) => listDuplicates(tx))).length, 0);
});

t.test('a merge by somebody who does not see all of it loses nothing, and takes nothing unseen', async (t) => {
  await app.withWorkspace(system, async (tx) => {
    await Property.query(tx).insert({ name: 'ward', label: 'Ward', type: 'text', choices: [], is_indexed: false, is_retired: false, created_at: new Date(tx.now) });
    tx.pending.push({ action: 'test.planted', outcome: 'ok', target: null, detail: {} });
  });
  await gates.gate([]);
  const make = (given: string, race: string, custom: object) => app.withWorkspace(admin, (tx) => createContact(tx, { givenName: given, familyName: 'Merge', race, phones: [{ value: `303555${given.length}142` }], ...custom }));
  const [one, two] = [await make('Ann', 'first', {}), await make('Annette', 'second', { custom: { ward: 'North' } })];
  await gates.gate([{ field: 'race', readers: ['ADMIN'] }, { field: 'phones', readers: ['ADMIN'] }, { field: 'custom.ward', readers: ['ADMIN'] }]);
  await t.rejects(app.withWorkspace(manager, (tx) => mergeContacts(tx, { survivorId: one.id, mergedId: two.id, take: ['race'] })), { code: 'request.invalid' });
  const { mergeId } = await app.withWorkspace(manager, (tx) => mergeContacts(tx, { survivorId: one.id, mergedId: two.id, take: [] }));
  const wards = (id: string) => app.withWorkspace(system, async (tx) => (await ContactValue.query(tx).where({ contact_id: id })).map(({ value }) => value));
  t.same(await wards(one.id), ['North'], 'what they do not see went over too');
  await app.withWorkspace(manager, (tx) => undoMerge(tx, mergeId));
  t.same([await wards(one.id), await wards(two.id)], [[], ['North']]);
});

t.test('a change by somebody who does not see a part of the name keeps its search tags', async (t) => {
  await gates.gate([]);
  const { id } = await app.withWorkspace(admin, (tx) => createContact(tx, { givenName: 'Thea', middleName: 'Verity', familyName: 'Marsh' }));
  await gates.gate([{ field: 'middleName', readers: but('MANAGER') }]);
  await app.withWorkspace(manager, async (tx) => {
    const { version } = await readContact(tx, id);
    await updateContact(tx, { id, version, changes: { familyName: 'Marshall' } });
  });
  const found = await (await gates.as(willow.admin))('POST', '/api/v1/contacts/search', { q: 'verity marshall' });
  t.equal(found.body.items.length, 1);
  t.equal((await (await gates.as(willow.manager))('POST', '/api/v1/contacts/search', { q: 'verity' })).body.items.length, 0);
});
