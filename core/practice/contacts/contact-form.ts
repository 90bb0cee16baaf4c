import type { Tx } from '../../db/scope.ts';
import { can } from '../../access/authorize.ts';
import type { ContactProperty } from '../../hooks.ts';
import { keyOf } from './contact-property.ts';
import { contactGate, GATEABLE_FIELDS, isWritable, type ContactGate } from './field-gate.ts';
import type { Fault } from '../../errors.ts';
import { formErrors } from '../../http/form-errors.ts';
import { colleaguesOf } from '../colleagues.ts';
import { formRows, type FormFields } from '../form-fields.ts';
import { ADDRESS_USES, CHANNELS, LIFECYCLE, POINT_USES, SEXES, type ContactChanges } from './contact-schema.ts';
import { nameOf, type ContactView } from './contact-view.ts';
import { languageName } from './language-name.ts';

/** The contact form: its fields from a contact or from what was posted, and the changes a posted form asks for. */
const TEXTS = ['givenName', 'middleName', 'familyName', 'preferredName', 'birthDate', 'sex', 'genderIdentity', 'pronouns', 'language', 'preferredChannel', 'deceasedOn', 'notes', 'ownerId'] as const;
const LABELS: Readonly<Record<string, string>> = {
  givenName: 'Given name', middleName: 'Middle name', familyName: 'Family name', preferredName: 'Called', birthDate: 'Date of birth', sex: 'Sex', genderIdentity: 'Gender', pronouns: 'Pronouns',
  language: 'Language', preferredChannel: 'Preferred channel', deceasedOn: 'Date of death', notes: 'Notes', status: 'Status', tags: 'Tags',
};
const POINT = ['use', 'value'] as const;
const ADDRESS = ['use', 'lines', 'city', 'state', 'postalCode', 'country'] as const;
const IDENTIFIER = ['system', 'value'] as const;

const option = (value: string, label = value): { value: string; label: string } => ({ value, label: `${label.charAt(0).toUpperCase()}${label.slice(1)}` });
const LANGUAGES = [['en', 'English'], ['es', 'Spanish'], ['zh', 'Chinese'], ['vi', 'Vietnamese'], ['tl', 'Tagalog'], ['ar', 'Arabic'], ['fr', 'French'], ['ht', 'Haitian Creole'], ['ko', 'Korean'], ['ru', 'Russian'], ['pt', 'Portuguese'], ['ase', 'American Sign Language']] as const;
export const CHANNEL_LABELS: Readonly<Record<string, string>> = { phone: 'Phone', sms: 'Text message', email: 'E-mail', mail: 'Letter', portal: 'Portal' };

/** The form as a contact fills it. */
export function fieldsOfContact(view: ContactView): FormFields {
  const fields: Record<string, string | null> = { status: view.status, tags: view.tags.join(', ') || null };
  for (const name of TEXTS) fields[name] = view[name];
  for (const list of ['phones', 'emails'] as const) view[list].forEach(({ use, value }, at) => Object.assign(fields, { [`${list}.${at}.use`]: use, [`${list}.${at}.value`]: value }));
  view.addresses.forEach((address, at) => ADDRESS.forEach((column) => { fields[`addresses.${at}.${column}`] = column === 'lines' ? address.lines.join('\n') || null : address[column]; }));
  for (const [key, value] of Object.entries(view.custom)) fields[`custom.${key}`] = value === null ? null : String(value);
  view.identifiers.forEach(({ system, value }, at) => Object.assign(fields, { [`identifiers.${at}.system`]: system, [`identifiers.${at}.value`]: value }));
  return fields;
}

/** What a posted form asks for. Lists are whole: a row that was emptied is gone. A field the page did not show is left alone. */
export function changesOfForm(fields: FormFields, gate: ContactGate): ContactChanges {
  const changes: Record<string, unknown> = {};
  for (const name of TEXTS) if (fields[name] !== undefined) changes[name] = fields[name];
  if (fields['status']) changes['status'] = fields['status'];
  changes['tags'] = [...new Set((fields['tags'] ?? '').split(',').map((tag) => tag.trim()).filter(Boolean))];
  changes['phones'] = formRows(fields, 'phones', POINT, ['value']).map(({ row }) => row);
  changes['emails'] = formRows(fields, 'emails', POINT, ['value']).map(({ row }) => row);
  changes['addresses'] = formRows(fields, 'addresses', ADDRESS, ADDRESS.slice(1)).map(({ row }) => ({ ...row, lines: (row['lines'] ?? '').split('\n').map((line) => line.trim()).filter(Boolean) }));
  changes['identifiers'] = formRows(fields, 'identifiers', IDENTIFIER).map(({ row }) => ({ system: row['system'] ?? '', value: row['value'] ?? '' }));
  const custom = Object.fromEntries(gate.properties.flatMap((property) => { const text = fields[property.name]; return text === undefined ? [] : [[keyOf(property), text]]; }));
  if (Object.keys(custom).length > 0) changes['custom'] = custom;
  return Object.fromEntries(Object.entries(changes).filter(([field]) => isWritable(gate, field))) as ContactChanges;
}

/** Of what a posted form asks for, what is not so already. A form holds all of a contact, and with it what a document brought and no form would take. */
export function changesTo(view: ContactView, fields: FormFields, gate: ContactGate): ContactChanges {
  const stored: Readonly<Record<string, unknown>> = changesOfForm(fieldsOfContact(view), gate);
  return Object.fromEntries(Object.entries(changesOfForm(fields, gate)).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(stored[field]))) as ContactChanges;
}

