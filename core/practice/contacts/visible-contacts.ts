import type { QueryBuilder } from 'objection';
import { authorize, can } from '../../access/authorize.ts';
import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { Contact, ContactShare, type ShareAccess } from './model.ts';

/**
 * The contacts an actor may open: all of the workspace with `contact.all`, otherwise their own and those shared with them; for WRITE, their
 * own and those shared for writing. Every query that starts from a contact starts here; what hangs on a contact (activities, appointments,
 * documents) is asked for with `whereIn('contact_id', visibleContacts(tx).select('contacts.id'))`.
 */
export function visibleContacts(tx: Tx, access: ShareAccess = 'READ'): QueryBuilder<Contact> {
  const contacts = Contact.query(tx);
  const { actor } = tx.scope;
  if (can(actor, 'contact.all')) return contacts;
  const shared = ContactShare.query(tx).select('contact_id as id').where({ user_id: actor.id });
  if (access === 'WRITE') shared.where({ access });
  // Not `owner = … or id in …`: an OR would make PostgreSQL walk everybody's contacts to find a few.
  const own = Contact.query(tx).select('id').where({ owner_id: actor.id });
  return contacts.whereIn('contacts.id', own.unionAll(shared as never));
}

/** True when the actor is limited to own and shared contacts; queries may leave the condition out for everybody else. */
export function seesOwnOnly(tx: Tx): boolean {
  return !can(tx.scope.actor, 'contact.all');
}

/**
 * A contact the actor may change, with its PHI opened.
 * @throws Fault contact.not_found · contact.read_only (a READ share) · contact.merged
 */
export async function writableContact(tx: Tx, id: string): Promise<Contact> {
  const contact = await visibleContacts(tx).findById(id).select('contacts.*');
  if (contact === undefined) throw contactNotFound(id);
  await refuseReadOnly(tx, contact);
  return contact;
}

/**
 * Makes sure that what hangs on this contact may be read, or written, without opening the contact itself.
 * @throws Fault contact.not_found · contact.read_only · contact.merged
 */
export async function reachContact(tx: Tx, id: string, access: ShareAccess): Promise<void> {
  const contact = await visibleContacts(tx).findById(id).select('contacts.id', 'contacts.status', 'contacts.owner_id');
  if (contact === undefined) throw contactNotFound(id);
  if (access === 'WRITE') await refuseReadOnly(tx, contact);
}

async function refuseReadOnly(tx: Tx, contact: Contact): Promise<void> {
  const target = { type: 'contact', id: contact.id };
  if (contact.status === 'merged') throw fault('contact.merged', { refused: { action: 'contact.write_refused', target, detail: {} } });
  if (!seesOwnOnly(tx) || contact.owner_id === tx.scope.actor.id) return;
  const share = await ContactShare.query(tx).findOne({ contact_id: contact.id, user_id: tx.scope.actor.id, access: 'WRITE' }).select('id');
  if (share === undefined) throw fault('contact.read_only', { refused: { action: 'contact.write_refused', target, detail: {} } });
}

/** Not there, another workspace's or not theirs to see: one answer, and on the record as an attempt. */
export function contactNotFound(id: string): Error {
  return fault('contact.not_found', { refused: { action: 'contact.read_refused', target: { type: 'contact', id }, detail: {} } });
}

/** `authorize` for a write to a contact's own page. */
export function authorizeContact(tx: Tx, capability: Parameters<typeof authorize>[1], id: string): void {
  authorize(tx, capability, { type: 'contact', id });
}
