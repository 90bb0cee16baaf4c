import type { Knex } from 'knex';
import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { holdChain } from '../../audit/seal.ts';
import { NAME_PREFIX_MAX, NAME_PREFIX_MIN, nameQueryTerm, nameTokens } from '../../crypto/normalize.ts';
import type { Tx } from '../../db/scope.ts';
import { readOffset, writeOffset, type Page } from '../paging.ts';
import { contactSummary, SUMMARY, type ContactSummary } from './contact-summary.ts';
import { contactGate, gateOf, refuseFilters } from './field-gate.ts';
import { filteredContacts, narrowContacts, type ContactFilters } from './list-contacts.ts';
import { matchValues } from './match-values.ts';
import { Contact } from './model.ts';
import { readSearchQuery, type SearchQuery } from './search-query.ts';
import { onOwnOrShared } from './visible-contacts.ts';

export type FindInput = ContactFilters & { readonly q: string; readonly cursor?: string | null; readonly limit: number };

/**
 * Contacts a search may rank. A prefix many names share matches thousands; the newest are taken (ids are UUIDv7), and another letter narrows.
 * Only these rows' family names are decrypted to rank them, and only the page's rows whole.
 */
const CANDIDATES_MAX = 100;
/** Where words remain that only decrypted names can answer. */
const NARROWED_MAX = 250;

/** Fields that a word of a search may stand in. */
const NAME_PARTS = ['givenName', 'middleName', 'familyName', 'nameSuffix', 'preferredName'];

type Candidate = Pick<Contact, 'id' | 'given_name' | 'middle_name' | 'family_name' | 'name_suffix' | 'preferred_name' | 'updated_at'>;
const CANDIDATE_COLUMNS = ['contacts.id', 'contacts.given_name', 'contacts.middle_name', 'contacts.family_name', 'contacts.name_suffix', 'contacts.preferred_name', 'contacts.updated_at'];

/**
 * Finds by three letters of any part of the name (several words must all match), phone, e-mail, birth date or identifier, in whatever form
 * they are typed. Family names that equal or begin with what was typed come first, then the last changed. The record says how many were
 * found, never what was asked.
 */
export async function findContacts(tx: Tx, input: FindInput): Promise<Page<ContactSummary>> {
  authorize(tx, 'contact.read');
  const gate = await contactGate(tx);
  refuseFilters(gate, input);
  const query = readSearchQuery(input.q, tx.now, gate.hidden);
  const offset = input.cursor ? readOffset(input.cursor) : 0;
  const isExact = query.words.length === 0;
  const candidates = isExact ? await exactMatches(tx, input, query) : await candidatesOf(tx, input, query);
  const shown = rankCandidates(tx, candidates, query.words).slice(offset, offset + input.limit);
  const rows = isExact ? shown : await wholeRows(tx, shown);
  const items = rows.map((row) => contactSummary(tx, opened(tx, row) as Contact));
  record(tx, { action: 'contact.searched', detail: { found: candidates.length, shown: items.length } });
  return {
    items,
    next: offset + input.limit < candidates.length ? writeOffset(offset + input.limit) : null,
    previous: offset > 0 ? writeOffset(Math.max(0, offset - input.limit)) : null,
  };
}

/** Whole values match few rows, so these come with all that a list shows of them, still sealed. */
async function exactMatches(tx: Tx, filters: ContactFilters, query: SearchQuery): Promise<Candidate[]> {
  const search = matchValues<Candidate>(tx, { filters, query, columns: SUMMARY, most: CANDIDATES_MAX });
  if (search === null) return [];
  holdChain(tx);
  return search;
}

/**
 * In the order of `page`. Joined rather than `id in (…)`: of a list PostgreSQL 18 takes any index that holds the id, in whatever place, and reads all of
 * it ("skip scan", which costs nothing by what the planner knows without statistics).
 */
async function wholeRows(tx: Tx, page: readonly Candidate[]): Promise<Candidate[]> {
  if (page.length === 0) return [];
  const whole = `select ${SUMMARY.join(', ')} from unnest($1::uuid[]) as page (id) join contacts on contacts.id = page.id`; // columns of our own
  const search = tx.query<Candidate>(whole, [page.map(({ id }) => id)]);
  holdChain(tx);
  const byId = new Map((await search).map((row) => [row.id, row]));
  return page.flatMap(({ id }) => byId.get(id) ?? []);
}

