import type { Patient, Sex } from '../../clinical/clinical-document.ts';
import { parsePhone } from '../../crypto/parse-phone.ts';
import type { ContactProperty } from '../../hooks.ts';
import { readDate } from './cell-date.ts';
import type { CsvRow, CsvTable } from './csv-table.ts';
import { ownCells, type OwnValues } from './own-cells.ts';

/** A spreadsheet of patients: a mapping of its columns to our fields, and a Patient for each row or what is wrong with it. */
export const CSV_FIELDS = {
  familyName: 'Family name', givenName: 'Given name', middleName: 'Middle name', prefix: 'Prefix', suffix: 'Suffix', preferredName: 'Preferred name', birthDate: 'Birth date', sex: 'Sex',
  phone: 'Phone', mobile: 'Mobile phone', workPhone: 'Work phone', email: 'E-mail', street: 'Street', street2: 'Street, second line', city: 'City', state: 'State', postalCode: 'Postal code', country: 'Country',
  language: 'Language', mrn: 'Record number (MRN)', ssn: 'Social Security number', notes: 'Notes', tags: 'Tags',
} as const;
export type CsvField = keyof typeof CSV_FIELDS;
/** A field, or a property of the workspace's own. */
export type CsvTarget = CsvField | `custom.${string}`;
export type CsvMapping = Readonly<Record<string, CsvTarget>>;

export type CsvRowResult = { readonly line: number; readonly patient: Patient; readonly own: OwnValues } | { readonly line: number; readonly faults: readonly string[] };

const GUESSES: readonly (readonly [RegExp, CsvField])[] = [
  [/^(last|family|sur) ?name$|^last$|^surname$/i, 'familyName'], [/^(first|given) ?name$|^first$|^forename$/i, 'givenName'], [/^middle/i, 'middleName'], [/^(prefix|title)$/i, 'prefix'], [/^suffix$/i, 'suffix'],
  [/preferred|nick/i, 'preferredName'], [/^d\.?o\.?b\.?$|^born|birth/i, 'birthDate'], [/^(sex|gender)$/i, 'sex'], [/mobile|cell/i, 'mobile'], [/work.*(phone|tel)/i, 'workPhone'], [/phone|^tel/i, 'phone'], [/e-?mail/i, 'email'],
  [/street ?2|address ?(line ?)?2|apt/i, 'street2'], [/street|address/i, 'street'], [/^city|town/i, 'city'], [/^state$|province/i, 'state'], [/zip|postal|post ?code/i, 'postalCode'], [/^country$/i, 'country'],
  [/lang/i, 'language'], [/mrn|record|chart|patient ?(id|no|number)/i, 'mrn'], [/^ssn$|social/i, 'ssn'], [/note|comment/i, 'notes'], [/^(tags?|labels?)$/i, 'tags'],
];

/** Characters a cell may have. Text a megabyte long is nobody's name, keeps patterns busy for minutes (ReDoS, CWE-1333), and makes search tags by the hundred thousand. */
const LENGTH_MAX: Partial<Record<CsvField, number>> = { notes: 10_000, tags: 1_000 };
const OTHER_LENGTH_MAX = 254;

/** Fields by heading. A heading is whatever a file says, `constructor` and `__proto__` too, so nothing is inherited. */
export function mappingOf<T extends string>(pairs: Iterable<readonly [heading: string, target: T]>): Record<string, T> {
  return Object.assign(Object.create(null) as Record<string, T>, Object.fromEntries(pairs));
}

/** What the columns are probably called; each of the `targets` is given once. A property of the workspace's own is known by its whole label. */
export function guessMapping(headers: readonly string[], targets: readonly CsvTarget[] = Object.keys(CSV_FIELDS) as CsvField[], properties: readonly ContactProperty[] = []): Record<string, CsvTarget> {
  const mapping = mappingOf<CsvTarget>([]);
  const taken = new Set<CsvTarget>();
  for (const header of headers) {
    const heading = header.trim();
    const named = properties.find(({ name, label }) => [label, name].some((text) => text.toLowerCase() === heading.toLowerCase()))?.name;
    const guess = [named, ...GUESSES.filter(([pattern]) => pattern.test(heading)).map(([, field]) => field)].find((target) => target !== undefined && !taken.has(target) && targets.includes(target));
    if (guess === undefined) continue;
    taken.add(guess);
    mapping[header] = guess;
  }
  return mapping;
}

