import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import type { ClinicalDocument } from '../../clinical/clinical-document.ts';
import { clinicalSummary, type ClinicalSummary } from '../../clinical/summary.ts';
import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { contactGate } from '../contacts/field-gate.ts';
import { onVisibleContacts, reachContact } from '../contacts/visible-contacts.ts';
import { documentWithout, refuseOriginal } from './gated-document.ts';
import { Document, DocumentContent } from './model.ts';

/** Reading documents: a contact's list, one document, its original bytes, the summary over all of them. Each reading is on the record. */
export type DocumentView = {
  id: string; contactId: string | null; kind: string; status: 'filed' | 'pending'; pendingReason: string | null; title: string; fileName: string | null; mediaType: string;
  bytes: number; sha256: string; documentDate: Date | null; createdAt: Date; version: number;
};

const COLUMNS = ['id', 'contact_id', 'kind', 'status', 'pending_reason', 'title', 'file_name', 'media_type', 'bytes', 'sha256', 'document_date', 'version', 'created_at'] as const;

export function documentView(row: Document): DocumentView {
  return {
    id: row.id, contactId: row.contact_id, kind: row.kind, status: row.status, pendingReason: row.pending_reason, title: row.title || 'Clinical document', fileName: row.file_name, mediaType: row.media_type,
    bytes: Number(row.bytes), sha256: row.sha256.toString('hex'), documentDate: row.document_date, createdAt: row.created_at, version: row.version,
  };
}

export async function listDocuments(tx: Tx, contactId: string): Promise<DocumentView[]> {
  authorize(tx, 'document.read', { type: 'contact', id: contactId });
  await reachContact(tx, contactId, 'READ');
  const rows = await Document.query(tx).where({ contact_id: contactId }).select(...COLUMNS).orderByRaw('document_date desc nulls last, id desc');
  record(tx, { action: 'document.listed', target: { type: 'contact', id: contactId }, detail: { documents: rows.length } });
  return rows.map(documentView);
}

/** @throws Fault document.not_found, also for documents of contacts that the actor may not open */
export async function readOneDocument(tx: Tx, id: string): Promise<{ document: DocumentView; parsed: ClinicalDocument | null }> {
  const row = await reachDocument(tx, id, [...COLUMNS, 'parsed']);
  const { hidden } = await contactGate(tx);
  record(tx, { action: 'document.read', target: { type: 'document', id } });
  return { document: documentView(row), parsed: row.parsed === null ? null : documentWithout(JSON.parse(row.parsed) as ClinicalDocument, hidden) };
}

/** The original, byte for byte as it came. @throws Fault document.not_found · access.denied (it names what the actor does not see) */
export async function readOriginal(tx: Tx, id: string): Promise<{ document: DocumentView; bytes: Buffer }> {
  const row = await reachDocument(tx, id, [...COLUMNS]);
  refuseOriginal((await contactGate(tx)).hidden, id);
  const content = await DocumentContent.query(tx).findById(id);
  if (content === undefined) throw fault('document.not_found');
  record(tx, { action: 'document.downloaded', target: { type: 'document', id }, detail: { sha256: row.sha256.toString('hex') } });
  return { document: documentView(row), bytes: Buffer.from(content.content, 'base64') };
}

/** One summary over all the contact's clinical documents, newest statement first, and the documents it came from. */
export async function readClinicalSummary(tx: Tx, contactId: string): Promise<{ summary: ClinicalSummary; documents: DocumentView[] }> {
  const { documents, parsed } = await readClinicalDocuments(tx, contactId);
  record(tx, { action: 'contact.summary_read', target: { type: 'contact', id: contactId }, detail: { documents: documents.length } });
  return { summary: clinicalSummary(parsed, new Date(tx.now).toISOString().slice(0, 10)), documents };
}

/** The contact's clinical documents as the actor sees them, without an entry of its own: the caller records what they were read for. */
export async function readClinicalDocuments(tx: Tx, contactId: string): Promise<{ documents: DocumentView[]; parsed: ClinicalDocument[] }> {
  authorize(tx, 'document.read', { type: 'contact', id: contactId });
  await reachContact(tx, contactId, 'READ');
  const rows = await Document.query(tx).where({ contact_id: contactId, kind: 'ccda' }).whereNotNull('parsed').select(...COLUMNS, 'parsed').orderByRaw('document_date desc nulls last, id desc');
  const { hidden } = await contactGate(tx);
  return { documents: rows.map(documentView), parsed: rows.map((row) => documentWithout(JSON.parse(row.parsed as string) as ClinicalDocument, hidden)) };
}

async function reachDocument(tx: Tx, id: string, columns: readonly string[]): Promise<Document> {
  const target = { type: 'document', id };
  authorize(tx, 'document.read', target);
  const query = Document.query(tx).findById(id).select(...columns);
  onVisibleContacts(tx, query, 'documents.contact_id');
  const row = (await query) as Document | undefined;
  if (row === undefined) throw fault('document.not_found', { refused: { action: 'document.read_refused', target, detail: {} } });
  return row;
}
