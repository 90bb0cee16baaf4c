import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { holdChain } from '../../audit/seal.ts';
import type { Tx } from '../../db/scope.ts';
import { pageOf, readPosition, type Page } from '../paging.ts';
import { contactSummary, SUMMARY_COLUMNS, type ContactSummary } from './contact-summary.ts';
import type { Contact } from './model.ts';
import { visibleContacts } from './visible-contacts.ts';

export type ContactFilters = { readonly status?: Contact['status'] | null; readonly ownerId?: string | null; readonly tag?: string | null };
export type ListInput = ContactFilters & { readonly cursor?: string | null; readonly limit: number };

/**
 * Contacts, last changed first. Names are ciphertext, so the database cannot sort by them; merged records are left out unless asked for by
 * status. One audit entry with the number of contacts shown.
 */
export async function listContacts(tx: Tx, input: ListInput): Promise<Page<ContactSummary>> {
  authorize(tx, 'contact.read');
  const from = input.cursor ? readPosition(input.cursor) : null;
  const isBackwards = from?.direction === 'before';
  const query = filteredContacts(tx, input).select(...SUMMARY_COLUMNS).limit(input.limit + 1);
  if (from !== null) query.whereRaw(`(contacts.updated_at, contacts.id) ${isBackwards ? '>' : '<'} (?::timestamptz, ?::uuid)`, [from.at, from.id]);
  const order = isBackwards ? 'asc' : 'desc';
  query.orderBy([{ column: 'contacts.updated_at', order }, { column: 'contacts.id', order }]);
  holdChain(tx);
  const page = pageOf(await query, input.limit, from, (row) => ({ at: row.updated_at, id: row.id }), (row) => contactSummary(tx, row));
  record(tx, { action: 'contact.listed', detail: { count: page.items.length } });
  return page;
}

/** What the actor may see, narrowed by columns that are not PHI. */
export function filteredContacts(tx: Tx, { status, ownerId, tag }: ContactFilters): ReturnType<typeof visibleContacts> {
  const query = visibleContacts(tx);
  if (status) query.where('contacts.status', status);
  else query.whereNot('contacts.status', 'merged');
  if (ownerId) query.where('contacts.owner_id', ownerId);
  if (tag) query.whereRaw('? = any (contacts.tags)', [tag]);
  return query;
}
