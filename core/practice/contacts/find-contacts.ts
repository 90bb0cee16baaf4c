import type { QueryBuilder } from 'objection';
import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { holdChain } from '../../audit/seal.ts';
import { NAME_PREFIX_MAX, NAME_PREFIX_MIN, nameQueryTerm, nameTokens } from '../../crypto/normalize.ts';
import { openRow } from '../../db/model.ts';
import type { Tx } from '../../db/scope.ts';
import { readOffset, writeOffset, type Page } from '../paging.ts';
import { contactSummary, SUMMARY_COLUMNS, type ContactSummary } from './contact-summary.ts';
import { filteredContacts, type ContactFilters } from './list-contacts.ts';
import { Contact, ContactIdentifier, ContactPoint } from './model.ts';
import { readSearchQuery, type SearchQuery } from './search-query.ts';

export type FindInput = ContactFilters & { readonly q: string; readonly cursor?: string | null; readonly limit: number };

/**
 * Contacts a search may rank. A prefix many names share matches thousands; the newest are taken (ids are UUIDv7), and another letter narrows.
 * Only these rows' family names are decrypted to rank them, and only the page's rows whole.
 */
const CANDIDATES_MAX = 100;

type Candidate = Pick<Contact, 'id' | 'given_name' | 'middle_name' | 'family_name' | 'preferred_name' | 'updated_at'>;

/**
 * Finds by three letters of any part of the name (several words must all match), phone, e-mail, birth date or identifier, in whatever form
 * they are typed. Family names that equal or begin with what was typed come first, then the last changed. The record says how many were
 * found, never what was asked.
 */
export async function findContacts(tx: Tx, input: FindInput): Promise<Page<ContactSummary>> {
  authorize(tx, 'contact.read');
  const query = readSearchQuery(input.q, tx.now);
  const offset = input.cursor ? readOffset(input.cursor) : 0;
  const candidates = await candidatesOf(tx, input, query);
  const ids = rankCandidates(tx, candidates, query.words).slice(offset, offset + input.limit).map(({ id }) => id);
  holdChain(tx);
  const rows = ids.length === 0 ? [] : await Contact.query(tx).whereIn('contacts.id', ids).select(...SUMMARY_COLUMNS);
  const byId = new Map(rows.map((row) => [row.id, row]));
  const items = ids.flatMap((id) => byId.get(id) ?? []).map((row) => contactSummary(tx, row));
  record(tx, { action: 'contact.searched', detail: { found: candidates.length, shown: items.length } });
  return {
    items,
    next: offset + input.limit < candidates.length ? writeOffset(offset + input.limit) : null,
    previous: offset > 0 ? writeOffset(Math.max(0, offset - input.limit)) : null,
  };
}

/** Sealed rows: Objection's hooks, which would open every one of them, are passed by. */
async function candidatesOf(tx: Tx, filters: ContactFilters, query: SearchQuery): Promise<Candidate[]> {
  const run = (search: QueryBuilder<Contact> | null): Promise<Candidate[]> => (search === null ? Promise.resolve([]) : Promise.resolve(search.toKnexQuery<Candidate>()));
  const [whole, prefix, byExactValue] = await Promise.all([run(byName(tx, filters, query, 'whole')), run(byName(tx, filters, query, 'prefix')), run(byValue(tx, filters, query))]);
  const named = narrowByWords(tx, distinct([...whole, ...prefix]), query.words);
  return distinct([...byExactValue, ...named]);
}

const distinct = (rows: Candidate[]): Candidate[] => [...new Map(rows.map((row) => [row.id, row])).values()];

/**
 * Name tags are rows of their own (see 0003_practice.sql), read newest contact first along their primary key. Whole words are asked for
 * beside prefixes, so that "Lee" is not crowded out by every Leeanne.
 */
