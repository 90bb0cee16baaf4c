import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { nameTokens } from '../../crypto/normalize.ts';
import type { Tx } from '../../db/scope.ts';
import { displayName } from './contact-view.ts';
import { requireMatchingFields } from './field-gate.ts';
import { Contact, ContactMerge } from './model.ts';

export type DuplicateSide = { id: string; name: string; birthDate: string | null; sex: string | null; status: Contact['status'] };
/** `isLikely`: family and given name agree; otherwise one of them does (people marry, and are called by a second name). */
export type Duplicate = { first: DuplicateSide; second: DuplicateSide; isLikely: boolean };

/** Pairs looked at more closely; beyond, the page asks to work through these first. */
const PAIRS_MAX = 500;
const DISTINCTIONS_MAX = 100;
const COLUMNS = ['id', 'given_name', 'middle_name', 'family_name', 'name_suffix', 'preferred_name', 'birth_date', 'sex', 'status'] as const;

/**
 * Pairs of contacts that may be one person: the same birth date and a name in common, by their tags, then compared in the clear. Twins (same
 * day, same family, other given name) are not proposed, nor are pairs that somebody told apart.
 */
export async function listDuplicates(tx: Tx): Promise<Duplicate[]> {
  authorize(tx, 'contact.merge');
  await requireMatchingFields(tx);
  const rows = (await tx.knex('contacts as a')
    .join('contacts as b', (on) => on.on('b.workspace_id', 'a.workspace_id').andOn('b.birth_date_tag', 'a.birth_date_tag').andOn('b.id', '>', 'a.id'))
    .whereNot('a.status', 'merged').whereNot('b.status', 'merged').whereRaw('a.name_tags && b.name_tags')
    .whereNotExists(tx.knex('contact_distinctions as d').whereRaw('d.workspace_id = a.workspace_id and d.first_id = a.id and d.second_id = b.id').select(tx.knex.raw('1')))
    .orderBy('b.id', 'desc').limit(PAIRS_MAX)
    .select(sidesOf())) as Record<string, string | null>[];
  const pairs = rows.map((row) => ({ first: side(tx, row, 'a'), second: side(tx, row, 'b') })).filter(({ first, second }) => isPossible(first, second));
  record(tx, { action: 'contact.duplicates_listed', detail: { count: pairs.length } });
  return pairs
    .map(({ first, second }) => ({ first: sideView(first), second: sideView(second), isLikely: shares(first.family_name, second.family_name) && shares(first.given_name, second.given_name) }))
    .sort((a, b) => Number(b.isLikely) - Number(a.isLikely));
}

/** Pairs that were told apart, newest first, as long as both stand. */
export async function listDistinctions(tx: Tx): Promise<{ first: DuplicateSide; second: DuplicateSide; decidedAt: Date }[]> {
  authorize(tx, 'contact.merge');
  await requireMatchingFields(tx);
  const rows = (await tx.knex('contact_distinctions as d')
    .join('contacts as a', (on) => on.on('a.workspace_id', 'd.workspace_id').andOn('a.id', 'd.first_id')).join('contacts as b', (on) => on.on('b.workspace_id', 'd.workspace_id').andOn('b.id', 'd.second_id'))
    .whereNot('a.status', 'merged').whereNot('b.status', 'merged').orderBy('d.decided_at', 'desc').limit(DISTINCTIONS_MAX)
    .select({ decided_at: 'd.decided_at', ...sidesOf() })) as (Record<string, string | null> & { decided_at: unknown })[];
  return rows.map((row) => ({ first: sideView(side(tx, row, 'a')), second: sideView(side(tx, row, 'b')), decidedAt: row.decided_at as Date }));
}

function sidesOf(): Record<string, string> {
  return Object.fromEntries(COLUMNS.flatMap((column) => [[`a_${column}`, `a.${column}`], [`b_${column}`, `b.${column}`]]));
}

/** Merges into this contact that can still be undone, newest first. */
export async function listMerges(tx: Tx, survivorId: string): Promise<{ id: string; mergedId: string; mergedAt: Date }[]> {
  const rows = await ContactMerge.query(tx).where({ survivor_id: survivorId }).whereNull('undone_at').orderBy('merged_at', 'desc').select('id', 'merged_id', 'merged_at');
  return rows.map(({ id, merged_id, merged_at }) => ({ id, mergedId: merged_id, mergedAt: merged_at }));
}

function side(tx: Tx, row: Record<string, string | null>, prefix: 'a' | 'b'): Contact {
  const contact = Object.fromEntries(COLUMNS.map((column) => [column, row[`${prefix}_${column}`]])) as unknown as Contact;
  Contact.openGated(tx, contact);
  return contact;
}

function sideView(row: Contact): DuplicateSide {
  return { id: row.id, name: displayName(row), birthDate: row.birth_date, sex: row.sex, status: row.status };
}

function isPossible(a: Contact, b: Contact): boolean {
  const initial = (row: Contact) => nameTokens(row.given_name ?? '')[0]?.[0];
  return a.birth_date === b.birth_date && (shares(a.given_name, b.given_name) || (shares(a.family_name, b.family_name) && (initial(a) === initial(b) || initial(a) === undefined || initial(b) === undefined)));
}

function shares(a: string | null, b: string | null): boolean {
  const tokens = new Set(nameTokens(a ?? ''));
  return nameTokens(b ?? '').some((token) => tokens.has(token));
}
