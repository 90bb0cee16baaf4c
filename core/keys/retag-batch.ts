import { EnvelopeError } from '../crypto/envelope.ts';
import { TAGS_VERSION, type PhiTable } from '../crypto/phi.ts';
import type { Tx } from '../db/scope.ts';
import type { Batch, Stuck } from './rotate-key.ts';

type Row = Record<string, unknown> & { readonly id: string };

/** Makes the tags of the next rows of a table anew under the active index key. */
export async function retagBatch(tx: Tx, table: string, spec: PhiTable, after: string | null, limit: number): Promise<Batch> {
  if (spec.index === undefined) return { last: null, rows: 0, stuck: [] };
  const query = tx.knex(`app.${table}`).select('*').whereNot(TAGS_VERSION, tx.keys.indexVersion).orderBy('id').limit(limit).forUpdate();
  const rows = (await (after === null ? query : query.where('id', '>', after))) as Row[];
  if (rows.length === 0) return { last: null, rows: 0, stuck: [] };
  const stuck: Stuck[] = [];
  const opened = rows.filter((row) => open(tx, table, spec.columns, row, stuck));
  if (opened.length > 0) {
    const set = spec.index.map(({ column, kind }) => `${column} = v.${column}::bigint${kind === 'many' ? '[]' : ''}`).join(', ');
    await tx.knex.raw(
      `update app.${table} t set ${set}, ${TAGS_VERSION} = ? from unnest(?::uuid[], ${spec.index.map(() => '?::text[]').join(', ')}) as v(id, ${spec.index.map(({ column }) => column).join(', ')}) where t.id = v.id`,
      [tx.keys.indexVersion, opened.map(({ id }) => id), ...spec.index.map((index) => opened.map((row) => {
        const tags = index.terms(row).map((term) => tx.keys.tag(index.domain, term));
        return index.kind === 'many' ? `{${tags.join(',')}}` : (tags[0] ?? null);
      }))] as never,
    );
  }
  return { last: rows.at(-1)?.id ?? null, rows: opened.length, stuck };
}

/** Opens the row's values in place, in memory only. False when one does not open: its tags could not be made again. */
function open(tx: Tx, table: string, columns: readonly string[], row: Row, stuck: Stuck[]): boolean {
  for (const column of columns) {
    const value = row[column];
    if (typeof value !== 'string') continue;
    try {
      row[column] = tx.keys.open(value, { table, column, rowId: row.id }).toString('utf8');
    } catch (error) {
      if (!(error instanceof EnvelopeError)) throw error;
      stuck.push({ table, column, id: row.id });
      return false;
    }
  }
  return true;
}
