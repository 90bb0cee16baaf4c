import { authorize } from '../../access/authorize.ts';
import { capabilityRule } from '../../access/capabilities.ts';
import { record } from '../../audit/record.ts';
import { uuidv7 } from '../../crypto/uuid.ts';
import type { Role, Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { saveContact } from './write-contact.ts';
import { joinTags, writeTags } from './contact-tags.ts';
import { contactGate, isWritable, nameOnRecord } from './field-gate.ts';
import { UNGATED } from './gated-model.ts';
import { holdMatching } from './hold-matching.ts';
import { CONTACT_COLUMNS, Contact, ContactAddress, ContactMerge, ContactShare, type MovedRows } from './model.ts';
import { moveDoubts, returnDoubts } from './merge-doubts.ts';
import { visibleContacts } from './visible-contacts.ts';

/** Fields whose value the survivor may take from the other record. What hangs on it goes over anyway; tags are joined. */
export const TAKEABLE = Object.keys(CONTACT_COLUMNS).filter((field) => field !== 'tags' && field !== 'status') as (keyof typeof CONTACT_COLUMNS)[];
export type Takeable = (typeof TAKEABLE)[number];

/** Tables whose rows belong to a contact and follow it whole. */
const FOLLOWING = ['activities', 'appointments', 'documents'] as const;
/** Fields whose rows a table holds: how many went over is not counted where somebody does not see them. */
const HOLDS: Readonly<Record<string, readonly string[]>> = { contact_points: ['phones', 'emails'], contact_addresses: ['addresses'], contact_identifiers: ['identifiers'], contact_values: ['custom.'] };
const isShielded = (field: string, shielded: ReadonlySet<string>): boolean => (field.endsWith('.') ? [...shielded].some((name) => name.startsWith(field)) : shielded.has(field));
/** Phones and e-mails that come over are tried after the survivor's own. */
const RANK_SHIFT = 10;

/**
 * Makes two records one: everything that hangs on `mergedId` goes to `survivorId`, save what the survivor has already, and the merged record
 * keeps its own values, points to the survivor and is no longer listed. Open questions about the merged record are about the survivor then. Nothing is
 * lost: `undoMerge` puts all of it back.
 * @throws Fault contact.not_found · contact.merged · contact.merge_refused (one and the same)
 */
export async function mergeContacts(tx: Tx, { survivorId, mergedId, take }: { survivorId: string; mergedId: string; take: readonly Takeable[] }): Promise<{ mergeId: string }> {
  const target = { type: 'contact', id: survivorId };
  authorize(tx, 'contact.merge', target);
  authorize(tx, 'contact.read', target); // the answer is the whole of it
  const gate = await contactGate(tx);
  if (take.some((field) => !TAKEABLE.includes(field) || !isWritable(gate, field))) throw fault('request.invalid', { fields: [{ path: 'take', text: 'there is no such field' }] });
  if (survivorId === mergedId) throw fault('contact.merge_refused');
  await holdMatching(tx);
  const { survivor, merged } = await lockBoth(tx, survivorId, mergedId);
  if (survivor.status === 'merged' || merged.status === 'merged') throw fault('contact.merged');

  const columns: Record<string, unknown> = {};
  for (const field of take) columns[CONTACT_COLUMNS[field]] = merged[CONTACT_COLUMNS[field]];
  if (columns['deceased_on']) columns['status'] = merged.status; // a date of death goes with the status
  const tags = joinTags(survivor.tags, merged.tags);
  if (tags !== survivor.tags) columns['tags'] = tags;
  const before = Object.fromEntries(Object.keys(columns).map((column) => [column, survivor[column as keyof Contact]]));
  const { status: previousStatus } = merged;

  const { rows, widened } = await moveRows(tx, survivor, merged);
  const kept = await keepWriting(tx, survivorId, take.includes('ownerId') ? { owner: merged.owner_id, former: survivor.owner_id } : { owner: survivor.owner_id, former: merged.owner_id });
  const moved: MovedRows = { rows, widened: [...widened, ...kept.widened], granted: kept.granted, previousStatus, doubts: await moveDoubts(tx, survivorId, mergedId) };
  await saveContact(tx, survivor, columns as Partial<Contact>);
  await saveContact(tx, merged, { status: 'merged', merged_into_id: survivorId });
  const mergeId = uuidv7(tx.now);
  await ContactMerge.query(tx).insert({
    id: mergeId, survivor_id: survivorId, merged_id: mergedId, moved, survivor_before: JSON.stringify(before), merged_by: tx.scope.actor.kind === 'user' ? tx.scope.actor.id : null, merged_at: new Date(tx.now),
  });
  record(tx, { action: 'contact.merged', target, detail: { mergedId, mergeId, fields: [...take].sort().map((field) => nameOnRecord(tx, gate, field)), moved: Object.fromEntries(Object.entries(moved.rows).filter(([table]) => !HOLDS[table]?.some((field) => isShielded(field, gate.shielded))).map(([table, ids]) => [table, ids.length])) } });
  return { mergeId };
}

/**
 * Takes a merge back: what went over returns, and values the survivor took give way to its former ones. What was changed or added since stays
 * as it is now, with the survivor.
 * @throws Fault merge.not_found · contact.merge_undone · contact.merge_buried
 */
export async function undoMerge(tx: Tx, mergeId: string): Promise<{ survivorId: string; mergedId: string }> {
  authorize(tx, 'contact.merge', { type: 'contact_merge', id: mergeId });
  authorize(tx, 'contact.read', { type: 'contact_merge', id: mergeId }); // the answer is the whole of it
  const merge = await ContactMerge.query(tx).findById(mergeId).forNoKeyUpdate();
  if (merge === undefined) throw fault('merge.not_found');
  if (merge.undone_at !== null) throw fault('contact.merge_undone');
  const { survivor, merged } = await lockBoth(tx, merge.survivor_id, merge.merged_id);
  if (survivor.status === 'merged') throw fault('contact.merge_buried');

  for (const [table, ids] of Object.entries(merge.moved.rows)) {
    const back = tx.knex(table).whereIn('id', [...ids]).where({ contact_id: survivor.id });
    await back.update({ contact_id: merged.id, ...(table === 'contact_points' ? { rank: tx.knex.raw('case when rank > ? then rank - ? else rank end', [RANK_SHIFT, RANK_SHIFT]) } : {}) });
  }
  if (merge.moved.widened.length > 0) await ContactShare.query(tx).whereIn('id', [...merge.moved.widened]).where({ access: 'WRITE' }).patch({ access: 'READ' });
  const ended = (await ContactShare.query(tx).whereIn('id', [...(merge.moved.granted ?? [])]).where({ access: 'WRITE' }).delete().returning('user_id')) as ContactShare[];
  for (const { user_id: userId } of ended) record(tx, { action: 'contact.share_ended', target: { type: 'contact', id: survivor.id }, detail: { userId, access: 'WRITE' } });
  if (merge.moved.doubts !== undefined) await returnDoubts(tx, survivor.id, merged.id, { doubts: merge.moved.doubts, mergedAt: merge.merged_at });
  const before = readBefore(merge.survivor_before);
  const taken: Readonly<Record<string, unknown>> = { ...merged, status: merge.moved.previousStatus, tags: joinTags(before.tags ?? null, merged.tags) };
  const restored = Object.entries(before)
    .filter(([column]) => JSON.stringify(survivor[column as keyof Contact]) === JSON.stringify(taken[column]));
  await saveContact(tx, survivor, Object.fromEntries(restored) as Partial<Contact>);
  await saveContact(tx, merged, { status: merge.moved.previousStatus, merged_into_id: null });
  await merge.$query(tx).patch({ undone_at: new Date(tx.now) });
  record(tx, { action: 'contact.merge_undone', target: { type: 'contact', id: survivor.id }, detail: { mergedId: merged.id, mergeId } });
  return { survivorId: survivor.id, mergedId: merged.id };
}

type Before = Readonly<Record<string, unknown>> & { readonly tags?: string | null };

/** The survivor's former values by column. Merges made before tags were sealed (0018_sealed_tags.sql) hold theirs as a list. */
function readBefore(stored: string | null): Before {
  const before = JSON.parse(stored ?? '{}') as Before | { readonly tags: readonly string[] };
  return Array.isArray(before.tags) ? { ...before, tags: writeTags(before.tags) } : (before as Before);
}

/** Both rows, locked in the order of their ids so that two merges the other way round cannot wait for each other. */
async function lockBoth(tx: Tx, survivorId: string, mergedId: string): Promise<{ survivor: Contact; merged: Contact }> {
  const rows = await visibleContacts(tx).whereIn('contacts.id', [survivorId, mergedId]).select('contacts.*').orderBy('contacts.id').forNoKeyUpdate().context(UNGATED);
  const [survivor, merged] = [rows.find(({ id }) => id === survivorId), rows.find(({ id }) => id === mergedId)];
  if (survivor === undefined || merged === undefined) throw fault('contact.not_found');
  return { survivor, merged };
}

async function moveRows(tx: Tx, survivor: Contact, merged: Contact): Promise<Pick<MovedRows, 'rows' | 'widened'>> {
  const to = { contact_id: survivor.id };
  const from = { contact_id: merged.id };
  const rows: Record<string, string[]> = {};
  const returned = (found: unknown): string[] => (found as { id: string }[]).map(({ id }) => id);
  for (const table of FOLLOWING) rows[table] = returned(await tx.knex(table).where(from).update(to).returning('id'));
  const unless = (table: string, same: string) =>
    tx.knex(table).where(`${table}.contact_id`, merged.id).whereNotExists(tx.knex(`${table} as own`).where('own.contact_id', survivor.id).whereRaw(same).select(tx.knex.raw('1')));
  rows['contact_points'] = returned(await unless('contact_points', 'own.kind = contact_points.kind and own.value_tag = contact_points.value_tag').update({ ...to, rank: tx.knex.raw('rank + ?', [RANK_SHIFT]) }).returning('id'));
  rows['contact_identifiers'] = returned(await unless('contact_identifiers', 'own.value_tag = contact_identifiers.value_tag').update(to).returning('id'));
  rows['contact_values'] = returned(await unless('contact_values', 'own.property = contact_values.property').update(to).returning('id'));
  rows['contact_addresses'] = await newAddresses(tx, survivor.id, merged.id);
  await tx.knex('contact_addresses').whereIn('id', rows['contact_addresses']).update(to);

  const [own, theirs] = await Promise.all([ContactShare.query(tx).where(to), ContactShare.query(tx).where(from)]);
  const ownOf = (share: ContactShare) => own.find(({ user_id }) => user_id === share.user_id);
  rows['contact_shares'] = theirs.filter((share) => ownOf(share) === undefined && share.user_id !== survivor.owner_id).map(({ id }) => id);
  await tx.knex('contact_shares').whereIn('id', rows['contact_shares']).update(to);
  const widened = theirs.filter(({ access }) => access === 'WRITE').flatMap((share) => { const mine = ownOf(share); return mine?.access === 'READ' ? [mine.id] : []; });
  if (widened.length > 0) await ContactShare.query(tx).whereIn('id', widened).patch({ access: 'WRITE' });
  return { rows, widened };
}

/** Whoever owned one of the two and does not own the survivor goes on writing, by a share: their tasks and appointments are there now. */
async function keepWriting(tx: Tx, contactId: string, { owner, former }: { owner: string | null; former: string | null }): Promise<{ granted: string[]; widened: string[] }> {
  const user = former === null || former === owner ? undefined : ((await tx.knex('users').where({ id: former }).first('id', 'role')) as { id: string; role: Role } | undefined);
  if (user === undefined || capabilityRule('contact.all').roles.includes(user.role)) return { granted: [], widened: [] };
  const known = await ContactShare.query(tx).findOne({ contact_id: contactId, user_id: user.id });
  if (known?.access === 'WRITE') return { granted: [], widened: [] };
  record(tx, { action: known === undefined ? 'contact.shared' : 'contact.share_changed', target: { type: 'contact', id: contactId }, detail: { userId: user.id, access: known === undefined ? 'WRITE' : { from: 'READ', to: 'WRITE' } } });
  if (known !== undefined) {
    await known.$query(tx).patch({ access: 'WRITE' });
    return { granted: [], widened: [known.id] };
  }
  const id = uuidv7(tx.now);
  await ContactShare.query(tx).insert({ id, contact_id: contactId, user_id: user.id, access: 'WRITE', shared_by: tx.scope.actor.kind === 'user' ? tx.scope.actor.id : null, created_at: new Date(tx.now) });
  return { granted: [id], widened: [] };
}

/** Addresses have no tag to compare by, so both records' are opened. */
async function newAddresses(tx: Tx, survivorId: string, mergedId: string): Promise<string[]> {
  const rows = await ContactAddress.query(tx).context(UNGATED).whereIn('contact_id', [survivorId, mergedId]);
  const words = (row: ContactAddress) => [row.lines, row.city, row.state, row.postal_code, row.country].map((part) => (part ?? '').toLowerCase().replace(/\W+/g, ' ').trim()).join('|');
  const own = new Set(rows.filter(({ contact_id }) => contact_id === survivorId).map(words));
  return rows.filter((row) => row.contact_id === mergedId && !own.has(words(row))).map(({ id }) => id);
}
