import Joi from 'joi';
import type { Wanted } from '../../audit/store/log-page.ts';
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
export const OUTCOMES = ['ok', 'refused', 'failed', 'not-ok'] as const;

const day = Joi.string().pattern(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'a day').custom((value: string, helpers) => (isDay(value) ? value : helpers.error('date.format', { format: 'YYYY-MM-DD' }))).empty('');
export const filterFields = {
  from: day, to: day, actor: id.empty(''), actorKind: Joi.string().valid(...ACTOR_KINDS).empty(''), outcome: Joi.string().valid(...OUTCOMES).empty(''),
  action: Joi.string().max(100).pattern(/^[a-z][A-Za-z0-9_.-]*$/, 'an action').empty(''), target: Joi.string().trim().max(200).pattern(/^[\w.:-]+$/, 'an id').empty(''),
};

/** Days are whole days of `timeZone`. */
export function wantedBy(tx: Tx, { from, to, ...others }: Filters, timeZone: string): Wanted {
  return {
    ...others,
    ...(from === undefined ? {} : { from: tx.knex.raw('((?::date)::timestamp at time zone ?)', [from, timeZone]) }),
    ...(to === undefined ? {} : { to: tx.knex.raw('((?::date + 1)::timestamp at time zone ?)', [to, timeZone]) }),
  };
}

export function queryOf(filters: Filters, more: Readonly<Record<string, string | number>> = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...filters, ...more })) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? '/audit' : `/audit?${query}`;
}
