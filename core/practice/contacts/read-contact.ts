import { raw } from 'objection';
import { authorize, can } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { holdChain } from '../../audit/seal.ts';
import { openRow } from '../../db/model.ts';
import type { Tx } from '../../db/scope.ts';
import { contactView, CONTACT_COLUMNS, type ContactParts, type ContactView } from './contact-view.ts';
import { ContactAddress, ContactIdentifier, ContactPoint, type Contact, type ShareAccess } from './model.ts';
import { contactNotFound, seesOwnOnly, visibleContacts } from './visible-contacts.ts';

/** A contact's rows of another table as one JSON column: the whole record is one statement, and one check of the workspace per table. */
const partsOf = (table: string, columns: readonly string[], order: string) =>
  raw(`(select coalesce(json_agg(json_build_object('id', p.id, ${columns.map((column) => `'${column}', p.${column}`).join(', ')}) order by ${order}), '[]') from ${table} p where p.workspace_id = contacts.workspace_id and p.contact_id = contacts.id)`);

const COLUMNS = [
  ...['id', ...Object.values(CONTACT_COLUMNS), 'merged_into_id', 'version', 'created_at', 'updated_at'].map((column) => `contacts.${column}`),
  partsOf('contact_points', ['kind', 'use', 'value'], 'p.rank, p.id').as('points'),
  partsOf('contact_addresses', ['use', 'lines', 'city', 'state', 'postal_code', 'country'], 'p.id').as('addresses'),
  partsOf('contact_identifiers', ['system', 'value'], 'p.id').as('identifiers'),
];

type WholeRow = Contact & { points: ContactPoint[]; addresses: ContactAddress[]; identifiers: ContactIdentifier[]; my_share?: ShareAccess | null };

/**
 * The whole contact; one round trip beside the transaction's own. A merged contact is returned as it was, with `mergedIntoId`.
 * @throws Fault contact.not_found, for contacts of other workspaces and for those an AGENT has no part in alike
 */
export async function readContact(tx: Tx, id: string): Promise<ContactView> {
  const target = { type: 'contact', id };
  authorize(tx, 'contact.read', target);
  holdChain(tx);
  const contact = await wholeContact(tx, id);
  record(tx, { action: 'contact.read', target });
  return contact;
}

/** The same without an entry of its own, for actions that record what they did with it. `among`: where to look, if not among the visible. */
export async function wholeContact(tx: Tx, id: string, among: ReturnType<typeof visibleContacts> = visibleContacts(tx)): Promise<ContactView> {
  const query = among.findById(id).select(...COLUMNS);
  if (seesOwnOnly(tx)) query.select(raw('(select s.access from contact_shares s where s.workspace_id = contacts.workspace_id and s.contact_id = contacts.id and s.user_id = ?)', [tx.scope.actor.id]).as('my_share'));
  const row = (await query) as WholeRow | undefined;
  if (row === undefined) throw contactNotFound(id);
  for (const point of row.points) openRow(tx, ContactPoint, point);
  for (const address of row.addresses) openRow(tx, ContactAddress, address);
  for (const identifier of row.identifiers) openRow(tx, ContactIdentifier, identifier);
  return contactView(row, row, accessOf(tx, row));
}

/** What reading a contact just made would give: columns that were not given are empty. */
export function newContactView(tx: Tx, row: Partial<Contact>, parts: ContactParts): ContactView {
  const empty = Object.fromEntries(Object.values(CONTACT_COLUMNS).map((column) => [column, null]));
  const whole = { ...empty, tags: [], merged_into_id: null, version: 1, ...row } as unknown as WholeRow;
  return contactView(whole, parts, accessOf(tx, whole));
}

function accessOf(tx: Tx, row: WholeRow): ShareAccess {
  if (!can(tx.scope.actor, 'contact.write') || row.status === 'merged') return 'READ';
  return !seesOwnOnly(tx) || row.owner_id === tx.scope.actor.id ? 'WRITE' : (row.my_share ?? 'READ');
}
