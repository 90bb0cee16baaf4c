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
 */
export function matchValues<R extends { id: string }>(tx: Tx, wanted: Wanted): Promise<R[]> | null {
  return isDate(wanted.query) ? bornThen(tx, wanted) : holding(tx, wanted);
}

/** Beside a name, a date narrows what the name finds. */
const isDate = ({ words, birthDates }: SearchQuery): boolean => words.length === 0 && birthDates.length > 0;

/**
 * A birth date may be a telephone's digits or a record's number as well, and hardly ever is. So what is sent first reads the few who were born then as
 * they come, and says on each row whether anything has the value in another reading. If so, if they are not few, or nobody was, all readings are
 * gone through.
 */
async function bornThen<R extends { id: string }>(tx: Tx, wanted: Wanted): Promise<R[]> {
  const { values, bound } = placeholders();
  const others = otherReadings(tx, wanted.query, bound).map((reading) => `exists (${reading})`);
  const conditions = [`contacts.birth_date_tag ${datesTagged(tx, wanted.query, bound)}`, ...conditionsOf(tx, wanted, bound)];
  const text = `select ${wanted.columns.join(', ')}, (${others.join(' or ') || 'false'}) as is_had_otherwise from contacts where ${conditions.join(' and ')} limit ${wanted.most}`; // columns, placeholders and our own words
  const born = await tx.query<R & { is_had_otherwise: boolean }>(text, values);
  const isAll = born.length < wanted.most && born[0]?.is_had_otherwise === false;
  return isAll ? born.sort((a, b) => (a.id < b.id ? 1 : -1)) : ((await holding<R>(tx, wanted)) ?? []);
}

/** Whoever has the value in any reading; some have it twice. */
function holding<R extends object>(tx: Tx, wanted: Wanted): Promise<R[]> | null {
  const { values, bound } = placeholders();
  const readings = otherReadings(tx, wanted.query, bound);
  if (isDate(wanted.query)) readings.push(`select id from contacts where birth_date_tag ${datesTagged(tx, wanted.query, bound)}`);
  if (readings.length === 0) return null;
  const text = `select distinct on (contacts.id) ${wanted.columns.join(', ')} from (${readings.join(' union all ')}) as had (contact_id) join contacts on contacts.id = had.contact_id
    where ${conditionsOf(tx, wanted, bound).join(' and ')} order by contacts.id desc limit ${wanted.most}`; // as above
  return tx.query<R>(text, values);
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

const datesTagged = (tx: Tx, { birthDates }: SearchQuery, bound: Bound): string => tagged(tx, 'date', birthDates, bound);

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
