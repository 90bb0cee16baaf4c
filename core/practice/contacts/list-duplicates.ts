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
const COLUMNS = ['id', 'given_name', 'middle_name', 'family_name', 'name_suffix', 'preferred_name', 'birth_date', 'sex', 'status'] as const;

/**
 * Pairs of contacts that may be one person: the same birth date and a name in common, by their tags, then compared in the clear. Twins (same
 * day, same family, other given name) are not proposed.
 */
export async function listDuplicates(tx: Tx): Promise<Duplicate[]> {
  authorize(tx, 'contact.merge');
  await requireMatchingFields(tx);
  const rows = (await tx.knex('contacts as a')
    .join('contacts as b', (on) => on.on('b.workspace_id', 'a.workspace_id').andOn('b.birth_date_tag', 'a.birth_date_tag').andOn('b.id', '>', 'a.id'))
    .whereNot('a.status', 'merged').whereNot('b.status', 'merged').whereRaw('a.name_tags && b.name_tags').orderBy('b.id', 'desc').limit(PAIRS_MAX)
    .select(Object.fromEntries(COLUMNS.flatMap((column) => [[`a_${column}`, `a.${column}`], [`b_${column}`, `b.${column}`]])))) as Record<string, string | null>[];
  const pairs = rows.map((row) => ({ first: side(tx, row, 'a'), second: side(tx, row, 'b') })).filter(({ first, second }) => isPossible(first, second));
  record(tx, { action: 'contact.duplicates_listed', detail: { count: pairs.length } });
  return pairs
    .map(({ first, second }) => ({ first: sideView(first), second: sideView(second), isLikely: shares(first.family_name, second.family_name) && shares(first.given_name, second.given_name) }))
    .sort((a, b) => Number(b.isLikely) - Number(a.isLikely));
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