function byName(tx: Tx, filters: ContactFilters, { words, birthDates }: SearchQuery, kind: 'whole' | 'prefix'): QueryBuilder<Contact> | null {
  const indexed = indexedWords(words);
  const [first, ...others] = indexed.map((word) => tx.keys.tags('name', kind === 'whole' ? `=${word}` : nameQueryTerm(word)));
  if (first === undefined || (kind === 'whole' && indexed.every((word) => nameQueryTerm(word) === `=${word}`))) return null;
  const query = filteredContacts(tx, filters)
    .join('contact_name_tags as t', (on) => on.on('t.workspace_id', 'contacts.workspace_id').andOn('t.contact_id', 'contacts.id'))
    .whereIn('t.tag', first)
    .select('contacts.id', 'contacts.given_name', 'contacts.middle_name', 'contacts.family_name', 'contacts.preferred_name', 'contacts.updated_at')
    .orderBy('t.contact_id', 'desc')
    .limit(CANDIDATES_MAX);
  for (const tags of others) query.whereExists(tx.knex('contact_name_tags as o').whereRaw('o.workspace_id = t.workspace_id and o.contact_id = t.contact_id').whereIn('o.tag', tags).select(tx.knex.raw('1')));
  if (birthDates.length > 0) query.whereIn('contacts.birth_date_tag', birthDates.flatMap((date) => tx.keys.tags('date', date)));
  return query;
}

function byValue(tx: Tx, filters: ContactFilters, { words, birthDates, points, identifiers }: SearchQuery): QueryBuilder<Contact> | null {
  const tags = (domain: string, terms: readonly string[]) => terms.flatMap((term) => tx.keys.tags(domain, term));
  const sources: QueryBuilder<Contact | ContactPoint | ContactIdentifier>[] = [];
  if (points.length > 0) sources.push(ContactPoint.query(tx).select('contact_id as id').whereIn('value_tag', tags('point', points)));
  if (identifiers.length > 0) sources.push(ContactIdentifier.query(tx).select('contact_id as id').whereIn('bare_tag', tags('identifier', identifiers)));
  if (birthDates.length > 0 && words.length === 0) sources.push(Contact.query(tx).select('id').whereIn('birth_date_tag', tags('date', birthDates)));
  const [source, ...more] = sources;
  if (source === undefined) return null;
  return filteredContacts(tx, filters)
    .whereIn('contacts.id', source.union(more as never))
    .select('contacts.id', 'contacts.given_name', 'contacts.middle_name', 'contacts.family_name', 'contacts.preferred_name', 'contacts.updated_at')
    .orderBy('contacts.id', 'desc')
    .limit(CANDIDATES_MAX);
}

/** Words too short to have a prefix tag are looked up only where nothing longer was typed; otherwise they narrow what was found. */
function indexedWords(words: readonly string[]): readonly string[] {
  const long = words.filter((word) => [...word].length >= NAME_PREFIX_MIN);
  return long.length > 0 ? long : words;
}

/** What the tags could not say: "smith j", and letters after the tenth. */
function narrowByWords(tx: Tx, candidates: Candidate[], words: readonly string[]): Candidate[] {
  const indexed = indexedWords(words);
  const rest = words.filter((word) => !indexed.includes(word) || [...word].length > NAME_PREFIX_MAX);
  if (rest.length === 0) return candidates;
  return candidates.filter((row) => {
    const { given_name, middle_name, family_name, preferred_name } = opened(tx, row);
    const tokens = nameTokens([given_name, middle_name, family_name, preferred_name].join(' '));
    return rest.every((word) => tokens.some((token) => token.startsWith(word)));
  });
}

/** Family name equal to a word typed, then beginning with one, then all others; within each, the last changed first. */
function rankCandidates(tx: Tx, candidates: readonly Candidate[], words: readonly string[]): Candidate[] {
  const rank = ({ id, family_name }: Candidate): number => {
    if (words.length === 0) return 0;
    const family = nameTokens(opened(tx, { id, family_name }).family_name ?? '');
    if (family.some((token) => words.includes(token))) return 0;
    return family.some((token) => words.some((word) => token.startsWith(word))) ? 1 : 2;
  };
  return candidates
    .map((row) => ({ row, rank: rank(row) }))
    .sort((a, b) => a.rank - b.rank || b.row.updated_at.getTime() - a.row.updated_at.getTime())
    .map(({ row }) => row);
}

function opened<R extends { id: string }>(tx: Tx, sealed: R): R {
  const row = { ...sealed };
  openRow(tx, Contact, row);
  return row;
}
