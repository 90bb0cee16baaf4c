import { phiTables, TAGS_VERSION } from '../crypto/phi.ts';
import { quoteName } from '../db/quote-name.ts';
import type { Tx } from '../db/scope.ts';

/** How many values of one column stand under one key version. `version` 0: not a sealed value at all. */
export type ValueCount = { readonly table: string; readonly column: string; readonly version: number; readonly count: number };

// Text columns that hold no sealed values: `wrapped` is under root keys, the audit is in the clear by design (and large).
const WITHOUT_SEALED_VALUES = ['workspace_keys', 'audit_entries', 'audit_checkpoints', 'audit_verifications'];

/**
 * Sealed values of the workspace by column and data key version, counted in every text column of every table rather than in those the PHI
 * registry lists: what rotation does not know of must keep a key from being retired.
 */
export async function countSealedValues(tx: Tx): Promise<ValueCount[]> {
  const counted = await Promise.all((await textColumns(tx)).map(({ table, columns }) => countTable(tx, table, columns)));
  return counted.flat();
}

/** Where a sealed value could stand. */
export async function textColumns(tx: Tx): Promise<{ table: string; columns: string[] }[]> {
  const { rows } = (await tx.knex.raw(
    `select c.relname as table, array_agg(a.attname::text order by a.attnum) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = 'app'::regnamespace and c.relkind = 'r' and a.atttypid = 'text'::regtype and a.attnum > 0 and not a.attisdropped
       and c.relname <> all (?) and has_column_privilege(c.oid, a.attnum, 'select')
     group by c.relname order by c.relname`,
    [WITHOUT_SEALED_VALUES],
  )) as { rows: { table: string; columns: string[] }[] };
  return rows;
}

export async function countTable(tx: Tx, table: string, columns: readonly string[]): Promise<ValueCount[]> {
  // The first characters are enough, and let PostgreSQL leave the rest of a large value on the disk.
  const values = columns.map((column) => `(${literal(column)}, substr(t.${quoteName(column)}, 1, 16))`).join(', ');
  // No pattern: it would take PostgreSQL longer than all the rest, and a large practice has millions of values.
  const { rows } = (await tx.knex.raw(
    `select v.name as column, split_part(v.head, '.', 2) as key, count(*) as count
     from app.${quoteName(table)} t cross join lateral (values ${values}) v(name, head)
     where starts_with(v.head, 'v1.d') group by 1, 2 order by 1, 2`,
  )) as { rows: { column: string; key: string; count: number }[] };
  return rows.filter(({ key }) => /^d\d+$/.test(key)).map(({ column, key, count }) => ({ table, column, version: Number(key.slice(1)), count }));
}

/** The beginning of an envelope (core/crypto/envelope.ts): key, a nonce of 12 bytes, and of what follows at least the tag's 16. */
export const ENVELOPE_HEAD = { pattern: '^v1\\.d[0-9]+\\.[A-Za-z0-9_-]{16}\\.[A-Za-z0-9_-]{22}', length: 64 } as const;

/** Rows with blind-index tags by index key version; `column` is what the tags are in. */
export async function countTags(tx: Tx): Promise<ValueCount[]> {
  const counted = await Promise.all(phiTables().map(async ([table, { index }]) => {
    if (index === undefined) return [];
    const { rows } = (await tx.knex.raw(`select ${TAGS_VERSION} as version, count(*) as count from app.${quoteName(table)} group by 1 order by 1`)) as { rows: { version: number; count: number }[] };
    return rows.map((row) => ({ table, column: index.map(({ column }) => column).join(', '), ...row }));
  }));
  return counted.flat();
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
