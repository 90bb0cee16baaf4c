import type { Tx } from '../db/scope.ts';
import { countSealedValues, countTags, type ValueCount } from './count-values.ts';

export type KeyKind = 'data' | 'index';

/** A version of a workspace's key as it is stored; the key itself is in `wrapped`. */
export type KeyRow = {
  readonly kind: KeyKind;
  readonly version: number;
  readonly status: 'active' | 'decrypt' | 'retired';
  readonly wrapped: string;
  readonly encryptions: number;
  readonly created_at: Date;
  readonly activated_at: Date | null;
  readonly emptied_at: Date | null;
  readonly retired_at: Date | null;
  /** Since it was made and, unless it waits, since it became active; by the database's clock, the only one all programs share. */
  readonly age_ms: number;
  readonly active_ms: number | null;
};

export async function readKeyRows(tx: Tx, options: { kind?: KeyKind; forUpdate?: boolean } = {}): Promise<KeyRow[]> {
  const query = tx.knex('app.workspace_keys')
    .select('kind', 'version', 'status', 'wrapped', 'encryptions', 'created_at', 'activated_at', 'emptied_at', 'retired_at')
    .select(tx.knex.raw('(extract(epoch from clock_timestamp() - created_at) * 1000)::float8 as age_ms, (extract(epoch from clock_timestamp() - activated_at) * 1000)::float8 as active_ms'))
    .orderBy(['kind', 'version']);
  if (options.kind !== undefined) void query.where({ kind: options.kind });
  if (options.forUpdate === true) void query.forUpdate();
  return (await query) as KeyRow[];
}

/** Values (data keys) or rows with tags (index keys) per version. */
export function countUnder(tx: Tx, kind: KeyKind): Promise<ValueCount[]> {
  return kind === 'data' ? countSealedValues(tx) : countTags(tx);
}

export function total(counts: readonly ValueCount[], of: (version: number) => boolean): number {
  return counts.reduce((sum, { version, count }) => (of(version) ? sum + count : sum), 0);
}
