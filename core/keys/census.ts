import type { App } from '../app.ts';
import { phiTables, TAGS_VERSION, type PhiTable } from '../crypto/phi.ts';
import { quoteName } from '../db/quote-name.ts';
import type { Scope, Tx } from '../db/scope.ts';
import { countTable, ENVELOPE_HEAD, literal, textColumns, type ValueCount } from './count-values.ts';

/** How many values by key version. */
export type ByVersion = { readonly [version: string]: number };
export type Census = {
  /** Values in the form of an envelope, and rows with tags. */
  readonly data: ByVersion;
  readonly index: ByVersion;
  /** Values in PHI columns that are no envelope. There must be none. */
  readonly plain: readonly Omit<ValueCount, 'version'>[];
};

/** Few enough that nobody waits behind them, and done long before a workspace's binding ends. */
const ROWS = 2_000;
const FIRST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * Looks at every value in the columns that hold sealed ones, newest rows first, some at a time and each time in a transaction of its own: of a large
 * practice's millions no single one would come to its end. Null when `until` (milliseconds of the clock) has come before the end of them. With `newest`
 * only that many of each table's rows.
 */
export async function takeCensus(app: App, scope: Scope, { until = Infinity, newest = Infinity }: { until?: number; newest?: number } = {}): Promise<Census | null> {
  const tally = { data: {} as Record<string, number>, index: {} as Record<string, number>, plain: new Map<string, Omit<ValueCount, 'version'>>() };
  const add = (to: Record<string, number>, version: number, count: number) => { to[version] = (to[version] ?? 0) + count; };
  const registry = new Map(phiTables());
  const tables = await app.withWorkspace(scope, (tx) => textColumns(tx));
  // What is not of the registry holds no sealed value: looked at all the same, or a key could be retired that something still needs.
  for (const { table, columns } of newest === Infinity ? tables.filter(({ table }) => !registry.has(table)) : []) {
    for (const { version, count } of await app.withWorkspace(scope, (tx) => countTable(tx, table, columns))) add(tally.data, version, count);
  }
  for (const [table, phi] of registry) {
    let before: string | null = FIRST;
    for (let seen = 0; before !== null && seen < newest; seen += ROWS) {
      if (Date.now() > until) return null;
      const found: Chunk = await app.withWorkspace(scope, (tx) => countChunk(tx, table, phi, before as string));
      for (const { column, version, count } of found.values ?? []) {
        if (version !== null) add(tally.data, version, count);
        else tally.plain.set(`${table}.${column}`, { table, column, count: count + (tally.plain.get(`${table}.${column}`)?.count ?? 0) });
      }
      for (const { version, count } of found.tags ?? []) add(tally.index, version, count);
      before = found.rows < ROWS ? null : found.last;
    }
  }
  return { ...tally, plain: [...tally.plain.values()] };
}

type Chunk = {
  readonly rows: number;
  readonly last: string | null;
  /** `version` null: no envelope. */
  readonly values: readonly { readonly column: string; readonly version: number | null; readonly count: number }[] | null;
  readonly tags: readonly { readonly version: number; readonly count: number }[] | null;
};

async function countChunk(tx: Tx, table: string, { columns, index }: PhiTable, before: string): Promise<Chunk> {
  const heads = columns.map((column) => `(${literal(column)}, substr(c.${quoteName(column)}, 1, ${ENVELOPE_HEAD.length}))`).join(', ');
  const tags = index === undefined ? 'null' : `(select json_agg(t) from (select ${TAGS_VERSION} as version, count(*)::int as count from chunk group by 1) as t)`;
  const { rows } = (await tx.knex.raw(
    `with chunk as materialized (select * from app.${quoteName(table)} where id < ? order by id desc limit ${ROWS})
     select (select count(*)::int from chunk) as rows, (select id from chunk order by id limit 1) as last, ${tags} as tags, (select json_agg(v) from (
       select h.name as column, case when h.head ~ '${ENVELOPE_HEAD.pattern}' then substr(split_part(h.head, '.', 2), 2)::int end as version, count(*)::int as count
       from chunk c cross join lateral (values ${heads}) h(name, head) where h.head is not null group by 1, 2) as v) as values`,
    [before],
  )) as { rows: [Chunk] };
  return rows[0];
}