/** Sealed rows: Objection's hooks, which would open every one of them, are passed by. */
async function candidatesOf(tx: Tx, filters: ContactFilters, query: SearchQuery): Promise<Candidate[]> {
  const run = async (search: Knex.QueryBuilder<Candidate> | null): Promise<Candidate[]> => (search === null ? [] : ((await search) as Candidate[]));
  const [whole, prefix, byExactValue] = await Promise.all([run(byName(tx, filters, query, 'whole')), run(byName(tx, filters, query, 'prefix')), matchValues<Candidate>(tx, { filters, query, columns: CANDIDATE_COLUMNS, most: CANDIDATES_MAX })]);
  const named = narrowByWords(tx, distinct([...whole, ...prefix]), query.words);
  return distinct([...(byExactValue ?? []), ...named]);
}

const distinct = (rows: Candidate[]): Candidate[] => [...new Map(rows.map((row) => [row.id, row])).values()];

/**
 * Name tags are rows of their own (see 0003_practice.sql), read newest contact first along their primary key. Whole words are asked for
 * beside prefixes, so that "Lee" is not crowded out by every Leeanne. The tables keep no statistics (sec.forget_statistics), so the order of
 * work is written out rather than left to a planner's guess: OFFSET 0 keeps a subquery from being turned into a join.
 */
function byName(tx: Tx, filters: ContactFilters, { words, birthDates }: SearchQuery, kind: 'whole' | 'prefix'): Knex.QueryBuilder<Candidate> | null {
  const indexed = indexedWords(words);
  if (indexed.length === 0 || (kind === 'whole' && indexed.every((word) => nameQueryTerm(word) === `=${word}`))) return null;
  const tagLists = indexed.map((word) => tx.keys.tags('name', kind === 'whole' ? `=${word}` : nameQueryTerm(word)));
  const most = narrowing(tx, words).length > 0 ? NARROWED_MAX : CANDIDATES_MAX;
  const hasTag = (tags: readonly string[], of: string) => tx.knex.raw('exists (select 1 from contact_name_tags o where o.contact_id = ?? and o.tag = any (?::bigint[]) offset 0)', [of, `{${tags.join(',')}}`]);
  if (birthDates.length > 0) {
    const query = filteredContacts(tx, filters).whereIn('contacts.birth_date_tag', birthDates.flatMap((date) => tx.keys.tags('date', date)));
    for (const tags of tagLists) query.where(hasTag(tags, 'contacts.id') as never);
    return query.select(...CANDIDATE_COLUMNS).orderBy('contacts.id', 'desc').limit(most).toKnexQuery<Candidate>();
  }
  const [first = [], ...others] = tagLists;
  const contact = narrowContacts(tx, Contact.query(tx), filters).whereRaw('contacts.id = t.contact_id').select(...CANDIDATE_COLUMNS);
  const query = tx.knex('contact_name_tags as t').joinRaw('cross join lateral (? offset 0) as c', [contact.toKnexQuery() as never]).whereIn('t.tag', first);
  onOwnOrShared(tx, query, 't.contact_id');
  for (const tags of others) query.where(hasTag(tags, 't.contact_id'));
  return query.select('c.*').orderBy('t.contact_id', 'desc').limit(most) as unknown as Knex.QueryBuilder<Candidate>;
}

/** Words too short to have a prefix tag are looked up only where nothing longer was typed; otherwise they narrow what was found. */
function indexedWords(words: readonly string[]): readonly string[] {
  const long = words.filter((word) => [...word].length >= NAME_PREFIX_MIN);
  return long.length > 0 ? long : words;
}

/** What the tags cannot say: "smith j", letters after the tenth, and whether it was a hidden part of the name that matched. */
function narrowing(tx: Tx, words: readonly string[]): readonly string[] {
  if (NAME_PARTS.some((field) => gateOf(tx).hidden.has(field))) return words;
  const indexed = indexedWords(words);
  return words.filter((word) => !indexed.includes(word) || [...word].length > NAME_PREFIX_MAX);
}

function narrowByWords(tx: Tx, candidates: Candidate[], words: readonly string[]): Candidate[] {
  const rest = narrowing(tx, words);
  if (rest.length === 0) return candidates;
  return candidates.filter((row) => {
    const { given_name, middle_name, family_name, name_suffix, preferred_name } = opened(tx, row);
    const tokens = nameTokens([given_name, middle_name, family_name, name_suffix, preferred_name].join(' ')); // a hidden part is not there
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
  Contact.openGated(tx, row);
  return row;
}
