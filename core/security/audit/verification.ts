import { setTimeout as delay } from 'node:timers/promises';
import { authorize } from '../../access/authorize.ts';
import type { App } from '../../app.ts';
import type { FaultKind } from '../../audit/fault.ts';
import { FAULT_MEANING } from '../../audit/fault.ts';
import { checkpointKeys } from '../../audit/checkpoint.ts';
import { asNote, distrustOlder, readOlderCheckpoint, type CheckpointResult } from '../../audit/older-checkpoint.ts';
import { record } from '../../audit/record.ts';
import { readKeys, type StoredCheckpoint } from '../../audit/stored-log.ts';
import { readOutcomes } from '../../audit/stored-outcome.ts';
import { verifyStored, type StoredFault } from '../../audit/verify-stored.ts';
import type { Scope, Tx } from '../../db/scope.ts';

/** A stored outcome in words. */
export type Outcome = { readonly id: string; readonly ok: boolean; readonly at: Date; readonly fromSeq: number; readonly toSeq: number; readonly seconds: number; readonly failure: string | null; readonly faultSeq: number | null };

/** How far a verification has come; the whole log of a large hospital takes minutes. */
export type Progress = { readonly done: number; readonly of: number };
export type Verifications = {
  /** Begins one, unless this workspace has one running here already, and waits a moment: most are done by then. */
  start(scope: Scope, extent: 'since-checkpoint' | 'whole', kept?: StoredCheckpoint): Promise<void>;
  /** Null when none is running in this process. */
  progressOf(workspaceId: string): Progress | null;
};

const PATIENCE_MS = 1_500;

/** Verifications that people asked for, in this process. The outcome lies in the database, so a restart loses the progress alone. */
export function verificationsOf(app: App): Verifications {
  const running = new Map<string, Progress>();
  return {
    async start(scope, extent, kept) {
      await app.withWorkspace(scope, async (tx) => authorize(tx, 'audit.verify'));
      const { workspaceId } = scope;
      if (running.has(workspaceId)) return;
      running.set(workspaceId, { done: 0, of: 0 });
      const run = verifyStored(app, scope, extent, { kept, onProgress: (done, of) => running.set(workspaceId, { done, of }) })
        .catch((err: unknown) => app.log.error('A verification ended early', { workspaceId, err }))
        .finally(() => running.delete(workspaceId));
      await Promise.race([run, delay(PATIENCE_MS, undefined, { ref: false })]);
    },
    progressOf: (workspaceId) => running.get(workspaceId) ?? null,
  };
}

/** The latest outcomes, newest first. */
export async function recentOutcomes(tx: Tx, limit: number): Promise<Outcome[]> {
  authorize(tx, 'audit.read');
  return (await readOutcomes(tx, limit)).map((row) => ({
    id: row.id, ok: row.ok, at: row.finished_at, fromSeq: row.from_seq, toSeq: row.to_seq, seconds: (row.finished_at.getTime() - row.started_at.getTime()) / 1000,
    failure: row.fault === null ? null : meaningOf(row.fault, row.fault_seq), faultSeq: row.fault === 'unsigned' ? null : row.fault_seq,
  }));
}

/** Why a checkpoint someone kept cannot be compared, in words. */
const DISTRUST: Partial<Record<CheckpointResult, string>> = {
  unreadable: 'This is not a checkpoint. Paste the whole text, with the line that begins with a dash.',
  'other-log': 'This checkpoint is of another log.',
  'bad-signature': 'The signature on this checkpoint does not hold: the text was changed.',
  'unknown-key': 'This checkpoint names this log and is signed by a key the log does not know. If you kept it yourself, the log was made anew since: keep the checkpoint and raise the alarm.',
};

/**
 * The checkpoint as something to compare with, or why not. That a kept checkpoint does not fit is on the record: it may be the alarm.
 */
export async function readKept(tx: Tx, app: Pick<App, 'installationId' | 'signer'>, text: string): Promise<StoredCheckpoint | { refused: string }> {
  authorize(tx, 'audit.verify');
  const kept = readOlderCheckpoint(text);
  const keys = (await readKeys(tx, app.installationId, app.signer)) ?? [];
  const distrust = kept === null ? 'unreadable' : distrustOlder(kept, { installation: app.installationId, workspace: tx.scope.workspaceId }, checkpointKeys(app.installationId, keys));
  if (kept !== null && distrust === null) return { size: kept.size, root: Buffer.from(kept.root), note: asNote(text) };
  record(tx, { action: 'audit.checkpoint_refused', outcome: 'failed', detail: { result: distrust } });
  return { refused: DISTRUST[distrust as CheckpointResult] ?? 'This checkpoint cannot be compared.' };
}

const STORED_MEANING: Readonly<Record<Exclude<StoredFault['kind'], FaultKind>, string>> = {
  columns: 'A searchable column says something else than what was signed.',
  unsigned: 'A stored checkpoint is not as this installation signed it, or was never signed; everything else that was looked at holds. Somebody wrote into the database past the program.',
  tiles: 'Entries and checkpoints hold, but the hashes stored beside them for quick proofs are not theirs. Somebody wrote into the database past the program.',
};

/** `seq` of an `unsigned` checkpoint is its size: there need not be such an entry. */
function meaningOf(fault: string, seq: number | null): string {
  const meaning = { ...FAULT_MEANING, ...STORED_MEANING }[fault as StoredFault['kind']];
  return fault === 'unsigned' && seq !== null ? `${meaning} Its row says ${seq} entries.` : meaning;
}
