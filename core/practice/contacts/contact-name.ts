import { raw, type RawBuilder } from 'objection';
import { openRow } from '../../db/model.ts';
import type { Tx } from '../../db/scope.ts';
import { displayName } from './contact-view.ts';
import { Contact } from './model.ts';

const COLUMNS = ['id', 'given_name', 'middle_name', 'family_name', 'name_suffix', 'preferred_name'];

/** A column `contact` for rows that hang on one: its sealed name, to be opened by `openContactName`. */
export function contactNameColumn(table: 'activities' | 'appointments'): RawBuilder {
  const pairs = COLUMNS.map((column) => `'${column}', c.${column}`).join(', ');
  return raw(`(select json_build_object(${pairs}) from contacts c where c.workspace_id = ${table}.workspace_id and c.id = ${table}.contact_id)`).as('contact');
}

export function openContactName(tx: Tx, row: object): string {
  const { contact } = row as { contact: Contact };
  openRow(tx, Contact, contact);
  return displayName(contact);
}
