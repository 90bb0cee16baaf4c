import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { ClinicalDocument, Item, ItemDetails, ItemKind, Patient } from '../../core/clinical/clinical-document.ts';
import { canonicalize } from '../../core/audit/canonical.ts';
import { readDocument } from '../../core/clinical/read-document.ts';
import { writeDocument } from '../../core/clinical/writer/write-document.ts';
import type { Masked } from '../../core/clinical/writer/header.ts';
import type { JsonValue } from '../../core/db/scope.ts';
import type { Statements } from '../../core/clinical/writer/sections.ts';
import { renderCcd } from '../../core/demo/ccda.ts';
import { generatePractice } from '../../core/demo/generate.ts';
import { bytesOf, readPerson, readText } from './build-document.ts';
import { needsSamples, sampleBytes, sampleNames } from './sample-documents.ts';

const KINDS: readonly ItemKind[] = ['problems', 'medications', 'allergies', 'immunizations', 'results', 'vital_signs', 'procedures', 'encounters', 'social_history'];
const SCHEMA = new URL('../../../shared/data/ccda/xsd/infrastructure/cda/CDA_SDTC.xsd', import.meta.url).pathname;
const PRACTICE = { id: '0190a1b2-0000-7000-8000-00000000000a', name: 'Willow & Sons <clinic>' };

const statementsOf = ({ sections }: ClinicalDocument): Statements => Object.fromEntries(KINDS.map((kind) => [kind, sections.flatMap(({ items }) => items).filter((item) => item.kind === kind)])) as unknown as Statements;
const write = (patient: Patient, statements: Statements, masked: readonly Masked[] = []) =>
  writeDocument({ id: '0190a1b2-0000-7000-8000-000000000000', writtenAt: '2026-03-05T12:00:00.000Z', practice: PRACTICE, patient, masked: new Set(masked), statements });
const again = (document: ClinicalDocument) => readText(write(document.patient, statementsOf(document)));

/** What a new document has of its own: ids, and places in its narrative. UTC is written as an offset. */
const plain = ({ narrativeRef: _ref, instanceId: _id, ...item }: Item) => ({ ...item, start: item.start?.replace(/Z$/, '+00:00') ?? null, end: item.end?.replace(/Z$/, '+00:00') ?? null });
const inOrder = (items: readonly object[]) => items.map((item) => canonicalize(item as JsonValue)).sort();

