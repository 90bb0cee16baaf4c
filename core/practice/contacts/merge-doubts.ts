import type { Tx } from '../../db/scope.ts';
import { decideReviews, keepDistinct, pairOf } from './distinctions.ts';

/** What a merge did to the questions about the two, so that its undo asks them as they were asked. Ids of match_reviews but for `distinct`. */
export type MovedDoubts = {
  /** Whether the two are one: the merge says so. */
  readonly answered: readonly string[];
  /** About the merged record and a third, now about the survivor, by the column that named it. */
  readonly asked: Readonly<Record<'contact_id' | 'candidate_id', readonly string[]>>;
  /** Of these, those that the survivor had an answer to. */
  readonly settled: readonly string[];
  /** Contacts that the merged record was told apart from and the survivor was not yet. */
  readonly distinct: readonly string[];
  /** That the two had been told apart themselves. */
  readonly withdrawn: { readonly decided_by: string | null; readonly decided_at: string } | null;
};

type Decision = { decided_by: string | null; decided_at: Date };
const idsOf = (rows: unknown): string[] => (rows as { id: string }[]).map(({ id }) => id);

/** Brings what is asked and known of the merged record to the survivor. */
export async function moveDoubts(tx: Tx, survivorId: string, mergedId: string): Promise<MovedDoubts> {
  const answered = await decideReviews(tx, survivorId, mergedId, { from: 'open', to: 'same' });
  const [withdrawn] = (await tx.knex('contact_distinctions').where(pairOf(survivorId, mergedId)).delete().returning(['decided_by', 'decided_at'])) as Decision[];
  const distinct: string[] = [];
  for (const other of await toldApartFrom(tx, mergedId)) {
    const known = await tx.knex('contact_distinctions').where(pairOf(survivorId, other)).first('first_id');
    if (known !== undefined) continue;
    await keepDistinct(tx, survivorId, other);
    distinct.push(other);
  }
  const move = async (column: 'contact_id' | 'candidate_id') => idsOf(await tx.knex('match_reviews').where({ [column]: mergedId, status: 'open' }).update({ [column]: survivorId }).returning('id'));
  const asked = { contact_id: await move('contact_id'), candidate_id: await move('candidate_id') };
  const settled: string[] = [];
  if (asked.contact_id.length + asked.candidate_id.length > 0) for (const other of await toldApartFrom(tx, survivorId)) settled.push(...(await decideReviews(tx, survivorId, other, { from: 'open', to: 'different' })));
  return { answered, asked, settled, distinct, withdrawn: withdrawn === undefined ? null : { decided_by: withdrawn.decided_by, decided_at: withdrawn.decided_at.toISOString() } };
}

/** Takes it back, but for what was decided since. */
export async function returnDoubts(tx: Tx, survivorId: string, mergedId: string, { doubts, mergedAt }: { doubts: MovedDoubts; mergedAt: Date }): Promise<void> {
  const { answered, asked, settled, distinct, withdrawn } = doubts;
  const reopen = (ids: readonly string[], status: 'same' | 'different') => tx.knex('match_reviews').whereIn('id', [...ids]).where({ status }).update({ status: 'open', decided_by: null, decided_at: null });
  await reopen(settled, 'different');
  for (const [column, ids] of Object.entries(asked)) await tx.knex('match_reviews').whereIn('id', [...ids]).where({ [column]: survivorId }).update({ [column]: mergedId });
  for (const other of distinct) await tx.knex('contact_distinctions').where(pairOf(survivorId, other)).where('decided_at', '<=', mergedAt).delete();
  await reopen(answered, 'same');
  if (withdrawn !== null) await tx.knex('contact_distinctions').insert({ workspace_id: tx.scope.workspaceId, ...pairOf(survivorId, mergedId), ...withdrawn }).onConflict(['workspace_id', 'first_id', 'second_id']).ignore();
}

async function toldApartFrom(tx: Tx, id: string): Promise<string[]> {
  const rows = (await tx.knex('contact_distinctions').where({ first_id: id }).orWhere({ second_id: id }).select('first_id', 'second_id')) as { first_id: string; second_id: string }[];
  return rows.map(({ first_id, second_id }) => (first_id === id ? second_id : first_id));
}
