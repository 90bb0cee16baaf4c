import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { contactGate, type ContactGate } from '../contacts/field-gate.ts';
import { displayName } from '../contacts/contact-view.ts';
import { Contact } from '../contacts/model.ts';
import { ImportBatch, ImportOutcome, ImportSource } from './model.ts';

const RECENT_MAX = 20;
const ROWS_SHOWN = 500;
/** A running batch that nobody has touched for so long was left behind by a program that ended. */
const ABANDONED_MS = 2 * 60_000;
const TONES = { created: 'good', matched: 'good', unchanged: '', pending: 'warn', refused: 'bad' } as const;
const WORDS = { created: 'new contact', matched: 'matched', unchanged: 'already here', pending: 'waiting', refused: 'refused' } as const;
const KINDS = { ccda: 'Clinical documents', csv: 'Spreadsheet' } as const;

export async function recentBatches(tx: Tx) {
  authorize(tx, 'document.import');
  const rows = await ImportBatch.query(tx).orderBy('created_at', 'desc').limit(RECENT_MAX);
  return rows.map((row) => ({ id: row.id, kind: KINDS[row.kind], by: row.starter_name, at: row.created_at, files: row.total, imported: row.imported, refused: row.refused, pending: row.pending, ...stateOf(tx, row) }));
}

function stateOf(tx: Tx, row: ImportBatch): { state: string; stateTone: string } {
  if (row.status === 'done') return { state: 'done', stateTone: row.refused > 0 ? 'warn' : 'good' };
  if (row.status === 'mapping') return { state: 'columns to match', stateTone: 'info' };
  return isAbandoned(tx, row) ? { state: 'interrupted', stateTone: 'bad' } : { state: 'running', stateTone: 'info' };
}

const isAbandoned = (tx: Tx, row: ImportBatch): boolean => row.status === 'failed' || (row.status === 'running' && tx.now - row.touched_at.getTime() > ABANDONED_MS);

/** A batch as its page shows it, refusals and doubts first; for a spreadsheet whose columns wait to be matched, its source. */
export async function batchPage(tx: Tx, id: string) {
  authorize(tx, 'document.import', { type: 'import', id });
  const batch = await ImportBatch.query(tx).findById(id);
  if (batch === undefined) throw fault('import.not_found');
  const source = batch.status === 'mapping' ? ((await ImportSource.query(tx).findById(id)) ?? null) : null;
  const hasSource = batch.kind === 'csv' && (await ImportSource.query(tx).findById(id).select('id')) !== undefined;
  const outcomes = await ImportOutcome.query(tx).where({ batch_id: id }).orderByRaw("case outcome when 'refused' then 0 when 'pending' then 1 else 2 end, position").limit(ROWS_SHOWN);
  const contactIds = [...new Set(outcomes.flatMap(({ contact_id }) => contact_id ?? []))];
  const contacts = contactIds.length === 0 ? [] : await Contact.query(tx).whereIn('id', contactIds).select('id', 'given_name', 'middle_name', 'family_name', 'name_suffix', 'preferred_name');
  const names = new Map(contacts.map((contact) => [contact.id, displayName(contact)]));
  record(tx, { action: 'import.read', target: { type: 'import', id }, detail: { contacts: contactIds.length } });
  return {
    source, gate: await contactGate(tx),
    batch: {
      id, status: batch.status, kind: isAbandoned(tx, batch) ? `${KINDS[batch.kind]} (interrupted: what is listed is in; bring the files again for the rest, known ones are recognised)` : KINDS[batch.kind],
      isSpreadsheet: batch.kind === 'csv', by: batch.starter_name, at: batch.created_at, file: batch.file_name ?? '', running: batch.status === 'running' && !isAbandoned(tx, batch), done: batch.done, total: batch.total,
      imported: batch.imported, created: batch.created, matched: batch.matched, pending: batch.pending, refused: batch.refused,
    },
    rows: outcomes.map((row) => ({
      file: row.file_name, outcome: WORDS[row.outcome], tone: TONES[row.outcome], rowClass: row.outcome === 'refused' ? 'refused' : '', reason: row.reason,
      contact: row.contact_id === null ? null : { id: row.contact_id, name: names.get(row.contact_id) ?? 'Contact' }, at: batch.kind === 'ccda' && row.line ? `line ${row.line}, column ${row.column_no ?? 0}` : null,
    })),
    more: Math.max(0, batch.done - outcomes.length),
    refusedHref: hasSource && batch.refused > 0 ? `/imports/${id}/refused.csv` : null,
  };
}

/** @throws Fault import.not_found · import.not_open */
export async function openSource(tx: Tx, id: string): Promise<{ batch: { id: string; file: string }; source: ImportSource; gate: ContactGate }> {
  authorize(tx, 'document.import', { type: 'import', id });
  const gate = await contactGate(tx);
  const [batch, source] = [await ImportBatch.query(tx).findById(id), await ImportSource.query(tx).findById(id)];
  if (batch === undefined || source === undefined) throw fault('import.not_found');
  if (batch.status !== 'mapping') throw fault('import.not_open');
  record(tx, { action: 'import.source_read', target: { type: 'import', id } });
  return { batch: { id, file: batch.file_name ?? '' }, source, gate };
}

/** A spreadsheet's refused lines with their reasons. */
export async function refusedLines(tx: Tx, id: string): Promise<{ source: ImportSource; reasons: Map<number, string> }> {
  authorize(tx, 'document.import', { type: 'import', id });
  const source = await ImportSource.query(tx).findById(id);
  if (source === undefined) throw fault('import.not_found');
  const refused = await ImportOutcome.query(tx).where({ batch_id: id, outcome: 'refused' }).select('id', 'line', 'reason');
  record(tx, { action: 'import.refused_rows_exported', target: { type: 'import', id }, detail: { rows: refused.length } });
  return { source, reasons: new Map(refused.flatMap(({ line, reason }) => (line === null ? [] : [[line, reason ?? ''] as const]))) };
}
