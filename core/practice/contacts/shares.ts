import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { uuidv7 } from '../../crypto/uuid.ts';
import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { requireColleague } from '../colleagues.ts';
import { ContactShare, type Contact, type ShareAccess } from './model.ts';
import { contactNotFound, reachContact, seesOwnOnly, visibleContacts } from './visible-contacts.ts';

export type ShareView = { id: string; userId: string; access: ShareAccess; sharedBy: string | null; createdAt: Date };

/** Who beyond the owner has this contact. @throws Fault contact.not_found */
export async function listShares(tx: Tx, contactId: string): Promise<ShareView[]> {
  authorize(tx, 'contact.read', { type: 'contact', id: contactId });
  await reachContact(tx, contactId, 'READ');
  const rows = await ContactShare.query(tx).where({ contact_id: contactId }).orderBy('created_at');
  return rows.map(shareView);
}

/**
 * Gives a colleague READ or WRITE, or changes what they have. Where an actor sees only own contacts, only the owner shares.
 * @throws Fault contact.not_found · contact.not_owner · contact.merged · request.invalid
 */
export async function shareContact(tx: Tx, { contactId, userId, access }: { contactId: string; userId: string; access: ShareAccess }): Promise<ShareView> {
  const target = { type: 'contact', id: contactId };
  const contact = await sharableContact(tx, contactId);
  await requireColleague(tx, userId, 'userId');
  if (contact.owner_id === userId) throw fault('request.invalid', { fields: [{ path: 'userId', text: 'this colleague owns the contact' }] });
  const known = await ContactShare.query(tx).findOne({ contact_id: contactId, user_id: userId });
  if (known !== undefined) {
    const { access: before } = known;
    await known.$query(tx).patch({ access });
    record(tx, { action: 'contact.share_changed', target, detail: { userId, access: { from: before, to: access } } });
    return shareView(known);
  }
  const share = await ContactShare.query(tx).insert({ id: uuidv7(tx.now), contact_id: contactId, user_id: userId, access, shared_by: tx.scope.actor.kind === 'user' ? tx.scope.actor.id : null, created_at: new Date(tx.now) });
  record(tx, { action: 'contact.shared', target, detail: { userId, access } });
  return shareView(share);
}

/** @throws Fault contact.not_found · contact.not_owner · share.not_found */
export async function endShare(tx: Tx, { contactId, shareId }: { contactId: string; shareId: string }): Promise<void> {
  await sharableContact(tx, contactId);
  const share = await ContactShare.query(tx).findOne({ id: shareId, contact_id: contactId });
  if (share === undefined) throw fault('share.not_found');
  await share.$query(tx).delete();
  record(tx, { action: 'contact.share_ended', target: { type: 'contact', id: contactId }, detail: { userId: share.user_id, access: share.access } });
}

/** Held, so that of two acts on its shares at the same moment the second sees what the first did. */
async function sharableContact(tx: Tx, id: string): Promise<Contact> {
  const target = { type: 'contact', id };
  authorize(tx, 'contact.share', target);
  const contact = await visibleContacts(tx).findById(id).select('contacts.id', 'contacts.status', 'contacts.owner_id').forNoKeyUpdate();
  if (contact === undefined) throw contactNotFound(id);
  if (contact.status === 'merged') throw fault('contact.merged');
  if (seesOwnOnly(tx) && contact.owner_id !== tx.scope.actor.id) throw fault('contact.not_owner', { refused: { action: 'contact.share_refused', target, detail: {} } });
  return contact;
}

function shareView({ id, user_id, access, shared_by, created_at }: ContactShare): ShareView {
  return { id, userId: user_id, access, sharedBy: shared_by, createdAt: created_at };
}
