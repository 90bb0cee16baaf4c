import { raw, type RawBuilder } from 'objection';
import type { Tx } from '../../db/scope.ts';
import { displayName } from './contact-view.ts';
import { Contact } from './model.ts';

const SEALED_NAME = `(select json_build_object('id', c.id, 'given_name', c.given_name, 'middle_name', c.middle_name, 'family_name', c.family_name, 'name_suffix', c.name_suffix, 'preferred_name', c.preferred_name)
  from contacts c where c.id = ??)`;

/** A column `contact` for rows that hang on one: its sealed name, to be opened by `openContactName` once contactGate(tx) was asked. */
export function contactNameColumn(table: 'activities' | 'appointments'): RawBuilder {
  return raw(SEALED_NAME, [`${table}.contact_id`]).as('contact');
}

export function openContactName(tx: Tx, row: object): string {
  const { contact } = row as { contact: Contact };
  Contact.openGated(tx, contact);
  return displayName(contact);
}
