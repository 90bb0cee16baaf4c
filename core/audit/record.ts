import type { PendingEntry, SystemTx, Tx } from '../db/scope.ts';

export type Recorded = { readonly action: string; readonly outcome?: PendingEntry['outcome']; readonly target?: PendingEntry['target']; readonly detail?: PendingEntry['detail'] };

/**
 * Puts an act on the record: it is sealed into the workspace's chain just before this transaction commits, or the transaction does not
 * commit. `detail` never holds PHI: ids, codes, counts, names of changed fields, old and new of columns that are not PHI.
 */
export function record(tx: Tx | SystemTx, entry: Recorded): void {
  tx.pending.push({ action: entry.action, outcome: entry.outcome ?? 'ok', target: entry.target ?? null, detail: entry.detail ?? {} });
}
