import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { requireMatchingFields } from './field-gate.ts';
import { visibleContacts } from './visible-contacts.ts';

/** Pairs of contacts that somebody found to be two people (app.contact_distinctions). Nobody is asked about them again, by the list of duplicates or by an import. */
export type Pair = { readonly firstId: string; readonly secondId: string };

type PairRow = { first_id: string; second_id: string };

/** The smaller id first, as the table has it; PostgreSQL orders UUIDs as their text is ordered. */
export function pairOf(a: string, b: string): PairRow {
  return a < b ? { first_id: a, second_id: b } : { first_id: b, second_id: a };
}

/**
 * Remembers that the two are not one person, and answers every open question whether they are.
 * @throws Fault contact.not_found · contact.merged · contact.merge_refused (one and the same)
 */
export async function tellApart(tx: Tx, { firstId, secondId }: Pair): Promise<void> {
  const target = { type: 'contact', id: firstId };
  authorize(tx, 'contact.merge', target);
  await requireMatchingFields(tx);
  await requireTwoStanding(tx, firstId, secondId);
  await keepDistinct(tx, firstId, secondId);
  const decided = await decideReviews(tx, firstId, secondId, { from: 'open', to: 'different' });
  record(tx, { action: 'contact.told_apart', target, detail: { otherId: secondId, reviews: decided.length } });
}

/** Forgets it: the pair is proposed again where it looks alike, and questions that were answered by it are open again. @throws as tellApart · record.not_found */
export async function takeBackDistinction(tx: Tx, { firstId, secondId }: Pair): Promise<void> {
  const target = { type: 'contact', id: firstId };
  authorize(tx, 'contact.merge', target);
  await requireMatchingFields(tx);
  await requireTwoStanding(tx, firstId, secondId);
  if ((await tx.knex('contact_distinctions').where(pairOf(firstId, secondId)).delete()) === 0) throw fault('record.not_found');
  const reopened = await decideReviews(tx, firstId, secondId, { from: 'different', to: 'open' });
  record(tx, { action: 'contact.distinction_taken_back', target, detail: { otherId: secondId, reviews: reopened.length } });
}

/** Writes the pair down, in place of what said so before: the last decision counts, and no undo of an earlier merge takes it along. The caller puts it on the record. */
export async function keepDistinct(tx: Tx, a: string, b: string): Promise<void> {
  const { workspaceId, actor } = tx.scope;
  await tx.knex('contact_distinctions').where(pairOf(a, b)).delete(); // these rows are never updated: see the grants of 0019_suspension_and_distinctions.sql
  await tx.knex('contact_distinctions').insert({ workspace_id: workspaceId, ...pairOf(a, b), decided_by: actor.kind === 'user' ? actor.id : null, decided_at: new Date(tx.now) }).onConflict(['workspace_id', 'first_id', 'second_id']).ignore();
}

/** Answers, or asks again, what imports asked about the two. Returns the reviews' ids. */
export async function decideReviews(tx: Tx, a: string, b: string, { from, to }: { from: 'open' | 'different'; to: 'open' | 'same' | 'different' }): Promise<string[]> {
  const by = to === 'open' ? null : tx.scope.actor.kind === 'user' ? tx.scope.actor.id : null;
  const rows = (await tx.knex('match_reviews').where({ status: from }).where((either) => either.where({ contact_id: a, candidate_id: b }).orWhere({ contact_id: b, candidate_id: a }))
    .update({ status: to, decided_by: by, decided_at: to === 'open' ? null : new Date(tx.now) }).returning('id')) as { id: string }[];
  return rows.map(({ id }) => id);
}

/** Whether two of these contacts are known to be different people. */
export async function distinctionsAmong(tx: Tx, ids: readonly string[]): Promise<(a: string, b: string) => boolean> {
  const rows = (await tx.knex('contact_distinctions').whereIn('first_id', [...ids]).whereIn('second_id', [...ids]).select('first_id', 'second_id')) as PairRow[];
  const known = new Set(rows.map(({ first_id, second_id }) => `${first_id} ${second_id}`));
  return (a, b) => known.has(Object.values(pairOf(a, b)).join(' '));
}

/** Held until the commit: of a merge of the two at the same moment, one comes after the other. */
async function requireTwoStanding(tx: Tx, a: string, b: string): Promise<void> {
  if (a === b) throw fault('contact.merge_refused');
  const rows = await visibleContacts(tx).whereIn('contacts.id', [a, b]).select('contacts.id', 'contacts.status').orderBy('contacts.id').forShare();
  if (rows.length < 2) throw fault('contact.not_found');
  if (rows.some(({ status }) => status === 'merged')) throw fault('contact.merged');
}
