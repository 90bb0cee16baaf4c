import type { Knex } from 'knex';
import type { Tx } from '../../db/scope.ts';

type Moment = Date | Knex.Raw;

/** What of the log is wanted. `not-ok` is refused and failed together; `to` is exclusive. */
export type Wanted = {
  readonly target?: string | undefined;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly actorKind?: string | undefined;
  readonly outcome?: string | undefined;
  readonly from?: Moment | undefined;
  readonly to?: Moment | undefined;
};

/** Entries before (older than) or after (newer than) the one with a sequence number; without either the newest. */
export type Place = { readonly before?: number | undefined; readonly after?: number | undefined };

/** The entries wanted, in no order. */
export function entriesOf(tx: Tx, wanted: Wanted): Knex.QueryBuilder {
  const { target, actor, action, actorKind, outcome, from, to } = wanted;
  const query = tx.knex('app.audit_entries');
  if (target !== undefined) query.where('target_id', target);
  if (actor !== undefined) query.where('actor_id', actor);
  if (action !== undefined) query.where('action', action);
  if (actorKind !== undefined) query.where('actor_kind', actorKind);
  if (outcome !== undefined && outcome !== 'not-ok') query.where('outcome', outcome);
  // Said outright, as the indexes of the few say it: a plan that is kept does not know what is asked.
  if (actorKind !== undefined && actorKind !== 'user') query.whereRaw("actor_kind <> 'user'");
  if (outcome !== undefined && outcome !== 'ok') query.whereRaw("outcome <> 'ok'");
  if (to !== undefined) query.where('at', '<', to);
  if (from === undefined) return query;
  // Beside what has an index of its own the time is compared behind it, as that index alone can answer: to the planner the one by time would seem as good.
  const [column, value] = leading(wanted);
  return column === null ? query.where('at', '>=', from) : query.whereRaw('(??, at) >= (?, ?::timestamptz)', [column, value, from] as never);
}

/**
 * At most `size` rows of the entries wanted, newest first by their time (which may have run back) and place in the chain; `after` gives them oldest
 * first. Each way of narrowing has an index in this order (0033_audit_search_at_scale.sql), so a page costs as much in the tenth year as in the
 * first. The planner, who has no statistics, would rather gather the few that it expects and sort them: for the rest of the transaction it does so
 * only where nothing else is left.
 */
export async function readPage<R>(tx: Tx, columns: readonly string[], wanted: Wanted, { before, after }: Place, size: number): Promise<R[]> {
  const query = entriesOf(tx, wanted).select(...columns);
  const seq = after ?? before;
  if (seq !== undefined) {
    // Asked for by itself: a comparison with a subquery is none that an index answers under row-level security.
    const [place] = await tx.query<{ at: Date }>('select at from app.audit_entries where seq <= $1 order by seq desc limit 1', [seq]);
    query.whereRaw(after === undefined ? '(at, seq) < (?::timestamptz, ?::bigint)' : '(at, seq) > (?::timestamptz, ?::bigint)', [place?.at ?? '-infinity', seq]);
  }
  const order = after === undefined ? 'desc' : 'asc';
  const [, rows] = await Promise.all([tx.query("select set_config('enable_sort', 'off', true)"), query.orderBy([{ column: 'at', order }, { column: 'seq', order }]).limit(size)]);
  return rows as R[];
}

function leading({ target, actor, action, actorKind }: Wanted): [column: string, value: string] | [null, null] {
  if (target !== undefined) return ['target_id', target];
  if (actor !== undefined) return ['actor_id', actor];
  if (action !== undefined) return ['action', action];
  return actorKind !== undefined && actorKind !== 'user' ? ['actor_kind', actorKind] : [null, null];
}
