import Joi from 'joi';
import type { Knex } from 'knex';
import type { Tx } from '../../db/scope.ts';
import { id, isDay } from '../../http/schemas.ts';

/** What the list is narrowed to. Ids, codes and days only: addresses end up in histories and proxies' logs. */
export type Filters = {
  readonly from?: string;
  readonly to?: string;
  readonly actor?: string;
  readonly actorKind?: string;
  readonly action?: string;
  readonly outcome?: string;
  readonly target?: string;
};

export const ACTOR_KINDS = ['user', 'agent', 'patient', 'system'] as const;
/** `not-ok` is refused and failed together. */
export const OUTCOMES = ['ok', 'refused', 'failed', 'not-ok'] as const;

const day = Joi.string().pattern(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'a day').custom((value: string, helpers) => (isDay(value) ? value : helpers.error('date.format', { format: 'YYYY-MM-DD' }))).empty('');
export const filterFields = {
  from: day, to: day, actor: id.empty(''), actorKind: Joi.string().valid(...ACTOR_KINDS).empty(''), outcome: Joi.string().valid(...OUTCOMES).empty(''),
  action: Joi.string().max(100).pattern(/^[a-z][A-Za-z0-9_.-]*$/, 'an action').empty(''), target: Joi.string().trim().max(200).pattern(/^[\w.:-]+$/, 'an id').empty(''),
};

/** Narrows a query on app.audit_entries; days are whole days of `timeZone`. */
export function narrow(tx: Tx, query: Knex.QueryBuilder, { from, to, actor, actorKind, action, outcome, target }: Filters, timeZone: string): Knex.QueryBuilder {
  if (from !== undefined) query.where('at', '>=', tx.knex.raw('(?::date)::timestamp at time zone ?', [from, timeZone]));
  if (to !== undefined) query.where('at', '<', tx.knex.raw('(?::date + 1)::timestamp at time zone ?', [to, timeZone]));
  if (actor !== undefined) query.where('actor_id', actor);
  if (actorKind !== undefined) query.where('actor_kind', actorKind);
  if (action !== undefined) query.where('action', action);
  if (target !== undefined) query.where('target_id', target);
  if (outcome === 'not-ok') query.where('outcome', '<>', 'ok');
  else if (outcome !== undefined) query.where('outcome', outcome);
  return query;
}

export function queryOf(filters: Filters, more: Readonly<Record<string, string | number>> = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...filters, ...more })) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? '/audit' : `/audit?${query}`;
}
