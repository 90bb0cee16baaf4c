import { authorize, can } from '../../access/authorize.ts';
import type { App } from '../../app.ts';
import { record } from '../../audit/record.ts';
import type { Scope, Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { exportedJson } from '../contacts/contact-json.ts';
import type { ContactView } from '../contacts/contact-view.ts';
import { contactGate, refuseFilters } from '../contacts/field-gate.ts';
import { findContacts } from '../contacts/find-contacts.ts';
import { filteredContacts, listContacts, type ContactFilters, type ListInput } from '../contacts/list-contacts.ts';
import { columnsFor, csvHeading, csvLines } from './contact-columns.ts';
import { wholeContacts } from './whole-contacts.ts';

export const LIST_FORMATS = ['csv', 'json'] as const;
export type ListFormat = (typeof LIST_FORMATS)[number];
/** A list as it was asked for: `q` is a search, with all that `findContacts` ranks. */
export type ListSelection = ContactFilters & { readonly q?: string | null };
export type ContactsFile = { readonly mediaType: string; /** The file's bytes; memory does not grow with the number of contacts, but for their ids. */ readonly pieces: AsyncIterable<Uint8Array> };

export const CONTACTS_MAX = 100_000;
/** More than a search ranks: 250 by whole words of a name, 250 by beginnings, 100 by exact values. */
const FOUND_MAX = 1000;
const BATCH = 100;
const UTF8 = new TextEncoder();

/** How many contacts the file would hold. @throws Fault access.denied */
export async function countForExport(tx: Tx, selection: ListSelection): Promise<number> {
  if (!can(tx.scope.actor, 'contact.export')) authorize(tx, 'contact.export');
  return (await selectedIds(tx, selection)).length;
}

/**
 * The list with all that the actor sees of each contact. How many, by whom and in which form is on the record before the first byte is sent;
 * values are not. Each batch is read in a transaction of its own, by the rules that hold at that moment.
 * @throws Fault access.denied · access.step_up_required · export.too_many
 */
export async function exportContacts(app: App, scope: Scope, format: ListFormat, selection: ListSelection): Promise<ContactsFile> {
  const { ids, columns } = await app.withWorkspace(scope, async (tx) => {
    authorize(tx, 'contact.export');
    const found = await selectedIds(tx, selection);
    record(tx, { action: 'contact.list_exported', detail: { format, contacts: found.length } });
    return { ids: found, columns: columnsFor(await contactGate(tx)) };
  });
  const read = batches(app, scope, ids);
  if (format === 'csv') return { mediaType: 'text/csv; charset=utf-8', pieces: pieces(csvHeading(columns), read, (views) => csvLines(columns, views), '') };
  const lines = (views: readonly ContactView[], isFirst: boolean) => `${isFirst ? '\n' : ',\n'}${views.map((view) => JSON.stringify(exportedJson(view))).join(',\n')}`;
  return { mediaType: 'application/json', pieces: pieces(`{"exportedAt":"${new Date().toISOString()}","contacts":[`, read, lines, '\n]}\n') };
}

/** One page of the same, for programs: whole contacts, last made first, so that one which is changed between two pages is in one of them. */
export async function exportPage(tx: Tx, input: Omit<ListInput, 'order'>): Promise<{ items: ContactView[]; next: string | null }> {
  authorize(tx, 'contact.export');
  const { items, next } = await listContacts(tx, { ...input, order: 'made' });
  const views = await wholeContacts(tx, items.map(({ id }) => id));
  record(tx, { action: 'contact.list_exported', detail: { format: 'json', contacts: views.length } });
  return { items: views, next };
}

async function selectedIds(tx: Tx, { q, ...filters }: ListSelection): Promise<readonly string[]> {
  const gate = await contactGate(tx);
  refuseFilters(gate, filters);
  if (q) return (await findContacts(tx, { ...filters, q, limit: FOUND_MAX })).items.map(({ id }) => id);
  const rows = await filteredContacts(tx, filters).select('contacts.id').orderBy('contacts.updated_at', 'desc').orderBy('contacts.id', 'desc').limit(CONTACTS_MAX + 1).toKnexQuery<{ id: string }>();
  if (rows.length > CONTACTS_MAX) throw fault('export.too_many');
  return rows.map(({ id }) => id);
}

/** A transaction each: a long download must not hold one open, and a workspace context ends after a minute. */
async function* batches(app: App, scope: Scope, ids: readonly string[]): AsyncGenerator<ContactView[]> {
  for (let at = 0; at < ids.length; at += BATCH) yield await app.withWorkspace(scope, (tx) => wholeContacts(tx, ids.slice(at, at + BATCH)));
}

async function* pieces(head: string, read: AsyncIterable<ContactView[]>, rows: (views: readonly ContactView[], isFirst: boolean) => string, tail: string): AsyncGenerator<Uint8Array> {
  yield UTF8.encode(head);
  let isFirst = true;
  for await (const views of read) {
    if (views.length === 0) continue; // they went out of sight meanwhile
    yield UTF8.encode(rows(views, isFirst));
    isFirst = false;
  }
  yield UTF8.encode(tail);
}