const NOTHING: Statements = statementsOf({ sections: [] } as unknown as ClinicalDocument);
const item = (kind: ItemKind, over: Partial<Item> & { details?: ItemDetails }): Item => ({
  kind, code: '1234-5', system: '2.16.840.1.113883.6.96', systemName: 'SNOMED CT', display: 'Something', translations: [], start: '2024-02-03', end: null, status: 'completed', isActive: true, isAbsence: false, instanceId: null, narrativeRef: null, details: {}, ...over,
});
const SEVERE = 'Severe';
const EVERYTHING: Statements = {
  problems: [
    item('problems', { status: 'active', translations: [{ code: 'J45.909', system: '2.16.840.1.113883.6.90', systemName: 'ICD-10-CM', display: 'Asthma' }], details: { severity: SEVERE, comment: 'Since school.' } }),
    item('problems', { code: null, system: null, systemName: null, display: 'Words <alone> & "quoted"', start: '2019', end: '2020-04', status: 'resolved', isActive: false }),
    item('problems', { display: 'Remission of it', status: 'in remission', isActive: true }), item('problems', { display: 'Not this', status: 'active', isActive: false, isAbsence: true }),
  ],
  medications: [
    item('medications', { status: 'active', details: { dose: '2 tablet', route: 'oral', form: 'tablet', frequency: 'every 8 hours, at bedtime', instructions: 'With water, in the morning.', precondition: 'Wheezing', reason: 'Pain', comment: 'Asked twice.' } }),
    item('medications', { display: 'Over', status: 'completed', isActive: false, end: '2024-05-06', details: { dose: '1 - 2 mg', frequency: 'every 4–6 hours' } }), item('medications', { display: 'Held back', status: 'on hold', isActive: true }),
  ],
  allergies: [
    item('allergies', { status: 'active', details: { allergyType: 'Drug allergy', severity: SEVERE, criticality: 'high risk', reactions: [{ display: 'Hives', severity: 'Mild' }, { display: 'Cough', severity: null }], comment: 'By mother.' } }),
    item('allergies', { code: null, system: null, systemName: null, display: 'No known allergies', status: 'active', isActive: false, isAbsence: true }), item('allergies', { display: 'No known allergy: Latex', status: 'active', isActive: false, isAbsence: true }),
    item('allergies', { display: 'Outgrown', status: 'resolved', isActive: false, end: '2021' }),
  ],
  immunizations: [
    item('immunizations', { details: { dose: '.5 mL', route: 'Intramuscular', bodySite: 'Left arm', lotNumber: 'L-1', manufacturer: 'Maker', doseNumber: '2', performer: 'Jordan Ellis', comment: 'None felt.' } }),
    item('immunizations', { display: 'Refused', status: 'not given', isActive: false, isAbsence: true, details: { reason: 'Refused by parent' } }),
  ],
  results: [
    item('results', { details: { panel: 'Blood count', value: '13.2', unit: 'g/dL', interpretation: 'high', referenceRange: '12 - 16 g/dL', performer: 'Jordan Ellis', bodySite: 'Arm', comment: 'Repeat.' } }),
    item('results', { display: 'Titre', details: { panel: 'Blood count', value: '1:128', interpretation: 'odd' } }), item('results', { display: 'Bound', details: { value: '< 5', unit: 'mg/L' } }), item('results', { display: 'Range', details: { value: '3 - 4', unit: '10*3/uL' } }),
    item('results', { display: 'Coded', details: { value: 'Positive', valueCode: { code: '10828004', system: '2.16.840.1.113883.6.96', systemName: 'SNOMED CT', display: 'Positive' } } }), item('results', { display: 'Cells', details: { value: '4', unit: 'cells per field' } }),
  ],
  vital_signs: [item('vital_signs', { start: '2024-02-03T10:15-05:00', details: { value: '120', unit: 'mm[Hg]' } }), item('vital_signs', { display: 'Pulse', start: '2024-02-03T10:15-05:00', details: { value: '70', unit: '/min' } })],
  procedures: [item('procedures', { details: { bodySite: 'Knee', performer: 'Jordan Ellis', location: 'Theatre 2', device: 'Screw', comment: 'Left.' } }), item('procedures', { display: 'Declined', status: 'not done', isActive: false, isAbsence: true })],
  encounters: [item('encounters', { start: '2024-02-03T10:15-05:00', end: '2024-02-03T10:45-05:00', status: null, details: { location: 'Room 3', performer: 'Jordan Ellis', diagnoses: ['Something', 'In words'], comment: 'Late.' } })],
  social_history: [item('social_history', { details: { value: '10', unit: 'cigarette' } }), item('social_history', { display: 'Work', end: '2025-01-01', isActive: false, details: { value: 'Baker' } })],
};
const PERSON = readPerson(
  '<name use="L"><prefix>Dr</prefix><given>Ada</given><given>Mary</given><given qualifier="CL">Addie</given><family>O’Lovell-García</family><suffix>Jr</suffix></name><administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1" codeSystemName="AdministrativeGender" displayName="Female"/><birthTime value="19561210"/><sdtc:deceasedInd value="true"/><sdtc:deceasedTime value="20240102"/><maritalStatusCode code="M" codeSystem="2.16.840.1.113883.5.2" codeSystemName="MaritalStatus" displayName="Married"/><raceCode code="2106-3" codeSystem="2.16.840.1.113883.6.238" displayName="White"/><sdtc:raceCode nullFlavor="OTH"><originalText>Somewhere else</originalText></sdtc:raceCode><ethnicGroupCode code="2186-5" codeSystem="2.16.840.1.113883.6.238" displayName="Not Hispanic or Latino"/><languageCommunication><languageCode code="es"/><preferenceInd value="true"/></languageCommunication><languageCommunication><languageCode code="en"/><preferenceInd value="false"/></languageCommunication>',
  '<id root="1.3.6.1.4.1.99999.7" extension="A-1" assigningAuthorityName="Mill"/><addr use="HP"><streetAddressLine>1 Quarry Lane</streetAddressLine><streetAddressLine>Flat 2</streetAddressLine><city>Troy</city><state>NY</state><postalCode>12180</postalCode><country>US</country></addr><addr><city>Albany</city></addr><telecom use="HP" value="tel:+12125550101"/><telecom value="mailto:ada@example.org"/>',
);

t.test('every value that an item can have is written and read back', async (t) => {
  const back = readText(write(PERSON, EVERYTHING));
  for (const kind of KINDS) t.same(inOrder(statementsOf(back)[kind].map(plain)), inOrder(EVERYTHING[kind].map((each) => plain({ ...each, details: inWords(each) }))), kind);
  t.same(back.patient, PERSON);
  t.match(back.header, { typeCode: { code: '34133-9' }, custodian: PRACTICE.name });
  t.equal(back.sections.length, 9);
  for (const { narrativeHtml } of back.sections) t.match(narrativeHtml, /<table>/);
  t.same([back.missing, back.repairs, back.warnings], [[], [], []]);
});

