// Every public sample against an extraction that shares no code with the reader, and some of them against what the eye sees in the source.

import t from 'tap';
import { DocumentRefusal } from '../../core/clinical/document-refusal.ts';
import { readDocument } from '../../core/clinical/read-document.ts';
import { needsSamples, sampleBytes, sampleNames } from './sample-documents.ts';
import type { ClinicalDocument, Item, SectionKind } from '../../core/clinical/clinical-document.ts';

type Scanned = { given: string; family: string; birthDate: string; gender: string };

/** Regular expressions on the raw text: first name of the first patient, as written. */
function scan(bytes: Uint8Array): Scanned {
  const text = new TextDecoder().decode(bytes).replace(/<!--[^]*?-->/g, '');
  const patient = /<patient[ >][^]*?<\/patient>/.exec(text)?.[0] ?? '';
  const name = /<name[^>]*>[^]*?<\/name>/.exec(patient)?.[0] ?? '';
  const part = (tag: string): string => (new RegExp(`<${tag}[^>]*>([^<]*)</${tag}>`).exec(name)?.[1] ?? '').trim();
  const [, year = '', month = '', day = ''] = /<birthTime[^>]*value="(\d{4})(\d\d)(\d\d)/.exec(patient) ?? [];
  return { given: part('given'), family: part('family'), birthDate: `${year}-${month}-${day}`, gender: /<administrativeGenderCode[^>]*\bcode="([^"]*)"/.exec(patient)?.[1] ?? '' };
}

const SEX_OF_CODE: Readonly<Record<string, string>> = { M: 'male', F: 'female' };

t.test('every sample is read with the right name, birth date and sex', needsSamples, async (t) => {
  const names = sampleNames();
  t.equal(names.length, 166);
  for (const name of names) {
    const bytes = sampleBytes(name);
    const { patient, missing } = readDocument(bytes);
    const expected = scan(bytes);
    t.ok(expected.given !== '' && expected.family !== '' && SEX_OF_CODE[expected.gender] !== undefined && /^\d{4}-\d\d-\d\d$/.test(expected.birthDate), `${name}: the scan found everything`);
    t.strictSame({ given: patient.name.given, family: patient.name.family, birthDate: patient.birthDate, sex: patient.sex, missing }, { given: expected.given, family: expected.family, birthDate: expected.birthDate, sex: SEX_OF_CODE[expected.gender], missing: [] }, name);
  }
});

/** Entries counted in the raw text: each must come out as an item or be warned about. */
t.test('no entry of a known section is lost', needsSamples, async (t) => {
  const counted: [name: string, kind: SectionKind, pattern: RegExp][] = [
    ['emerge/Patient-1.xml', 'medications', /<substanceAdministration[^>]*>\s*(?:<!--[^]*?-->\s*)*<templateId root="2\.16\.840\.1\.113883\.10\.20\.22\.4\.16"/g],
    ['emerge/Patient-1.xml', 'vital_signs', /<templateId root="2\.16\.840\.1\.113883\.10\.20\.22\.4\.27"/g],
    ['emerge/Patient-75.xml', 'results', /<templateId root="2\.16\.840\.1\.113883\.10\.20\.22\.4\.2"/g],
    ['emerge/Patient-75.xml', 'allergies', /<templateId root="2\.16\.840\.1\.113883\.10\.20\.22\.4\.7"/g],
    ['practicefusion_samples/IsabellaJones-ReferralSummary.xml', 'problems', /<templateId root="2\.16\.840\.1\.113883\.10\.20\.22\.4\.4"/g],
    ['partners_healthcare/LMR1TEST.xml', 'results', /<templateId root="2\.16\.840\.1\.113883\.10\.20\.22\.4\.2"/g],
  ];
  for (const [name, kind, pattern] of counted) {
    const bytes = sampleBytes(name);
    const found = itemsOf(readDocument(bytes), kind).length;
    t.equal(found, new TextDecoder().decode(bytes).match(pattern)?.length, `${name}: ${kind}`);
    t.ok(found > 0);
  }
});

const itemsOf = (document: ClinicalDocument, kind: SectionKind): Item[] => document.sections.filter((section) => section.kind === kind).flatMap((section) => section.items);

const line = (item: Item): string => [item.display, item.code ?? '-', item.status ?? '-', item.isActive ? 'active' : item.isAbsence ? 'absent' : 'past', item.start?.slice(0, 10) ?? '-', item.end?.slice(0, 10) ?? '-'].join(' | ');

