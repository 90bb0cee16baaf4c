// Whole documents in the manner of products that the public samples do not hold. Persons and numbers are invented.

import t from 'tap';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDocument } from '../../core/clinical/read-document.ts';
import type { ClinicalDocument } from '../../core/clinical/clinical-document.ts';

const read = (name: string): ClinicalDocument => readDocument(readFileSync(join(import.meta.dirname, 'fixtures', name)));
const shown = (document: ClinicalDocument): string[] => document.sections.flatMap((section) => section.items.map((item) => `${section.kind}: ${item.display}`));

t.test('references everywhere, versions in templates, sdtc (Epic)', async (t) => {
  const document = read('epic-style.xml');
  t.strictSame([document.missing, document.repairs], [[], []]);
  const { patient } = document;
  t.strictSame(patient.name, { prefix: '', given: 'Tamsin', middle: 'Rae', family: 'Okafor', suffix: 'Jr.', nickname: '', use: 'L' });
  t.strictSame([patient.birthDate, patient.sex, patient.birthSex?.code, patient.isDeceased], ['1983-11-04', 'female', 'F', false]);
  t.strictSame(patient.identifiers.map((each) => [each.extension, each.isMatchable]), [['E7700123', true], ['MRN00412', true]]);
  t.strictSame(patient.telecoms.map((each) => each.value), ['+1-608-555-0142', '+1-608-555-0143', 't.okafor@example.org']);
  t.strictSame(patient.races.map((each) => each.display), ['Black or African American']);
  t.strictSame(shown(document), ['allergies: Amoxicillin', 'problems: Type 2 diabetes mellitus', 'social_history: Sex Assigned at Birth']);
  const [allergy, problem] = document.sections.flatMap((section) => section.items);
  t.match(allergy, { code: '723', systemName: 'RxNorm', start: '2020-01-15', isActive: true, narrativeRef: 'allergy1', details: { reactions: [{ display: 'Rash', severity: null }], allergyType: 'Propensity to adverse reactions to drug' } });
  t.match(problem, { code: '44054006', start: '2018-06-02', narrativeRef: 'problem1name', translations: [{ code: 'E11.9', systemName: 'ICD-10-CM' }] });
  t.match(document.header, { versionNumber: 3, setId: '1.2.840.114350.1.13.99998.1.7.1.1^set-1', authors: ['EHR 2023'] });
  t.match(document.warnings, [{ code: 'section.narrative_only', count: 1 }]);
});

t.test('every element prefixed (Cerner)', async (t) => {
  const document = read('cerner-style-prefixed.xml');
  t.strictSame([document.missing, document.repairs], [[], []]);
  t.strictSame([document.patient.name.given, document.patient.name.middle, document.patient.name.family], ['BRANDON', '', 'NGUYEN']);
  t.strictSame([document.patient.birthDate, document.patient.sex], ['1970-08-24', 'male'], 'the day as written, not moved by the zone');
  t.strictSame([document.patient.isDeceased, document.patient.deceasedDate], [true, '2021-02-28']);
  t.strictSame(document.patient.races.map((each) => each.display), ['2028-9', 'Vietnamese']);
  t.strictSame(shown(document), ['allergies: No known allergies', 'results: Potassium Level']);
  t.match(document.sections[1]?.items[0], { start: '2021-03-01T22:15:00-06:00', details: { value: '4.1', unit: 'mmol/L' } });
  t.match(document.sections[1]?.narrativeHtml, /<table><tbody><tr><td>K<\/td><td>4\.1<\/td>/);
});

t.test('no namespace, bare ampersands, HTML entities, one-text name', async (t) => {
  const document = read('no-namespace-careless.xml');
  t.strictSame(document.missing, []);
  t.strictSame([document.patient.name.family, document.patient.name.given, document.patient.name.middle], ["O'BRIEN", 'SIOBHÁN', 'M']);
  t.strictSame([document.patient.birthDate, document.patient.sex], ['1962-07-09', 'female']);
  t.strictSame(document.header.title, 'Visit Summary -- Smith & Sons Family Practice');
  t.strictSame(shown(document), ['problems: Hypertension (BP < 140/90 on therapy)']);
  t.strictSame(document.repairs.map((repair) => repair.code).sort(), ['ampersand.escaped', 'birth_date.format', 'comment.removed', 'entity.replaced', 'less_than.escaped', 'name.split', 'namespace.missing', 'prefix.undeclared', 'prologue.removed', 'tag.closed']);
  t.match(document.repairs.find((repair) => repair.code === 'ampersand.escaped'), { count: 2, line: 4 });
});

t.test('C32 with sections by template or title alone', async (t) => {
  const document = read('c32-titles-only.xml');
  t.strictSame(document.missing, [{ field: 'birthDate', reason: 'The birth date is given without its day.' }]);
  t.strictSame([document.patient.birthDate, document.patient.sex], ['1950-03', 'male']);
  t.strictSame(shown(document), ['medications: Lisinopril 20 MG Oral Tablet', 'immunizations: Influenza vaccine']);
  t.match(document.sections[0]?.items[0], { status: 'active', isActive: true, start: '2009-01-12', details: { frequency: 'every 24 hours', dose: '1' } });
  t.equal(document.sections[1]?.items[0]?.start, '2009-10-15');
});

t.test('British: NHS number, its gender list, no city', async (t) => {
  const document = read('nhs-style.xml');
  t.strictSame(document.missing, []);
  t.strictSame([document.patient.name.prefix, document.patient.name.given, document.patient.name.family, document.patient.birthDate, document.patient.sex], ['Mrs', 'Bronwen', 'ap Rhys', '1940-05-17', 'female']);
  t.match(document.patient.identifiers, [{ kind: 'national', isMatchable: true }]);
  t.match(document.patient.addresses, [{ lines: ['12 Mill Street', 'Leeds'], postalCode: 'LS1 4DY' }]);
  t.match(document.sections[0], { kind: 'medications', narrativeHtml: '<strong>Morphine</strong> 10 mg' });
});

t.test('a newborn without given name, sex and day waits for a person', async (t) => {
  const document = read('newborn-incomplete.xml');
  t.strictSame(document.missing.map((each) => each.field), ['birthDate', 'sex']);
  t.strictSame([document.patient.name.given, document.patient.name.family, document.patient.birthDate], ['', 'Castellano', '2022']);
  t.equal(document.sections[0]?.narrativeHtml, '<pre>Healthy newborn, weight 3.4 kg &amp; length 51 cm.</pre>');
});
