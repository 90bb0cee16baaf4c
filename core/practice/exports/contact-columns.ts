import { stringify } from 'csv-stringify/sync';
import { keyOf, wordOf } from '../contacts/contact-property.ts';
import type { AddressView, ContactView } from '../contacts/contact-view.ts';
import { GATEABLE_FIELDS, type ContactGate, type GateableField } from '../contacts/field-gate.ts';

type Cell = string | null | undefined;
type Column = { readonly field: GateableField | `custom.${string}` | null; readonly heading: string; readonly cell: (view: ContactView) => Cell };

const own = (field: Extract<GateableField, keyof ContactView>): Column => ({ field, heading: GATEABLE_FIELDS[field], cell: (view) => view[field] as Cell });
const addressPart = (heading: string, cell: (address: AddressView) => Cell): Column => ({ field: 'addresses', heading, cell: ({ addresses: [first] }) => (first === undefined ? null : cell(first)) });
const SEPARATOR = '; ';
const wholeAddress = ({ lines, city, state, postalCode, country }: AddressView): string => [...lines, city, [state, postalCode].filter(Boolean).join(' '), country].filter(Boolean).join(', ');

/** Headings are such that the import of spreadsheets knows them again. */
const COLUMNS: readonly Column[] = [
  { field: null, heading: 'Contact id', cell: ({ id }) => id }, { field: null, heading: 'Status', cell: ({ status }) => status },
  own('familyName'), own('givenName'), own('middleName'), own('namePrefix'), own('nameSuffix'), { ...own('preferredName'), heading: 'Preferred name' }, own('birthDate'), own('sex'), { ...own('genderIdentity'), heading: 'Gender identity' }, own('pronouns'),
  { field: 'phones', heading: 'Phone', cell: ({ phones }) => phones[0]?.value }, { field: 'phones', heading: 'Further numbers', cell: ({ phones }) => phones.slice(1).map(({ value }) => value).join(SEPARATOR) },
  { field: 'emails', heading: 'E-mail', cell: ({ emails }) => emails[0]?.value }, { field: 'emails', heading: 'Further mailboxes', cell: ({ emails }) => emails.slice(1).map(({ value }) => value).join(SEPARATOR) },
  addressPart('Street', ({ lines }) => lines.join('\n')), addressPart('City', ({ city }) => city), addressPart('State', ({ state }) => state), addressPart('Postal code', ({ postalCode }) => postalCode), addressPart('Country', ({ country }) => country),
  { field: 'addresses', heading: 'Further places', cell: ({ addresses }) => addresses.slice(1).map(wholeAddress).join(SEPARATOR) },
  { field: 'identifiers', heading: 'Numbers', cell: ({ identifiers }) => identifiers.map(({ system, value }) => `${system}: ${value}`).join(SEPARATOR) },
  own('language'), own('maritalStatus'), own('race'), own('ethnicity'), own('deceasedOn'), own('preferredChannel'), { field: 'tags', heading: 'Tags', cell: ({ tags }) => tags.join(', ') }, own('notes'),
];

/** The columns that a caller's gate leaves: a hidden field has no heading either. */
export function columnsFor({ hidden, properties }: ContactGate): readonly Column[] {
  const custom = properties.map((property): Column => ({ field: property.name, heading: property.label, cell: ({ custom: values }) => { const value = values[keyOf(property)] ?? null; return value === null ? null : wordOf(value); } }));
  return [...COLUMNS, ...custom].filter(({ field }) => field === null || !hidden.has(field));
}

// RFC 4180 line ends and a byte order mark, without which spreadsheets take UTF-8 for something else. A cell that one of them would take for a
// formula gets an apostrophe in front (OWASP, CSV Injection), headings too: a practice names its own properties. A line end of any sort is in quotes;
// left to itself the writer quotes its own alone, and the second line of an address would be a row.
const OPTIONS = { record_delimiter: '\r\n', escape_formulas: true, quoted_match: /[\r\n]/ } as const;

export const csvHeading = (columns: readonly Column[]): string => stringify([columns.map(({ heading }) => heading)], { ...OPTIONS, bom: true });
export const csvLines = (columns: readonly Column[], views: readonly ContactView[]): string => stringify(views.map((view) => columns.map(({ cell }) => cell(view) ?? '')), OPTIONS);
