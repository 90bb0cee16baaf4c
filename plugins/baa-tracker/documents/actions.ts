import { createHash, timingSafeEqual } from 'node:crypto';
import { authorize, fault, record, type Tx } from '../../../core/plugin.ts';
import { Agreement, AgreementDocument, DocumentContent } from '../models.ts';
import { personOf } from '../people.ts';
import type { DocumentKind } from '../vocabulary.ts';

/** How long a link to a document opens it. */
export const LINK_LIFE_MS = 5 * 60_000;

/** What a ticket to a document is for. */
export const purposeOf = (documentId: string): string => `document ${documentId}`;

export type NewDocument = { readonly kind: DocumentKind; readonly fileName: string; /** Checked by checkPdf(). */ readonly bytes: Buffer };

/** Keeps a document beside those that were there before; none is ever replaced. @throws Fault baa-tracker.agreement.not_found */
export async function addDocument(tx: Tx, agreementId: string, { kind, fileName, bytes }: NewDocument): Promise<string> {
  authorize(tx, 'baa-tracker.register.write', { type: 'agreement', id: agreementId });
  const person = personOf(tx);
  const agreement = await Agreement.query(tx).findById(agreementId).forUpdate(); // two at once get two numbers
  if (agreement === undefined) throw fault('baa-tracker.agreement.not_found');
  const { number: last = 0 } = (await AgreementDocument.query(tx).where({ agreement_id: agreementId }).select('id', 'number').orderBy('number', 'desc').first()) ?? {};
  const sha256 = createHash('sha256').update(bytes).digest();
  const { id } = await AgreementDocument.query(tx).insert({ agreement_id: agreementId, number: last + 1, kind, file_name: fileName, bytes: bytes.length, sha256, uploaded_by: person.id, uploader_name: person.name, uploaded_at: new Date(tx.now) });
  await DocumentContent.query(tx).insert({ id, content: bytes.toString('base64') });
  record(tx, { action: 'baa-tracker.document.added', target: { type: 'agreement', id: agreementId }, detail: { documentId: id, number: last + 1, kind, bytes: bytes.length, sha256: sha256.toString('hex') } });
  return id;
}

/** Puts on the record that somebody was handed a link. @throws Fault baa-tracker.document.not_found */
export async function prepareLink(tx: Tx, documentId: string): Promise<void> {
  const document = await reachDocument(tx, documentId);
  record(tx, { action: 'baa-tracker.document.link_made', target: { type: 'document', id: documentId }, detail: { agreementId: document.agreement_id, minutes: LINK_LIFE_MS / 60_000 } });
}

/**
 * The document's bytes, held against its hash first.
 * @throws Fault baa-tracker.document.not_found · baa-tracker.document.link_ended
 */
export async function openDocument(tx: Tx, documentId: string, ticketHolds: boolean): Promise<{ document: AgreementDocument; bytes: Buffer }> {
  const document = await reachDocument(tx, documentId);
  const target = { type: 'document', id: documentId };
  if (!ticketHolds) throw fault('baa-tracker.document.link_ended', { refused: { action: 'baa-tracker.document.link_refused', target, detail: {} } });
  const bytes = await readBytes(tx, document);
  record(tx, { action: 'baa-tracker.document.opened', target, detail: { agreementId: document.agreement_id, sha256: document.sha256.toString('hex') } });
  return { document, bytes };
}

/** @throws Error when what is stored is not what was signed: the seal would have to be broken for that */
export async function readBytes(tx: Tx, { id, sha256 }: AgreementDocument): Promise<Buffer> {
  const content = await DocumentContent.query(tx).findById(id);
  const bytes = Buffer.from(content?.content ?? '', 'base64');
  if (!timingSafeEqual(createHash('sha256').update(bytes).digest(), sha256)) throw new Error('A stored agreement does not have the hash it was stored with.');
  return bytes;
}

async function reachDocument(tx: Tx, documentId: string): Promise<AgreementDocument> {
  authorize(tx, 'baa-tracker.document.open', { type: 'document', id: documentId });
  const found = await AgreementDocument.query(tx).findById(documentId);
  if (found === undefined) throw fault('baa-tracker.document.not_found');
  return found;
}
