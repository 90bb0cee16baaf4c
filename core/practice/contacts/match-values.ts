import { propertyTerm } from '../../crypto/normalize.ts';
import type { Tx } from '../../db/scope.ts';
import { gateOf } from './field-gate.ts';
import { filterConditions, type ContactFilters } from './list-contacts.ts';
import type { SearchQuery } from './search-query.ts';
import { ownOrShared, seesOwnOnly } from './visible-contacts.ts';

/** What is to be read of whom: `columns` of contacts, of the newest `most` (ids are UUIDv7). */
export type Wanted = { readonly filters: ContactFilters; readonly query: SearchQuery; readonly columns: readonly string[]; readonly most: number };

/**
 * Contacts that have a whole value, of whatever kind, by its tags: newest first, each once, still sealed. Fixed text, sent as it is: nothing is
 * looked up more often. Null where nothing can match.
 *
 * They are hardly ever many, so they are read as they come and put in order here, which costs PostgreSQL a tenth of the statement. Only where
 * there may be more than wanted is it asked for the newest.
 */
export function matchValues<R extends { id: string }>(tx: Tx, wanted: Wanted): Promise<R[]> | null {
  const { values, bound } = placeholders();
  const had = hadBy(tx, wanted.query, bound);
  if (had === null) return null;
  const from = [had, ...conditionsOf(tx, wanted, bound)].join(' and ');
  const select = (distinct: string, order: string) => `select ${distinct} ${wanted.columns.join(', ')} from ${from} ${order} limit ${wanted.most}`; // columns, placeholders and our own words
  return tx.query<R>(select('', ''), values).then((some) =>
    some.length < wanted.most ? newestFirst(some) : tx.query<R>(select('distinct on (contacts.id)', 'order by contacts.id desc'), values));
}

/** Whoever has the value in two ways came twice. */
function newestFirst<R extends { id: string }>(rows: readonly R[]): R[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()].sort((a, b) => (a.id < b.id ? 1 : -1));
}

/** Contacts with the value in any reading, up to the first condition. A birth date alone needs no second look at them. */
function hadBy(tx: Tx, query: SearchQuery, bound: Bound): string | null {
  const readings = otherReadings(tx, query, bound);
  // Beside a name, a date narrows what the name finds.
  const born = query.words.length === 0 && query.birthDates.length > 0 ? `birth_date_tag ${tagged(tx, 'date', query.birthDates, bound)}` : null;
  if (born !== null && readings.length === 0) return `contacts where contacts.${born}`;
  if (born !== null) readings.push(`select id from contacts where ${born}`);
  return readings.length === 0 ? null : `(${readings.join(' union all ')}) as had (contact_id) join contacts on contacts.id = had.contact_id where true`;
}

/** Contacts with a row that has the value, as whatever it may be beside a birth date. */
function otherReadings(tx: Tx, { points, identifiers, whole }: SearchQuery, bound: Bound): string[] {
  const readings: string[] = [];
  if (points.length > 0) readings.push(`select contact_id from contact_points where value_tag ${tagged(tx, 'point', points, bound)}`);
  if (identifiers.length > 0) readings.push(`select contact_id from contact_identifiers where bare_tag ${tagged(tx, 'identifier', identifiers, bound)}`);
  const properties = gateOf(tx).properties.filter(({ isIndexed }) => isIndexed).map(({ name }) => propertyTerm(name, whole));
  if (properties.length > 0) readings.push(`select contact_id from contact_values where value_tag ${tagged(tx, 'property', properties, bound)}`);
  return readings;
}

/** Tags one by one: of an array the planner knows no length, and takes the long way. */
const tagged = (tx: Tx, domain: string, terms: readonly string[], bound: Bound): string => `in (${terms.flatMap((term) => tx.keys.tags(domain, term)).map(bound).join(', ')})`;

function conditionsOf(tx: Tx, { filters }: Wanted, bound: Bound): string[] {
  const conditions = filterConditions(tx, filters, bound);
  return seesOwnOnly(tx) ? [...conditions, ownOrShared(bound(tx.scope.actor.id))] : conditions;
}

type Bound = (value: unknown) => string;

function placeholders(): { values: unknown[]; bound: Bound } {
  const values: unknown[] = [];
  return { values, bound: (value) => `$${values.push(value)}` };
}