/** One row as a Patient, or the faults that keep it out. Fault texts name the field, never the value. */
export function patientOfRow(table: Pick<CsvTable, 'headers'>, row: CsvRow, mapping: CsvMapping, mrnSystem: string, today: string, properties: readonly ContactProperty[] = []): CsvRowResult {
  const placed = (target: string) => {
    const at = table.headers.findIndex((header) => mapping[header] === target);
    return { text: at < 0 ? '' : (row.cells[at] ?? '').trim(), column: at + 1 };
  };
  const cell = (field: CsvField): string => placed(field).text;
  const tooLong = (Object.keys(CSV_FIELDS) as CsvField[]).filter((field) => cell(field).length > (LENGTH_MAX[field] ?? OTHER_LENGTH_MAX));
  if (tooLong.length > 0) return { line: row.line, faults: tooLong.map((field) => `${CSV_FIELDS[field]}: longer than ${LENGTH_MAX[field] ?? OTHER_LENGTH_MAX} characters.`) };
  const { own, faults } = ownCells(placed, properties);
  if (cell('familyName') === '' || cell('givenName') === '') faults.push(cell('familyName') === '' ? 'The family name is missing.' : 'The given name is missing.');
  const birthDate = readDate(cell('birthDate'));
  if (birthDate === null) faults.push(cell('birthDate') === '' ? 'The birth date is missing.' : 'The birth date is not a day that exists.');
  else if (birthDate > today) faults.push('The birth date is in the future.');
  else if (birthDate < '1880-01-01') faults.push('The birth date is too long ago.');
  const sex = readSex(cell('sex'));
  if (sex === null) faults.push(cell('sex') === '' ? 'The sex is missing.' : 'The sex is none of female, male, other.');
  const phones = (['phone', 'mobile', 'workPhone'] as const).flatMap((field) => {
    const value = cell(field);
    if (value === '') return [];
    const phone = parsePhone(value, 'US');
    if (phone?.isPossible()) return [{ system: 'phone' as const, value: phone.number as string, use: { phone: 'HP', mobile: 'MC', workPhone: 'WP' }[field] }];
    faults.push(`${CSV_FIELDS[field]}: not a phone number.`);
    return [];
  });
  const email = cell('email');
  if (email !== '' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) faults.push('The e-mail is not an e-mail address.');
  const language = cell('language');
  if (faults.length > 0 || birthDate === null || sex === null) return { line: row.line, faults };
  const address = { use: 'H', lines: [cell('street'), cell('street2')].join('\n').split('\n').filter(Boolean), city: cell('city'), state: cell('state'), postalCode: cell('postalCode'), country: cell('country') };
  const identifier = (root: string, extension: string, kind: 'local' | 'ssn') => (extension === '' ? [] : [{ root, extension, authority: null, kind, isMatchable: true }]);
  return {
    line: row.line,
    own: { ...own, notes: cell('notes') || null },
    patient: {
      name: { prefix: cell('prefix'), given: cell('givenName'), middle: cell('middleName'), family: cell('familyName'), suffix: cell('suffix'), nickname: cell('preferredName'), use: null },
      otherNames: [], birthDate, sex, administrativeGender: null, birthSex: null, genderIdentity: null,
      identifiers: [...identifier(mrnSystem, cell('mrn'), 'local'), ...identifier('2.16.840.1.113883.4.1', cell('ssn'), 'ssn')],
      addresses: address.lines.length > 0 || address.city !== '' || address.postalCode !== '' ? [address] : [],
      telecoms: [...phones, ...(email === '' ? [] : [{ system: 'email' as const, value: email, use: null }])],
      languages: /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(language) ? [language] : [],
      maritalStatus: null, religion: null, races: [], ethnicities: [], isDeceased: false, deceasedDate: null, guardians: [],
    },
  };
}

function readSex(text: string): Sex | null {
  if (/^(f|female|woman)$/i.test(text)) return 'female';
  if (/^(m|male|man)$/i.test(text)) return 'male';
  return /^(o|other|x|u|un|unknown|undifferentiated|intersex|nonbinary|non-binary)$/i.test(text) ? 'other' : null;
}
