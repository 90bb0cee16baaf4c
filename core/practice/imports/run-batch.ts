import type { App } from '../../app.ts';
import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import type { Scope } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { requireMatchingFields } from '../contacts/field-gate.ts';
import type { FileOutcome } from '../documents/import-files.ts';
import { ImportBatch, ImportOutcome, ImportSource } from './model.ts';

/**
 * Keeps a batch's progress where every process can see it. Outcomes are written a few at a time: what they tell is on the record already,
 * entry by entry, through the importer; this is the page that shows it.
 */
export type Outcome = Pick<ImportOutcome, 'file_name' | 'outcome'> & Partial<Pick<ImportOutcome, 'code' | 'reason' | 'line' | 'column_no' | 'contact_id' | 'document_id'>>;

const FLUSH_EVERY = 25;
const FLUSH_MS = 700;

/** `source` is the spreadsheet whose columns a batch waits to be told; it is stored with the batch or neither is. */
export async function startBatch(app: App, scope: Scope, input: { kind: 'ccda' | 'csv'; status: 'mapping' | 'running'; total: number; fileName: string | null; source?: Buffer }): Promise<string> {
  return app.withWorkspace(scope, async (tx) => {
    authorize(tx, 'document.import');
    await requireMatchingFields(tx, 'write');
    const batch = await ImportBatch.query(tx).insert({
      kind: input.kind, status: input.status, total: input.total, file_name: input.fileName, started_by: scope.actor.kind === 'user' ? scope.actor.id : null, starter_name: scope.actor.name ?? scope.actor.kind,
    });
    if (input.source !== undefined) await ImportSource.query(tx).insert({ id: batch.id, content: input.source.toString('base64') });
    record(tx, { action: 'import.started', target: { type: 'import', id: batch.id }, detail: { kind: input.kind, files: input.total } });
    return batch.id;
  });
}

/**
 * Runs `work`, writing the outcomes it reports; ends the batch as done, or as failed when `work` throws, as it does once the program is
 * `stopping` (what was imported stays). It never rejects: an end that cannot be written is logged, and the page calls the batch interrupted.
 */
export async function runBatch(app: App, scope: Scope, batchId: string, stopping: AbortSignal, work: (report: (outcome: Outcome) => void) => Promise<void>): Promise<void> {
  try {
    await runToItsEnd(app, scope, batchId, stopping, work);
  } catch (err) {
    app.log.error('import batch lost its end', { workspaceId: scope.workspaceId, err });
  }
}

/** A batch goes on after its starter has signed out, and no longer than they may import (asked as outcomes are written). */
export function batchScope(scope: Scope): Scope {
  return { ...scope, actor: { ...scope.actor, sessionId: null } };
}

async function runToItsEnd(app: App, scope: Scope, batchId: string, stopping: AbortSignal, work: (report: (outcome: Outcome) => void) => Promise<void>): Promise<void> {
  let waiting: Outcome[] = [];
  let position = 0;
  let mayGoOn = true;
  let flushing = Promise.resolve();
  const write = async () => {
    const outcomes = waiting;
    if (outcomes.length === 0) return;
    waiting = [];
    try {
      mayGoOn = await writeOutcomes(app, scope, batchId, outcomes, position);
      position += outcomes.length;
    } catch (error) {
      waiting = [...outcomes, ...waiting]; // for the next attempt
      throw error;
    }
  };
  const flush = () => (flushing = flushing.catch(() => undefined).then(write)); // whoever asked for the one before has heard of its failure
  const flushSoon = () => void flush().catch((err: unknown) => app.log.warn('import outcomes wait to be written', { workspaceId: scope.workspaceId, err }));
  const timer = setInterval(flushSoon, FLUSH_MS);
  let status: 'done' | 'failed' = 'failed';
  try {
    await work((outcome) => {
      if (!mayGoOn) throw fault('access.denied');
      waiting.push(outcome);
      if (waiting.length >= FLUSH_EVERY) flushSoon();
    });
    status = 'done';
  } catch (err) {
    if (stopping.aborted) app.log.info('import batch cut short by the end of the program', { workspaceId: scope.workspaceId });
    else app.log.error('import batch failed', { workspaceId: scope.workspaceId, err });
  }
  clearInterval(timer);
  await flush();
  await app.withWorkspace(scope, async (tx) => {
    await ImportBatch.query(tx).where({ id: batchId }).patch({ status, touched_at: new Date(tx.now) });
    record(tx, { action: 'import.ended', outcome: status === 'done' ? 'ok' : 'failed', target: { type: 'import', id: batchId }, detail: { files: position } });
  });
}

const STARTER = `select u.id from app.users u join app.workspaces w on w.workspace_id = u.workspace_id and w.suspended_at is null
  where u.id = $1 and u.status = 'active' and u.role = $2`;

async function writeOutcomes(app: App, scope: Scope, batchId: string, outcomes: readonly Outcome[], from: number): Promise<boolean> {
  return app.withWorkspace(scope, async (tx) => {
    const { actor } = tx.scope;
    const starter = actor.kind === 'user' ? tx.query(STARTER, [actor.id, actor.role]) : null;
    starter?.catch(() => undefined); // what is wrong with it is wrong with what follows, which says so
    const count = (wanted: Outcome['outcome']) => outcomes.filter(({ outcome }) => outcome === wanted).length;
    const refused = count('refused');
    await ImportOutcome.query(tx).insert(outcomes.map((outcome, at) => ({ batch_id: batchId, position: from + at, ...outcome })));
    const batch = await ImportBatch.query(tx).findById(batchId).select('id', 'done', 'total', 'imported', 'unchanged', 'created', 'matched', 'pending', 'refused').forUpdate();
    if (batch === undefined) return false;
    const done = batch.done + outcomes.length;
    await ImportBatch.query(tx).where({ id: batchId }).patch({
      done, total: Math.max(batch.total, done), imported: batch.imported + outcomes.length - refused, unchanged: batch.unchanged + count('unchanged'), created: batch.created + count('created'),
      matched: batch.matched + count('matched'), pending: batch.pending + count('pending'), refused: batch.refused + refused, touched_at: new Date(tx.now),
    });
    return starter === null || (await starter).length > 0;
  });
}

export function outcomeOfFile(outcome: FileOutcome): Outcome {
  if (outcome.status === 'refused') return { file_name: outcome.file, outcome: 'refused', code: outcome.code, reason: outcome.reason.replace(/ \(line \d+, column \d+\)$/, ''), line: outcome.line, column_no: outcome.column };
  const isDoubtful = outcome.contact === 'pending' && outcome.contactId !== null;
  return { file_name: outcome.file, outcome: outcome.contact, reason: isDoubtful ? 'Perhaps somebody who is here already.' : outcome.missing.join(' ') || null, contact_id: outcome.contactId, document_id: outcome.documentId };
}