/** Fields a form may hold; anything else is refused, as the API refuses unknown keys. */
export function isContactField(name: string, gate: ContactGate): boolean {
  if (name.startsWith('custom.')) return gate.properties.some((property) => property.name === name) && isWritable(gate, name);
  if (!isWritable(gate, name.split('.')[0] as string)) return false;
  return ['version', 'status', 'tags', ...TEXTS].includes(name) || /^(phones|emails)\.\d{1,2}\.(use|value)$|^addresses\.\d{1,2}\.(use|lines|city|state|postalCode|country)$|^identifiers\.\d{1,2}\.(system|value)$/.test(name);
}

type Shown = { contact: ContactView | null; fields: FormFields; refusal?: Fault | null; theirs?: ContactView | null };

/** Context of the template `contacts/form`. `theirs`: what is stored now, when somebody else saved first. */
export async function contactFormPage(tx: Tx, { contact, fields, refusal = null, theirs = null }: Shown): Promise<object> {
  const [colleagues, gate] = [await colleaguesOf(tx), await contactGate(tx)];
  const errors = refusal === null ? {} : formErrors(refusal, (path) => fieldOfPath(fields, path));
  const text = Object.fromEntries(['status', 'tags', ...TEXTS].map((name) => [name, fields[name] ?? null]));
  const status = contact?.status ?? 'new';
  const language = text['language'] ?? null;
  return {
    contact: contact === null ? null : { id: contact.id, name: nameOf(contact) }, action: contact === null ? '/contacts' : `/contacts/${contact.id}`,
    version: (theirs ?? contact)?.version ?? 0, errors, conflict: theirs === null ? null : differences(fields, theirs),
    form: {
      ...text, status: text['status'] ?? status,
      phones: rowsShown(fields, 'phones', POINT, ['value'], errors), emails: rowsShown(fields, 'emails', POINT, ['value'], errors),
      addresses: rowsShown(fields, 'addresses', ADDRESS, ADDRESS.slice(1), errors), identifiers: rowsShown(fields, 'identifiers', IDENTIFIER, IDENTIFIER, errors),
    },
    sexes: SEXES.map((sex) => option(sex)), channels: CHANNELS.map((channel) => option(channel, CHANNEL_LABELS[channel])),
    languages: [...LANGUAGES.map(([value, label]) => ({ value, label })), ...(language === null || LANGUAGES.some(([value]) => value === language) ? [] : [{ value: language, label: languageName(language) }])],
    statuses: LIFECYCLE.filter((value) => value !== 'new' || status === 'new').map((value) => option(value)),
    owners: colleagues.filter(({ isActive, id }) => isActive || id === text['ownerId']).map(({ id, name }) => ({ value: id, label: name })),
    pointUses: POINT_USES.map((use) => option(use)), addressUses: ADDRESS_USES.map((use) => option(use)),
    can: { assign: can(tx.scope.actor, 'contact.assign') },
    shows: Object.fromEntries(Object.keys(GATEABLE_FIELDS).map((field) => [field, isWritable(gate, field)])),
    custom: gate.properties.filter(({ name }) => isWritable(gate, name)).map((property) => customField(property, fields[property.name] ?? null, errors[property.name] ?? null)),
  };
}

function customField({ name, label, type, choices }: ContactProperty, value: string | null, error: string | null): object {
  const options = type === 'boolean' ? [option('true', 'yes'), option('false', 'no')] : choices.map((choice) => ({ value: choice, label: choice }));
  return { name, label, value, error, isChoice: type === 'choice' || type === 'boolean', options, hint: type === 'date' ? 'YYYY-MM-DD' : null, inputmode: type === 'number' ? 'decimal' : null };
}

/** Filled rows and one to spare. */
function rowsShown(fields: FormFields, list: string, columns: readonly string[], telling: readonly string[], errors: Readonly<Record<string, string>>): object[] {
  const filled = formRows(fields, list, columns, telling).map(({ at, row }) => ({ ...row, error: errors[`${list}.${at}.value`] ?? errors[`${list}.${at}.lines`] ?? null }));
  const spare = { ...Object.fromEntries(columns.map((column) => [column, null])), error: null };
  return [...filled, spare].map((row, at) => ({ ...row, at: String(at), ordinal: String(at + 1) }));
}

/** `phones.0.value` counts rows that were filled; the form counts rows. */
function fieldOfPath(fields: FormFields, path: string): string {
  const [list = '', index = '', column] = path.split('.');
  if (!/^\d+$/.test(index)) return path;
  if (list === 'tags') return list; // one field holds them all
  const columns = { phones: POINT, emails: POINT, addresses: ADDRESS, identifiers: IDENTIFIER }[list];
  const row = columns === undefined ? undefined : formRows(fields, list, columns, list === 'identifiers' ? columns : columns.slice(1))[Number(index)];
  return `${list}.${row?.at ?? index}.${column ?? (list === 'addresses' ? 'lines' : 'value')}`;
}

function differences(fields: FormFields, theirs: ContactView): { label: string; theirs: string }[] {
  const stored = fieldsOfContact(theirs);
  return Object.entries(LABELS).filter(([name]) => fields[name] !== undefined && (fields[name] ?? null) !== (stored[name] ?? null)).map(([name, label]) => ({ label, theirs: stored[name] ?? 'empty' }));
}
