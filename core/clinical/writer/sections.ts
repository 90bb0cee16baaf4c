import type { Coded, Item, ItemKind } from '../clinical-document.ts';
import { encounterEntry, procedureEntry, socialEntry } from './acts.ts';
import { allergyEntry, problemEntry } from './concerns.ts';
import { fixed, narrative, templates } from './elements.ts';
import type { Written } from './entry.ts';
import { resultEntries, vitalSignEntries } from './measurements.ts';
import { immunizationEntry, medicationEntry } from './substances.ts';
import { el, type Xml } from './xml.ts';

export type Statements = Readonly<Record<ItemKind, readonly Item[]>>;

type SectionSpec = {
  readonly kind: ItemKind;
  /** `root:extension`; the entries-required template wherever R2.1 has one. */
  readonly template: string;
  readonly loinc: string;
  readonly title: string;
  readonly headings: readonly string[];
  readonly cells: (item: Item) => readonly (string | null | undefined)[];
  readonly entries: (written: readonly Written[], codeOf: (display: string) => Coded | undefined) => Xml[];
};

const each = (entry: (written: Written) => Xml) => (written: readonly Written[]) => written.map(entry);
const amount = ({ details: { value, unit } }: Item): string => `${value ?? ''} ${unit ?? ''}`.trim();
const said = ({ details }: Item): string => [details.dose, details.form, details.route, details.frequency, details.precondition && `as needed: ${details.precondition}`, details.instructions].filter(Boolean).join(', ');

/** The sections a CCD must and should hold (C-CDA R2.1, 1.1.4). */
const SECTIONS: readonly SectionSpec[] = [
  { kind: 'allergies', template: '2.16.840.1.113883.10.20.22.2.6.1:2015-08-01', loinc: '48765-2', title: 'Allergies and adverse reactions', headings: ['Substance', 'Reaction', 'Severity', 'Status', 'From', 'To'],
    cells: ({ details, status, start, end }) => [details.reactions?.map(({ display, severity }) => (severity === null ? display : `${display} (${severity})`)).join(', '), details.severity, status, start, end], entries: each(allergyEntry) },
  { kind: 'medications', template: '2.16.840.1.113883.10.20.22.2.1.1:2014-06-09', loinc: '10160-0', title: 'Medications', headings: ['Medication', 'Directions', 'Status', 'From', 'To'],
    cells: (item) => [said(item), item.status, item.start, item.end], entries: each(medicationEntry) },
  { kind: 'problems', template: '2.16.840.1.113883.10.20.22.2.5.1:2015-08-01', loinc: '11450-4', title: 'Problems', headings: ['Problem', 'Status', 'Onset', 'Resolved'],
    cells: ({ status, start, end }) => [status, start, end], entries: each(problemEntry) },
  { kind: 'procedures', template: '2.16.840.1.113883.10.20.22.2.7.1:2014-06-09', loinc: '47519-4', title: 'Procedures', headings: ['Procedure', 'Status', 'Date', 'Site'],
    cells: ({ status, start, details }) => [status, start, details.bodySite], entries: each(procedureEntry) },
  { kind: 'results', template: '2.16.840.1.113883.10.20.22.2.3.1:2015-08-01', loinc: '30954-2', title: 'Results', headings: ['Test', 'Value', 'Interpretation', 'Reference', 'Panel', 'Date'],
    cells: (item) => [amount(item), item.details.interpretation, item.details.referenceRange, item.details.panel, item.start], entries: resultEntries },
  { kind: 'social_history', template: '2.16.840.1.113883.10.20.22.2.17:2015-08-01', loinc: '29762-2', title: 'Social history', headings: ['Observation', 'Value', 'From', 'To'],
    cells: (item) => [amount(item), item.start, item.end], entries: each(socialEntry) },
  { kind: 'vital_signs', template: '2.16.840.1.113883.10.20.22.2.4.1:2015-08-01', loinc: '8716-3', title: 'Vital signs', headings: ['Sign', 'Value', 'Interpretation', 'Date'],
    cells: (item) => [amount(item), item.details.interpretation, item.start], entries: vitalSignEntries },
  { kind: 'immunizations', template: '2.16.840.1.113883.10.20.22.2.2.1:2015-08-01', loinc: '11369-6', title: 'Immunizations', headings: ['Vaccine', 'Status', 'Date', 'Lot'],
    cells: ({ status, start, details }) => [status, start, details.lotNumber], entries: each(immunizationEntry) },
  { kind: 'encounters', template: '2.16.840.1.113883.10.20.22.2.22.1:2015-08-01', loinc: '46240-8', title: 'Encounters', headings: ['Visit', 'From', 'To', 'Where', 'Diagnoses'],
    cells: ({ start, end, details }) => [start, end, details.location, details.diagnoses?.join(', ')], entries: (written, codeOf) => written.map((one) => encounterEntry(one, codeOf)) },
];

/** Each section with its narrative and its entries. An empty one says that it holds nothing (nullFlavor NI) instead of leaving the reader to guess. */
export function writeSections(statements: Statements): Xml[] {
  const coded = new Map(statements.problems.filter(({ code }) => code !== null).map((item) => [item.display, item]));
  return SECTIONS.map(({ kind, template, loinc, title, headings, cells, entries }) => {
    // The first cell names the thing: a reader that follows an entry's reference takes it for the entry's name.
    const written = statements[kind].map((item, at) => ({ item, rowId: `${kind.replace('_', '-')}-${at + 1}` }));
    const rows = written.map(({ item, rowId }) => ({ id: rowId, cells: [item.display, ...cells(item).map((cell) => cell ?? '')] }));
    return el('section', written.length === 0 ? { nullFlavor: 'NI' } : {}, ...templates(template), fixed('code', 'loinc', loinc, title), el('title', {}, title), narrative(headings, rows, 'Nothing is recorded.'),
      entries(written, (display) => coded.get(display)).map((entry) => el('entry', { typeCode: 'DRIV' }, entry)));
  });
}
