import { authorize } from '../../access/authorize.ts';
import { toBase64 } from '../../audit/primitives.ts';
import { record } from '../../audit/record.ts';
import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';

export type ShownCheckpoint = { readonly size: number; readonly root: string; readonly note: string; readonly at: Date };
type Row = { size: number; root: Buffer; note: string; created_at: Date };

const PAGE = 30;

/** Signed heads, newest first; `before`: those over fewer entries. */
export async function listCheckpoints(tx: Tx, before?: number): Promise<{ checkpoints: ShownCheckpoint[]; hasOlder: boolean }> {
  authorize(tx, 'audit.read');
  const query = tx.knex('app.audit_checkpoints').select('size', 'root', 'note', 'created_at').orderBy('size', 'desc').limit(PAGE + 1);
  if (before !== undefined) query.where('size', '<', before);
  const rows = (await query) as Row[];
  return { checkpoints: rows.slice(0, PAGE).map(show), hasOlder: rows.length > PAGE };
}

/** The text of one, to keep elsewhere. @throws Fault audit.entry_not_found */
export async function keepCheckpoint(tx: Tx, size: number): Promise<string> {
  authorize(tx, 'audit.read');
  const row = (await tx.knex('app.audit_checkpoints').where({ size }).first('note')) as { note: string } | undefined;
  if (row === undefined) throw fault('audit.entry_not_found');
  record(tx, { action: 'audit.checkpoint_kept', detail: { size } });
  return row.note;
}

function show({ size, root, note, created_at }: Row): ShownCheckpoint {
  return { size, root: toBase64(root), note, at: created_at };
}
