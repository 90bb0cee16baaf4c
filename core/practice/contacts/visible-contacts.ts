import type { QueryBuilder } from 'objection';
import { can } from '../../access/authorize.ts';
import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { UNGATED } from './gated-model.ts';
import { Contact, ContactShare, type ShareAccess } from './model.ts';

/** What an actor who is limited to own and shared contacts may open; `me` is the placeholder of their id. The array is worked out once per statement. */
export const ownOrShared = (me: string): string => `(contacts.owner_id = ${me} or contacts.id = any (array(select s.contact_id from contact_shares s where s.user_id = ${me})))`;

/**
 * The contacts an actor may open: all of the workspace with `contact.all`, otherwise their own and those shared with them. Every query that starts
 * from a contact starts here, to write one as well: `writableContact` and `reachContact` then refuse what was shared for reading. One that starts from
 * what hangs on a contact (activities, appointments, documents) goes through `onVisibleContacts`.
 */
export function visibleContacts(tx: Tx): QueryBuilder<Contact> {
  const contacts = Contact.query(tx);
  if (!seesOwnOnly(tx)) return contacts;
  const { id } = tx.scope.actor;
  return contacts.whereRaw(ownOrShared('?::uuid'), [id, id]);
}

/**
 * Narrows rows that hang on a contact to those whose contact the actor may open. Asked row by row (OFFSET 0 keeps PostgreSQL from turning it
 * into a join): the tables keep no statistics (see sec.forget_statistics), so a planner's guess between few and many contacts is worth nothing.
 */
export function onVisibleContacts(tx: Tx, rows: Narrowable, column: `${string}.contact_id`): void {
  const { id } = tx.scope.actor;
  if (!seesOwnOnly(tx)) return;
  rows.whereRaw('exists (select 1 from contacts c where c.id = ?? and (c.owner_id = ?::uuid or c.id = any (array(select s.contact_id from contact_shares s where s.user_id = ?::uuid))) offset 0)', [column, id, id]);
}

/**
 * The same for a query that reads many rows of which few may be the actor's: the ids of own and shared contacts are gathered once (IN below OR
 * is a hashed subplan) and each row is looked up in them.
 */
export function onOwnOrShared(tx: Tx, rows: Narrowable, column: `${string}.contact_id`): void {
  const { id } = tx.scope.actor;
  if (!seesOwnOnly(tx)) return;
  rows.whereRaw('(?? in (select c.id from contacts c where c.owner_id = ?::uuid) or ?? in (select s.contact_id from contact_shares s where s.user_id = ?::uuid))', [column, id, column, id]);
}

type Narrowable = { whereRaw(sql: string, bindings: readonly (string | null)[]): unknown };

/** True when the actor is limited to own and shared contacts; queries may leave the condition out for everybody else. */
export function seesOwnOnly(tx: Tx): boolean {
  return !can(tx.scope.actor, 'contact.all');
}

/**
 * A contact the actor may change, whole, with what they do not see: for writing it, not for showing it.
 * @throws Fault contact.not_found · contact.read_only (a READ share) · contact.merged
 */
export async function writableContact(tx: Tx, id: string): Promise<Contact> {
  const contact = await visibleContacts(tx).findById(id).select('contacts.*').context(UNGATED);
  if (contact === undefined) throw contactNotFound(id);
  await refuseReadOnly(tx, contact);
  return contact;
}

/**
 * Makes sure that what hangs on this contact may be read, or written, without opening the contact itself. For writing it is held until the
 * commit: a merge that comes meanwhile waits, and takes what was written along.
 * @throws Fault contact.not_found · contact.read_only · contact.merged
 */
export async function reachContact(tx: Tx, id: string, access: ShareAccess): Promise<void> {
  const query = visibleContacts(tx).findById(id).select('contacts.id', 'contacts.status', 'contacts.owner_id');
  const contact = await (access === 'WRITE' ? query.forShare() : query);
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