// Each line was compared by eye with the XML of its document.
const BY_EYE: { name: string; kind: SectionKind; items: string[] }[] = [
  { name: 'hl7/CCD__CCD_1__CCD.XML', kind: 'problems', items: ['Pneumonia | 233604007 | resolved | past | 2013-07-03 | 2008-08-14', 'Chest pain | 29857009 | active | active | 2007-04-14 | -', 'Angina | 194828000 | active | active | 2007-04-17 | -', 'Pneumonia | 233604007 | resolved | past | 1998-03-10 | 1998-03-16'] },
  { name: 'practicefusion_samples/IsabellaJones-ReferralSummary.xml', kind: 'allergies', items: ['Bicillin L-A | 731570 | active | active | 2013-11-26 | -', 'Codeine Phosphate | 601263 | active | active | 2013-11-25 | -', 'Aspirin | 212033 | active | active | 2013-11-26 | -'] },
  { name: 'kareo_samples/Kareo_CCD_export_Joey_Miller.ccd', kind: 'problems', items: ['Hypothyroidism | 40930008 | active | active | 2012-08-05 | -', 'Acute bronchitis | 10509002 | active | active | 2012-10-02 | -'] },
  { name: 'kareo_samples/Kareo_SummaryOfCare_export_Joey_Miller.xml', kind: 'allergies', items: ['No information about allergies | - | active | absent | - | -'] },
  { name: 'greenway/26562_ExportSummary_CCDA.xml', kind: 'medications', items: ['metoprolol tartrate Oral Tablet 25 mg | 453953 | no longer active | past | 2013-01-01 | 2013-01-31', 'Proventil HFA Inhalation HFA Aerosol Inhaler 90 mcg/actuation | 267456 | no longer active | past | 2013-01-01 | 2013-01-31', 'azithromycin Oral Tablet 500 mg | 445655 | no longer active | past | 2013-01-24 | 2013-02-23'] },
  { name: 'partners_healthcare/partners.ccda.xml', kind: 'medications', items: ['Albuterol 0.09 MG/ACTUAT Metered Dose Inhaler | 1360201 | active | active | 2013-03-07 | -', 'Clarithromycin 500 MG Oral Tablet | 197517 | active | past | 2013-02-22 | 2013-03-01'] },
  { name: 'partners_healthcare/LMR2TEST.xml', kind: 'problems', items: ['No problem data is applicable | - | active | absent | 2014-02-12 | -'] },
  { name: 'nist_samples/CCDA_CCD_b1_InPatient_v2.xml', kind: 'immunizations', items: ['Influenza virus vaccine | 88 | completed | active | 2012-05-10 | -', 'Tetanus and diphtheria toxoids - preservative free | 103 | completed | active | 2012-04-01 | -'] },
];

for (const { name, kind, items } of BY_EYE) {
  t.test(`${name}: ${kind} as the eye reads them`, needsSamples, async (t) => t.strictSame(itemsOf(readDocument(sampleBytes(name)), kind).map(line), items));
}

t.test('values, units, ranges and reactions come with their items', needsSamples, async (t) => {
  const ccd = readDocument(sampleBytes('hl7/CCD__CCD_1__CCD.XML'));
  t.match(itemsOf(ccd, 'results')[0], { display: 'Hemoglobin', code: '718-7', systemName: 'LOINC', details: { panel: 'CBC W Auto Differential panel in Blood', value: '13.2', unit: 'g/dL', interpretation: 'normal', referenceRange: '12.0 - 15.5 g/dL' } });
  t.match(itemsOf(ccd, 'allergies')[0], { display: 'Penicillin', details: { reactions: [{ display: 'Nausea', severity: 'Mild' }] } });
  t.match(itemsOf(ccd, 'medications')[0], { details: { frequency: 'every 6 hours', form: 'Puff', reason: 'Asthma' } });
  t.match(itemsOf(ccd, 'immunizations').find((item) => item.isAbsence && item.details.reason !== undefined), { display: 'meningococcal C conjugate vaccine', status: 'not given', details: { reason: 'patient objection' } });
  t.match(itemsOf(ccd, 'encounters')[0], { code: '99213', details: { diagnoses: ['Pneumonia'], location: 'Good Health Urgent Care' } });
  t.match(ccd.header, { title: 'Patient Chart Summary', effectiveTime: '2013-08-15T10:30-08:00', setId: '2.16.840.1.113883.19.5.99999.19^sTT988', versionNumber: 1, custodian: 'Good Health HIE' });
});

t.test('an unstructured document keeps its file', needsSamples, async (t) => {
  const document = readDocument(sampleBytes('hl7_samples/UD.sample.xml'));
  t.equal(document.patient.name.family, 'Everyman');
  t.match(document.attachments, [{ reference: 'UD_sample.pdf', bytes: null }]);
});

t.test('narrative is kept wherever there is any', needsSamples, async (t) => {
  for (const name of sampleNames()) {
    const document = readDocument(sampleBytes(name));
    const texts = new TextDecoder().decode(sampleBytes(name)).match(/<section[ >]/g)?.length ?? 0;
    if (texts > 0) t.ok(document.sections.some((section) => section.narrativeHtml.length > 20), name);
    t.notMatch(document.sections.map((section) => section.narrativeHtml).join(''), /<script|\son\w+=|javascript:|style=/i);
  }
});

t.test('damaged documents are read or refused, never anything else', needsSamples, async (t) => {
  // xorshift32: the same damage in every run.
  let state = 771;
  const random = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const names = sampleNames().filter((name) => !name.startsWith('emerge/'));
  const outcomes = { read: 0, refused: 0 };
  for (let i = 0; i < 300; i++) {
    const bytes = Uint8Array.from(sampleBytes(names[random(names.length)] as string));
    const from = random(bytes.length);
    const length = random(200);
    const damage = [() => bytes.subarray(0, from), () => bytes.fill(random(256), from, from + length % 4), () => bytes.copyWithin(from, random(bytes.length), random(bytes.length)), () => Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + length)])];
    try {
      readDocument((damage[i % damage.length] as () => Uint8Array)());
      outcomes.read += 1;
    } catch (error) {
      if (!(error instanceof DocumentRefusal)) throw error;
      outcomes.refused += 1;
    }
  }
  t.ok(outcomes.read > 0 && outcomes.refused > 100, JSON.stringify(outcomes));
});

t.test('at least 60 documents a second on one core', needsSamples, async (t) => {
  const all = sampleNames().map(sampleBytes);
  // Processor time, so that neighbours on the machine do not decide.
  const before = process.cpuUsage();
  for (const bytes of all) readDocument(bytes);
  const { user, system } = process.cpuUsage(before);
  const rate = all.length / ((user + system) / 1e6);
  t.comment(`${rate.toFixed(0)} documents/s`);
  t.ok(rate > 60);
});
