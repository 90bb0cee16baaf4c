import type { QueryBuilder } from 'objection';
import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { holdChain } from '../../audit/seal.ts';
import { normalizeLabel } from '../../crypto/normalize.ts';
import type { Tx } from '../../db/scope.ts';
import { pageOf, readPosition, type Page, type Position } from '../paging.ts';
import { contactSummary, SUMMARY_COLUMNS, type ContactSummary } from './contact-summary.ts';
import { contactGate, refuseFilters } from './field-gate.ts';
import { Contact } from './model.ts';
import { seesOwnOnly, visibleContacts } from './visible-contacts.ts';

export type ContactFilters = { readonly status?: Contact['status'] | null; readonly ownerId?: string | null; readonly tag?: string | null };
/** `made` is for whoever reads page after page: a contact that is changed meanwhile moves to the front of what was last `changed`, and past the reader. */
export const LIST_ORDERS = ['changed', 'made'] as const;
export type ListInput = ContactFilters & { readonly order?: (typeof LIST_ORDERS)[number]; readonly cursor?: string | null; readonly limit: number };

/**
 * Contacts, last changed or last made first. Names are ciphertext, so the database cannot sort by them; merged records are left out unless asked for by
 * status. One audit entry with the number of contacts shown.
 */
export async function listContacts(tx: Tx, input: ListInput): Promise<Page<ContactSummary>> {
  authorize(tx, 'contact.read');
  const from = input.cursor ? readPosition(input.cursor) : null;
  const gate = contactGate(tx); // asked beside the list: a row is opened when both are there
  if (input.tag) refuseFilters(await gate, input);
  const query = inOrder(seesOwnOnly(tx) ? ownOrShared(tx, input, from) : filteredContacts(tx, input), input, from).select(...SUMMARY_COLUMNS);
  const [rows] = await Promise.all([query, gate.then(() => holdChain(tx))]);
  const page = pageOf(rows, input.limit, from, (row) => ({ at: row.updated_at, id: row.id }), (row) => contactSummary(tx, row));
  record(tx, { action: 'contact.listed', detail: { count: page.items.length } });
  return page;
}

/**
 * Own and shared contacts, each read along an index in the order of the list, a page of each: whether the actor has ten contacts or ten
 * thousand, no more rows are touched than are shown.
 */
function ownOrShared(tx: Tx, input: ListInput, from: Position | null): QueryBuilder<Contact> {
  const page = (query: QueryBuilder<Contact>) => inOrder(narrowContacts(tx, query, input), input, from).select('contacts.id').toKnexQuery();
  const shared = Contact.query(tx).whereRaw('contacts.id = any (array(select s.contact_id from contact_shares s where s.user_id = ?::uuid))', [tx.scope.actor.id]);
  return Contact.query(tx).whereRaw('contacts.id in (? union all ?)', [page(Contact.query(tx).where('contacts.owner_id', tx.scope.actor.id)), page(shared)] as never);
}

function inOrder(query: QueryBuilder<Contact>, { limit, order = 'changed' }: ListInput, from: Position | null): QueryBuilder<Contact> {
  const isBackwards = from?.direction === 'before';
  const direction = isBackwards ? 'asc' : 'desc';
  query.limit(limit + 1);
  if (order === 'made') return (from === null ? query : query.where('contacts.id', isBackwards ? '>' : '<', from.id)).orderBy('contacts.id', direction); // ids are UUIDv7
  if (from !== null) query.whereRaw(`(contacts.updated_at, contacts.id) ${isBackwards ? '>' : '<'} (?::timestamptz, ?::uuid)`, [from.at, from.id]);
  return query.orderBy([{ column: 'contacts.updated_at', order: direction }, { column: 'contacts.id', order: direction }]);
}

/** What the actor may see, narrowed. */
export function filteredContacts(tx: Tx, filters: ContactFilters): QueryBuilder<Contact> {
  return narrowContacts(tx, visibleContacts(tx), filters);
}

/** By columns that are not PHI, and by the blind index of tags. */
export function narrowContacts(tx: Tx, query: QueryBuilder<Contact>, { status, ownerId, tag }: ContactFilters): QueryBuilder<Contact> {
  if (status) query.where('contacts.status', status);
  else query.whereNot('contacts.status', 'merged');
  if (ownerId) query.where('contacts.owner_id', ownerId);
  if (tag) query.whereRaw('contacts.label_tags && ?::bigint[]', [tagsOf(tx, tag)]);
  return query;
}

/** The same for a fixed statement; `bound` gives the placeholder of a value. */
export function filterConditions(tx: Tx, { status, ownerId, tag }: ContactFilters, bound: (value: unknown) => string): string[] {
  const conditions = [status ? `contacts.status = ${bound(status)}` : "contacts.status <> 'merged'"];
  if (ownerId) conditions.push(`contacts.owner_id = ${bound(ownerId)}`);
  if (tag) conditions.push(`contacts.label_tags && ${bound(tagsOf(tx, tag))}::bigint[]`);
  return conditions;
}

const tagsOf = (tx: Tx, tag: string): string => `{${tx.keys.tags('label', normalizeLabel(tag)).join(',')}}`;
