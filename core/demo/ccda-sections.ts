import type { CcdSource } from './ccda.ts';
import { allergyEntry, conditionEntry, encounterEntry, immunizationEntry, medicationEntry, procedureEntry, smokingEntry, type Entry } from './ccda-entries.ts';
import { panelEntry, vitalsEntry } from './ccda-measurements.ts';
import { narrative, templates } from '../clinical/writer/elements.ts';
import { code } from './ccda-types.ts';
import type { Random } from './random.ts';
import { el, type Xml } from '../clinical/writer/xml.ts';

type SectionKind<T> = {
  /** `root:extension`; the entries-required template wherever R2.1 has one. */
  template: string;
  loinc: string;
  title: string;
  headings: readonly string[];
  none: string;
  items: readonly T[];
  entry: (random: Random, item: T, id: string) => Entry;
};

/** The sections a CCD must and should hold (C-CDA R2.1 §1.1.4), each with narrative and entries. */
export function ccdaSections({ patient, profile }: CcdSource, random: Random): Xml[] {
  const { history } = patient;
  return [
    section(random, { template: '2.16.840.1.113883.10.20.22.2.6.1:2015-08-01', loinc: '48765-2', title: 'Allergies and adverse reactions',
      headings: ['Substance', 'Reaction', 'Severity', 'Since'], none: 'No known allergies', items: history.allergies, entry: allergyEntry }),
    section(random, { template: '2.16.840.1.113883.10.20.22.2.1.1:2014-06-09', loinc: '10160-0', title: 'Medications',
      headings: ['Medication', 'Directions', 'From', 'To'], none: 'No known medications', items: history.medications, entry: medicationEntry }),
    section(random, { template: '2.16.840.1.113883.10.20.22.2.5.1:2015-08-01', loinc: '11450-4', title: 'Problems',
      headings: ['Problem', 'ICD-10-CM', 'Onset', 'Resolved'], none: 'No known problems', items: history.conditions, entry: conditionEntry }),
    section(random, { template: '2.16.840.1.113883.10.20.22.2.7.1:2014-06-09', loinc: '47519-4', title: 'Procedures',
      headings: ['Procedure', 'Date'], none: 'No known procedures', items: history.procedures, entry: procedureEntry }),
    section(random, { template: '2.16.840.1.113883.10.20.22.2.3.1:2015-08-01', loinc: '30954-2', title: 'Results',
      headings: ['Panel', 'Date', 'Values'], none: 'No results', items: history.panels, entry: panelEntry }),
    section(random, { template: '2.16.840.1.113883.10.20.22.2.17:2015-08-01', loinc: '29762-2', title: 'Social history',
      headings: ['Observation', 'Value', 'As of'], none: 'Nothing recorded', items: history.smoking ? [history.smoking] : [], entry: smokingEntry }),
    section(random, { template: '2.16.840.1.113883.10.20.22.2.4.1:2015-08-01', loinc: '8716-3', title: 'Vital signs',
      headings: ['Date', 'Values'], none: 'No vital signs', items: history.vitals, entry: vitalsEntry }),
    section(random, { template: '2.16.840.1.113883.10.20.22.2.2.1:2015-08-01', loinc: '11369-6', title: 'Immunizations',
      headings: ['Vaccine', 'Date', 'Lot'], none: 'No immunizations on record', items: history.immunizations, entry: immunizationEntry }),
    section(random, { template: '2.16.840.1.113883.10.20.22.2.22.1:2015-08-01', loinc: '46240-8', title: 'Encounters',
      headings: ['Visit', 'Date', 'Diagnosis'], none: 'No encounters', items: history.encounters, entry: (...args) => encounterEntry(profile, ...args) }),
  ];
}

/** An empty section says that it holds nothing (nullFlavor NI) instead of leaving the reader to guess. */
function section<T>(random: Random, kind: SectionKind<T>): Xml {
  const prefix = kind.title.toLowerCase().replace(/ .*/, '');
  const entries = kind.items.map((item, index) => kind.entry(random, item, `${prefix}-${index + 1}`));
  return el('section', entries.length === 0 ? { nullFlavor: 'NI' } : {},
    ...templates(kind.template),
    code('code', 'loinc', kind.loinc, kind.title),
    el('title', {}, kind.title),
    narrative(kind.headings, entries.map((entry) => entry.row), kind.none),
    entries.map((entry) => el('entry', { typeCode: 'DRIV' }, entry.xml)));
}
