import { EnvelopeError, keyIdOf } from '../crypto/envelope.ts';
import type { PhiTable } from '../crypto/phi.ts';
import type { Tx } from '../db/scope.ts';
import type { Batch, Stuck } from './rotate-key.ts';

type Row = { readonly id: string } & { [column: string]: string | null };

/** Sealed bytes a batch may hold in memory; one row larger than that goes alone. */
const BATCH_BYTES = 8 * 1024 * 1024;

/** Re-encrypts the next rows of a table that hold a value under another than the sealing key. */
export async function resealBatch(tx: Tx, table: string, { columns }: PhiTable, after: string | null, limit: number): Promise<Batch> {
  const candidates = await findCandidates(tx, table, columns, after, limit);
  if (candidates.length === 0) return { last: null, rows: 0, stuck: [] };
  // Locked before they are read: what comes back is the newest version of each row, and nobody changes it until we commit.
  const rows = (await tx.knex(`app.${table}`).select('id', ...columns).whereIn('id', candidates).orderBy('id').forUpdate()) as Row[];
  const stuck: Stuck[] = [];
  const changed = rows.filter((row) => reseal(tx, table, columns, row, stuck));
  if (changed.length > 0) {
    const set = columns.map((column) => `${column} = v.${column}`).join(', ');
    const arrays = columns.map(() => '?::text[]').join(', ');
    await tx.knex.raw(`update app.${table} t set ${set} from unnest(?::uuid[], ${arrays}) as v(id, ${columns.join(', ')}) where t.id = v.id`, [
      changed.map(({ id }) => id),
      ...columns.map((column) => changed.map((row) => row[column] ?? null)),
    ] as never);
  }
  return { last: candidates.at(-1) ?? null, rows: changed.length, stuck };
}

async function findCandidates(tx: Tx, table: string, columns: readonly string[], after: string | null, limit: number): Promise<string[]> {
  const current = `v1.${tx.keys.sealingKeyId}.`;
  const isOld = columns.map((column) => `left(${column}, ${current.length}) <> ?`).join(' or ');
  const size = columns.map((column) => `coalesce(pg_column_size(${column}), 0)`).join(' + ');
  const found = (await tx.knex(`app.${table}`).select('id', tx.knex.raw(`(${size}) as bytes`))
    .whereRaw(`(${isOld})`, columns.map(() => current)).modify((query) => void (after === null ? query : query.where('id', '>', after)))
    .orderBy('id').limit(limit)) as { id: string; bytes: number }[];
  let bytes = 0;
  return found.filter((row, at) => (bytes += row.bytes) <= BATCH_BYTES || at === 0).map(({ id }) => id);
}

/** Whether anything in the row changed. A value that does not open is noted and left: it says more where it stands than thrown away. */
function reseal(tx: Tx, table: string, columns: readonly string[], row: Row, stuck: Stuck[]): boolean {
  let isChanged = false;
  for (const column of columns) {
    const value = row[column];
    if (value === null || value === undefined || keyIdOf(value) === tx.keys.sealingKeyId) continue;
    const place = { table, column, rowId: row.id };
    try {
      (row as Record<string, string>)[column] = tx.keys.seal(tx.keys.open(value, place), place);
      isChanged = true;
    } catch (error) {
      if (!(error instanceof EnvelopeError)) throw error;
      stuck.push({ table, column, id: row.id });
    }
  }
  return isChanged;
}
