import { authorize } from '../../access/authorize.ts';
import type { App } from '../../app.ts';
import { record } from '../../audit/record.ts';
import { stringify } from 'csv-stringify/sync';
import type { Scope, Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import type { ContactProperty } from '../../hooks.ts';
import { insertParts } from '../contacts/contact-parts.ts';
import type { CustomValues } from '../contacts/contact-property.ts';
import { joinTags, readTags, writeTags } from '../contacts/contact-tags.ts';
import { contactGate, isWritable, requireMatchingFields, type ContactGate, type GateableField } from '../contacts/field-gate.ts';
import { UNGATED } from '../contacts/gated-model.ts';
import { Contact, ContactValue } from '../contacts/model.ts';
import { saveContact } from '../contacts/write-contact.ts';
import { addToContact, createContactFrom } from '../documents/import-document.ts';
import { inTurn } from '../documents/import-turns.ts';
import { matchContact } from '../documents/match-contact.ts';
import { CSV_FIELDS, patientOfRow, type CsvField, type CsvMapping, type CsvRowResult, type CsvTarget } from './csv-rows.ts';
import type { CsvTable } from './csv-table.ts';
import type { OwnValues } from './own-cells.ts';
import type { Outcome } from './run-batch.ts';

const ROWS_PER_TRANSACTION = 25;

/** The authority of record numbers that a spreadsheet brings: this workspace's own. */
export function mrnSystemOf(workspaceId: string): string {
  return `urn:uuid:${workspaceId}`;
}

/** The field of contacts that each column goes into. */
const FIELD_OF: Readonly<Record<CsvField, GateableField>> = {
  familyName: 'familyName', givenName: 'givenName', middleName: 'middleName', prefix: 'namePrefix', suffix: 'nameSuffix', preferredName: 'preferredName', birthDate: 'birthDate', sex: 'sex',
  phone: 'phones', mobile: 'phones', workPhone: 'phones', email: 'emails', street: 'addresses', street2: 'addresses', city: 'addresses', state: 'addresses', postalCode: 'addresses', country: 'addresses',
  language: 'language', mrn: 'identifiers', ssn: 'identifiers', notes: 'notes', tags: 'tags',
};

/** What columns can be mapped to: fields that the actor may write. */
export function csvTargets(gate: ContactGate): CsvTarget[] {
  return [...(Object.keys(CSV_FIELDS) as CsvField[]).filter((field) => isWritable(gate, FIELD_OF[field])), ...writableProperties(gate).map(({ name }) => name)];
}

export const writableProperties = (gate: ContactGate): readonly ContactProperty[] => gate.properties.filter(({ name }) => isWritable(gate, name));

/** What pages call a target. */
export function labelOfTarget({ properties }: ContactGate, target: CsvTarget): string {
  return properties.find(({ name }) => name === target)?.label ?? CSV_FIELDS[target as CsvField] ?? target;
}

/** @throws Fault import.mapping_incomplete · request.invalid for a column or field that does not exist */
export function checkMapping(table: CsvTable, mapping: Readonly<Record<string, string>>, targets: readonly CsvTarget[] = Object.keys(CSV_FIELDS) as CsvField[]): CsvMapping {
  const faults = Object.entries(mapping).flatMap(([header, field]) => [
    ...(table.headers.includes(header) ? [] : [{ path: header, text: 'The file has no such column.' }]),
    ...((targets as readonly string[]).includes(field) ? [] : [{ path: header, text: 'There is no such field.' }]),
  ]);
  const given = Object.values(mapping);
  for (const field of new Set(given)) if ((targets as readonly string[]).includes(field) && given.filter((other) => other === field).length > 1) faults.push({ path: field, text: `Two columns are mapped to ${CSV_FIELDS[field as CsvField] ?? 'this field'}.` });
  if (faults.length > 0) throw fault('request.invalid', { fields: faults });
  const missing = (['familyName', 'givenName', 'birthDate', 'sex'] as const).filter((field) => !given.includes(field));
  if (missing.length > 0) throw fault('import.mapping_incomplete', { fields: missing.map((field) => ({ path: field, text: `No column is mapped to ${CSV_FIELDS[field]}.` })) });
  return mapping as CsvMapping;
}

/** Imports every good row; each bad one is an outcome with its reasons. Rows that are one person already here only add what is new. `stopping` ends it between transactions, with its reason thrown. */
export async function importCsv(app: App, scope: Scope, table: CsvTable, mapping: CsvMapping, report: (outcome: Outcome) => void, stopping?: AbortSignal): Promise<void> {
  const today = new Date().toISOString().slice(0, 10);
  const properties = writableProperties(await app.withWorkspace(scope, contactGate));
  for (let at = 0; at < table.rowCount; at += ROWS_PER_TRANSACTION) {
    stopping?.throwIfAborted();
    const results = table.rows(at, at + ROWS_PER_TRANSACTION).map((row) => patientOfRow(table, row, mapping, mrnSystemOf(scope.workspaceId), today, properties));
    const outcomes = await inTurn(app, scope.workspaceId, () => app.withWorkspace(scope, async (tx) => {
      authorize(tx, 'document.import');
      await requireMatchingFields(tx, 'write');
      await tx.knex.raw('select pg_advisory_xact_lock(hashtextextended(?, 4712))', [scope.workspaceId]); // as importDocument: one finder of people at a time
      const filed: Outcome[] = [];
      for (const result of results) filed.push(await fileRow(tx, result));
      const refused = filed.filter(({ outcome }) => outcome === 'refused').length;
      if (refused > 0) record(tx, { action: 'import.rows_refused', outcome: 'refused', detail: { rows: refused } });
      return filed;
    }));
    for (const outcome of outcomes) report(outcome);
  }
}

async function fileRow(tx: Tx, result: CsvRowResult): Promise<Outcome> {
  const file_name = `row ${result.line}`;
  if ('faults' in result) return { file_name, outcome: 'refused', code: 'import.row_refused', reason: result.faults.join(' '), line: result.line };
  const match = await matchContact(tx, result.patient);
  // Nothing but the row speaks for a doubtful person, and a spreadsheet has no original to keep: it stays out until somebody has looked.
  if (match.kind === 'doubt') return { file_name, outcome: 'refused', code: 'import.row_doubtful', reason: 'Someone here is like this person but not surely the same. Look at the contact, then add or mend the row.', line: result.line, contact_id: match.candidates[0]?.contact.id ?? null };
  if (match.kind === 'match') {
    const gate = await requireMatchingFields(tx, 'write');
    const added = (await addToContact(tx, match.contact.id, result.patient, gate)) + (await addOwnValues(tx, match.contact.id, result.own, gate));
    if (added > 0) record(tx, { action: 'contact.updated', target: { type: 'contact', id: match.contact.id }, detail: { source: 'csv', added } });
    return { file_name, outcome: added > 0 ? 'matched' : 'unchanged', contact_id: match.contact.id };
  }
  const id = await createContactFrom(tx, result.patient, { notes: result.own.notes, tags: writeTags(result.own.tags) });
  await insertParts(tx, id, { custom: writableCustom(result.own, await contactGate(tx)) }).inserted;
  record(tx, { action: 'contact.created', target: { type: 'contact', id }, detail: { source: 'csv' } });
  return { file_name, outcome: 'created', contact_id: id };
}

const writableCustom = ({ custom }: OwnValues, gate: ContactGate): CustomValues => Object.fromEntries(Object.entries(custom).filter(([key]) => isWritable(gate, `custom.${key}`)));

/** Tags and properties that a contact does not have yet; returns how many. What a person typed is never overwritten. */
async function addOwnValues(tx: Tx, contactId: string, own: OwnValues, gate: ContactGate): Promise<number> {
  const known = new Set((await ContactValue.query(tx).context(UNGATED).where({ contact_id: contactId }).select('id', 'property')).map(({ property }) => property as string));
  const custom = Object.fromEntries(Object.entries(writableCustom(own, gate)).filter(([key]) => !known.has(`custom.${key}`)));
  await insertParts(tx, contactId, { custom }).inserted;
  const contact = own.tags.length > 0 && isWritable(gate, 'tags') ? await Contact.query(tx).context(UNGATED).findById(contactId).forNoKeyUpdate() : undefined;
  const tags = contact === undefined ? null : joinTags(contact.tags, writeTags(own.tags));
  if (contact === undefined || tags === contact.tags) return Object.keys(custom).length;
  const before = readTags(contact.tags).length; // saving writes the row's new values into it
  await saveContact(tx, contact, { tags });
  return Object.keys(custom).length + readTags(tags).length - before;
}

/** The refused rows as they came, cells past the last heading too, with the reasons in a last column: mend them and upload the file again. */
export function refusedRowsCsv(table: CsvTable, reasonByLine: ReadonlyMap<number, string>): string {
  const refused = [...reasonByLine.keys()].sort((a, b) => a - b).flatMap((line) => table.rowOfLine(line) ?? []);
  const width = refused.reduce((widest, { cells }) => Math.max(widest, cells.length), table.headers.length);
  const columns = Array.from({ length: width }, (_none, at) => at);
  const rows = refused.map(({ line, cells }) => [...columns.map((at) => cells[at] ?? ''), reasonByLine.get(line) ?? '']);
  // A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV Injection), headings too; readCsv takes it off.
  return stringify([[...columns.map((at) => table.headers[at] ?? ''), 'Why it was refused'], ...rows], { bom: true, record_delimiter: 'windows', escape_formulas: true, quoted_match: /[\r\n]/ });
}
