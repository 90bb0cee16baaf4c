import { checkLines } from './check-block.ts';
import type { VerificationKey } from './key-log.ts';
import { columnsAgree, readEntries, toLines, type LogTx } from './stored-log.ts';

/** What a verification came to, as it was stored; `entry` is the sequence number of the audit entry that says the same. */
export type StoredOutcome = {
  readonly id: string; readonly started_at: Date; readonly finished_at: Date; readonly from_seq: number; readonly to_seq: number;
  readonly ok: boolean; readonly fault: string | null; readonly fault_seq: number | null; readonly entry: number;
};

/**
 * Latest outcomes, newest first, of those the record tells of. A row alone proves nothing: whoever got to run one INSERT of his own could state a
 * sound verification of next year, behind which no true one would ever be looked at. The entry's canonical text (RFC 8785) is searched, not parsed:
 * it may be somebody's own as well, and no JSON. Nor does what lies ahead of the clock count: where it once ran a year ahead and was set right, the
 * outcomes of that time would stand before all others for that year.
 */
export async function readOutcomes(tx: LogTx, limit: number, only: 'all' | 'sound-and-whole' = 'all'): Promise<StoredOutcome[]> {
  const query = tx.knex({ v: 'app.audit_verifications' }).select('v.id', 'v.started_at', 'v.finished_at', 'v.from_seq', 'v.to_seq', 'v.ok', 'v.fault', 'v.fault_seq', 'e.seq as entry')
    .joinRaw(`cross join lateral (
      select a.seq from app.audit_entries a
       where a.workspace_id = v.workspace_id and a.at between v.finished_at - interval '1 minute' and v.finished_at + interval '1 minute'
         and a.action = 'audit.verified' and a.outcome = case when v.ok then 'ok' else 'failed' end
         and strpos(a.body, format('"detail":{"fault":%s,"faultSeq":%s,"fromSeq":%s,"toSeq":%s}', coalesce(to_json(v.fault)::text, 'null'), coalesce(v.fault_seq::text, 'null'), v.from_seq, v.to_seq)) > 0
       order by a.at desc limit 1) e`)
    .whereRaw("v.finished_at < now() + interval '5 minutes'").orderBy('v.finished_at', 'desc').limit(limit);
  if (only === 'sound-and-whole') void query.where({ 'v.ok': true, 'v.from_seq': 1 });
  return (await query) as StoredOutcome[];
}

/** Whether the entry of that sequence number is signed by one of `keys`, and its columns say what was signed. */
export async function isSigned(tx: LogTx, entry: number, keys: readonly VerificationKey[]): Promise<boolean> {
  const rows = await readEntries(tx, entry - 1, entry, 1);
  return rows.length === 1 && checkLines({ workspace: tx.scope.workspaceId, keys }, toLines(rows)).fault === null && rows.every(columnsAgree);
}
