import { stringify } from 'csv-stringify/sync';
import type { DemoPatient } from '../../core/demo/practice.ts';

type FaultyRow = { line: number; column: string; why: string };

const COLUMNS = ['Record No', 'Last Name', 'First Name', 'DOB', 'Sex', 'Mobile', 'E-mail', 'Street', 'City', 'State', 'ZIP', 'Language', 'Notes'] as const;
type Column = (typeof COLUMNS)[number];
type Cells = Record<Column, string>;

/** What to spoil, and what a good importer answers. */
const FAULTS: readonly (readonly [Column, string, string])[] = [
  ['DOB', '02/30/1984', 'no such day'],
  ['Last Name', '', 'family name missing'],
  ['DOB', '2091-04-12', 'birth date in the future'],
  ['E-mail', 'call me maybe', 'not an e-mail address'],
  ['Mobile', '555', 'not a phone number'],
  ['Sex', 'yes', 'not a sex'],
];

/**
 * An export as another system would write it: its own headings, US dates, formatted phones, a byte order mark, quotes and
 * line breaks inside cells; the faulty rows stand spread among the good ones.
 * @returns the text, and per faulty row its line as a spreadsheet counts rows (heading = 1), column and reason.
 */
export function renderPatientCsv(patients: readonly DemoPatient[]): { text: string; faulty: FaultyRow[] } {
  const rows = patients.map(toCells);
  const faulty: FaultyRow[] = [];
  const gap = Math.max(1, Math.floor(rows.length / FAULTS.length));
  for (const [index, [column, value, why]] of FAULTS.entries()) {
    const row = rows[index * gap];
    if (!row) break;
    row[column] = value;
    faulty.push({ line: index * gap + 2, column, why });
  }
  return { text: stringify(rows, { header: true, columns: [...COLUMNS], bom: true, record_delimiter: 'windows', quoted_match: /[\r\n]/ }), faulty };
}

function toCells(patient: DemoPatient): Cells {
  const [year = '', month = '', day = ''] = patient.birthDate.split('-');
  const phone = patient.phones[0]?.value ?? '';
  const { address } = patient;
  return {
    'Record No': patient.mrn,
    'Last Name': patient.name.family,
    'First Name': patient.name.given,
    DOB: `${month}/${day}/${year}`,
    Sex: patient.sex === 'female' ? 'F' : 'M',
    Mobile: phone.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, '($1) $2-$3'),
    'E-mail': patient.emails[0]?.value ?? '',
    Street: address.line2 ? `${address.line1}\n${address.line2}` : address.line1,
    City: address.city,
    State: address.state,
    ZIP: address.postalCode,
    Language: patient.language,
    Notes: patient.notes ?? '',
  };
}