/** A unit that XML Schema cannot hold stays beside its number, in words. */
function inWords({ details: { unit, value, ...rest } }: Item): ItemDetails {
  return { ...rest, ...(value === undefined ? {} : { value: unit?.includes(' ') ? `${value} ${unit}` : value }), ...(unit === undefined || unit.includes(' ') ? {} : { unit }) };
}

t.test('documents of the demo come back as they were', async (t) => {
  const { patients, profile } = generatePractice({ seed: 'writer', slug: 'willow', patients: 25, today: '2026-03-04', staff: [{ id: 'agent', role: 'AGENT' }] });
  for (const patient of patients) {
    const first = readDocument(bytesOf(renderCcd({ patient, profile, author: { id: 'agent', given: 'Ana', family: 'Fisher' }, writtenAt: '2026-03-04T18:00:00.000Z' })));
    const second = again(first);
    t.same(second.patient, first.patient, patient.key);
    t.same(statementsOf(second).problems.length > 0, patient.history.conditions.length > 0);
    for (const kind of KINDS) t.same(inOrder(statementsOf(second)[kind].map(plain)), inOrder(statementsOf(first)[kind].map(plain)), `${patient.key} ${kind}`);
  }
});

t.test('statements of real documents come back as they were', needsSamples, async (t) => {
  const differing: string[] = [];
  let items = 0;
  for (const name of sampleNames()) {
    const first = readDocument(sampleBytes(name));
    const [before, after] = [statementsOf(first), statementsOf(again(first))];
    for (const kind of KINDS) {
      // A status and a code system's OID are required here and need not be there; what was true when the document was made may be over by now.
      const core = (each: Item) => { const { status: _status, isActive: _active, system: _system, systemName: _name, isAbsence: _absence, ...rest } = plain(each); return rest; };
      const [was, is] = [inOrder(before[kind].map(core)), inOrder(after[kind].map(core))];
      items += was.length;
      differing.push(...was.filter((text) => !is.includes(text)).map((text) => `${name} ${text}`));
    }
  }
  t.ok(items > 5000, `${items} items`);
  t.ok(differing.length <= 1, `a medication whose instructions are that there is none: ${differing}`);
});

t.test('what is masked is absent, and says MSK where the header demands an element', async (t) => {
  const withheld: Patient = { ...PERSON, name: { ...PERSON.name, given: '', family: '', middle: '', nickname: '' }, birthDate: null, sex: null, identifiers: [], addresses: [], telecoms: [], maritalStatus: null, races: [], ethnicities: [] };
  const xml = write(withheld, NOTHING, ['givenName', 'familyName', 'birthDate', 'sex', 'identifiers', 'addresses', 'telecoms', 'maritalStatus', 'race', 'ethnicity']);
  for (const element of ['given', 'family', 'birthTime', 'administrativeGenderCode', 'id', 'addr', 'telecom', 'maritalStatusCode', 'raceCode', 'ethnicGroupCode']) t.match(xml, `<${element} nullFlavor="MSK"/>`, element);
  t.notMatch(write(withheld, NOTHING), 'MSK', 'what nobody recorded is not said to be withheld');
  t.equal(xml.match(/<section nullFlavor="NI">/g)?.length, 9);
});

t.test('valid against CDA_SDTC.xsd', { skip: skipReason() }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wardkeep-ccd-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const hostile = { ...EVERYTHING, problems: [item('problems', { code: 'two words', system: 'not an OID', display: 'bell \u0007 & <b>' })] };
  const texts = [write(PERSON, EVERYTHING), write(PERSON, hostile), write({ ...PERSON, identifiers: [], addresses: [], telecoms: [], birthDate: null, sex: null }, NOTHING, ['birthDate', 'addresses']), ...sampleNames().map((name) => { const read = readDocument(sampleBytes(name)); return write(read.patient, statementsOf(read)); })];
  texts.forEach((text, at) => writeFileSync(join(folder, `${at}.xml`), text));
  const check = (...files: string[]) => spawnSync('xmllint', ['--noout', '--nonet', '--schema', SCHEMA, ...files], { encoding: 'utf8' });
  const { status, stderr } = check(...texts.map((_text, at) => join(folder, `${at}.xml`)));
  t.equal(status, 0, stderr.split('\n').filter((line) => !line.endsWith(' validates')).slice(0, 5).join('\n'));
});

function skipReason(): string | false {
  if (process.env['CI'] === 'true') return false;
  if (!existsSync(SCHEMA)) return 'no CDA schema under ../shared/data';
  return spawnSync('xmllint', ['--version']).error ? 'xmllint is not installed (Debian: libxml2-utils)' : false;
}
