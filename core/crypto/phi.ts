/**
 * THE registry of PHI columns (45 CFR 164.514(b)(2) identifiers and everything clinical or free text). Encryption, search, rotation,
 * export, redaction and erasure all read it; a column that is not here is stored in the clear, so the schema test compares both.
 *
 * A table's `columns` are sealed text. `index` names the blind-index columns derived from them: `column` holds one tag (`exact`) or an array
 * of tags (`name`), `terms` says what the tags are computed over.
 */
import { nameTerms, normalizeEmail, normalizeIdentifier, normalizeLabel, normalizePhone, propertyTerm } from './normalize.ts';

export type PhiIndex = {
  readonly column: string;
  readonly kind: 'one' | 'many';
  readonly domain: string;
  /** Columns that `terms` reads. A change of the row must know them all, or the tags would forget what it did not see. */
  readonly from: readonly string[];
  /** Normalised terms of a row's plain values; empty: no tag. */
  readonly terms: (row: Readonly<Record<string, unknown>>) => readonly string[];
};
/** In tables with an index: the index key version the row's tags were made under. */
export const TAGS_VERSION = 'tags_version';

export type PhiTable = { readonly columns: readonly string[]; readonly index?: readonly PhiIndex[] };

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const some = (term: string): string[] => (term === '' ? [] : [term]);

const NAME_PARTS = ['given_name', 'middle_name', 'family_name', 'name_suffix', 'preferred_name'] as const;

const CORE: Readonly<Record<string, PhiTable>> = {
  contacts: {
    columns: [
      'given_name', 'middle_name', 'family_name', 'name_prefix', 'name_suffix', 'preferred_name', 'birth_date', 'sex', 'gender_identity',
      'pronouns', 'language', 'marital_status', 'race', 'ethnicity', 'deceased_on', 'notes', 'tags',
    ],
    index: [
      { column: 'name_tags', kind: 'many', domain: 'name', from: NAME_PARTS, terms: (row) => nameTerms(NAME_PARTS.map((key) => text(row[key])).join(' ')) },
      { column: 'birth_date_tag', kind: 'one', domain: 'date', from: ['birth_date'], terms: (row) => some(text(row['birth_date'])) },
      { column: 'label_tags', kind: 'many', domain: 'label', from: ['tags'], terms: (row) => [...new Set(text(row['tags']).split('\n').map(normalizeLabel).filter(Boolean))] },
    ],
  },
  contact_points: {
    columns: ['value'],
    index: [{ column: 'value_tag', kind: 'one', domain: 'point', from: ['kind', 'value'], terms: (row) => some(row['kind'] === 'phone' ? normalizePhone(text(row['value'])) : normalizeEmail(text(row['value']))) }],
  },
  contact_addresses: { columns: ['lines', 'city', 'state', 'postal_code', 'country'] },
  contact_identifiers: {
    columns: ['value'],
    index: [
      { column: 'value_tag', kind: 'one', domain: 'identifier', from: ['system', 'value'], terms: (row) => some(text(row['value']).trim() === '' ? '' : `${text(row['system'])}|${text(row['value']).trim().toLowerCase()}`) },
      { column: 'bare_tag', kind: 'one', domain: 'identifier', from: ['value'], terms: (row) => some(normalizeIdentifier(text(row['value']))) },
    ],
  },
  contact_values: {
    columns: ['value'],
    index: [{ column: 'value_tag', kind: 'one', domain: 'property', from: ['property', 'is_indexed', 'value'], terms: (row) => (row['is_indexed'] === true ? some(propertyTerm(text(row['property']), text(row['value']))) : []) }],
  },
  contact_merges: { columns: ['survivor_before'] },
  activities: { columns: ['subject', 'body'] },
  appointments: { columns: ['reason', 'notes'] },
  documents: { columns: ['title', 'file_name', 'parsed'] },
  document_contents: { columns: ['content'] },
  import_batches: { columns: ['file_name'] },
  import_outcomes: { columns: ['file_name'] },
  import_sources: { columns: ['content'] },
  idempotency_keys: { columns: ['answer'] },
  plugin_switches: { columns: ['settings'] },
  // Not PHI, but a secret that must open again: sealed, rotated and kept out of exports in the same way.
  totp_factors: { columns: ['secret'] },
};

/** Tables of plugins, by plugin. */
const plugged = new Map<string, Readonly<Record<string, PhiTable>>>();

/** Adds a plugin's tables to the registry; said again, it replaces what that plugin said before. */
export function declarePhi(plugin: string, tables: Readonly<Record<string, PhiTable>>): void {
  plugged.set(plugin, tables);
}

/** What is sealed in this table; undefined: nothing. */
export function phiOf(table: string): PhiTable | undefined {
  if (Object.hasOwn(CORE, table)) return CORE[table];
  for (const tables of plugged.values()) if (Object.hasOwn(tables, table)) return tables[table];
  return undefined;
}

/** Tables by name for callers that walk all PHI (rotation, export, erasure). */
export function phiTables(): readonly (readonly [table: string, spec: PhiTable])[] {
  return [CORE, ...plugged.values()].flatMap((tables) => Object.entries(tables));
}
