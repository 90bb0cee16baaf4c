import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { emptyPatient } from '../../clinical/ccda/demographics.ts';
import type { ClinicalDocument, Sex } from '../../clinical/clinical-document.ts';
import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { displayName } from '../contacts/contact-view.ts';
import { decideReviews, keepDistinct } from '../contacts/distinctions.ts';
import { requireMatchingFields } from '../contacts/field-gate.ts';
import { Contact } from '../contacts/model.ts';
import { reachContact } from '../contacts/visible-contacts.ts';
import { addToContact, createContactFrom } from './import-document.ts';
import { Document, MatchReview, type MatchDoubt } from './model.ts';

/** What the importer left to a person: documents without a usable patient, and pairs of contacts that may be one. */
const SHOWN_MAX = 50;

export const DOUBTS: Readonly<Record<MatchDoubt, string>> = {
  identifier_shared: 'Both carry the same identifier, but name, birth date or sex differ.',
  demographics_differ: 'Same name and birth date, but another sex.',
  identifiers_differ: 'Same name, birth date and sex, but the same authority gave them different numbers.',
  several_candidates: 'More than one contact fits.',
};

type Person = { id: string; name: string; birthDate: string | null; sex: string | null; createdAt: Date };
export type WaitingDocument = { id: string; title: string; fileName: string | null; reasons: string[]; importedAt: Date; suggested: { givenName: string; familyName: string; birthDate: string; sex: string } };
export type WaitingPair = { id: string; documentId: string; reason: string; contact: Person; candidate: Person };

/**
 * The oldest of both kinds, and how many there are. Of the pairs that ask about one contact the first alone: its answer often settles the
 * others, and a patient with many namesakes would fill the page.
 */
export async function listWaiting(tx: Tx): Promise<{ documents: WaitingDocument[]; pairs: WaitingPair[]; waiting: { documents: number; pairs: number } }> {
  authorize(tx, 'document.resolve');
  await requireMatchingFields(tx);
  const documents = await Document.query(tx).where({ status: 'pending' }).orderBy('created_at').limit(SHOWN_MAX);
  const firstOfEach = tx.knex('match_reviews').where({ status: 'open' }).distinctOn('contact_id').orderBy(['contact_id', 'created_at', 'id']).select('id');
  const reviews = await MatchReview.query(tx).whereIn('id', firstOfEach).orderBy(['created_at', 'id']).limit(SHOWN_MAX);
  const ids = [...new Set(reviews.flatMap(({ contact_id, candidate_id }) => [contact_id, candidate_id]))];
  const people = new Map((ids.length === 0 ? [] : await Contact.query(tx).whereIn('id', ids)).map((row) => [row.id, personOf(row)]));
  const [waiting] = (await tx.query(`select (select count(*)::int from documents where status = 'pending') as documents, (select count(distinct contact_id)::int from match_reviews where status = 'open') as pairs`)) as { documents: number; pairs: number }[];
  record(tx, { action: 'document.waiting_listed', detail: { documents: documents.length, pairs: reviews.length } });
  return {
    waiting: waiting as { documents: number; pairs: number },
    documents: documents.map(waitingDocument),
    pairs: reviews.flatMap(({ id, document_id, contact_id, candidate_id, reason }) => {
      const [contact, candidate] = [people.get(contact_id), people.get(candidate_id)];
      return contact === undefined || candidate === undefined ? [] : [{ id, documentId: document_id, reason: DOUBTS[reason], contact, candidate }];
    }),
  };
}

function waitingDocument(row: Document): WaitingDocument {
  const parsed = row.parsed === null ? null : (JSON.parse(row.parsed) as ClinicalDocument);
  const { name, birthDate, sex } = parsed?.patient ?? { name: null, birthDate: null, sex: null };
  return {
    id: row.id, title: row.title || 'Clinical document', fileName: row.file_name, importedAt: row.created_at, reasons: parsed?.missing.map(({ reason }) => reason) ?? [],
    suggested: { givenName: name?.given ?? '', familyName: name?.family ?? '', birthDate: birthDate ?? '', sex: sex ?? '' },
  };
}

/** One of them, for whoever looks for its contact. @throws Fault document.not_found · document.not_waiting */
export async function readWaitingDocument(tx: Tx, id: string): Promise<WaitingDocument> {
  const target = { type: 'document', id };
  authorize(tx, 'document.resolve', target);
  await requireMatchingFields(tx);
  const row = await Document.query(tx).findById(id);
  if (row === undefined) throw fault('document.not_found');
  if (row.status !== 'pending') throw fault('document.not_waiting');
  record(tx, { action: 'document.read', target });
  return waitingDocument(row);
}

function personOf(row: Contact): Person {
  return { id: row.id, name: displayName(row), birthDate: row.birth_date, sex: row.sex, createdAt: row.created_at };
}

export type Resolution = { readonly contactId: string } | { readonly givenName: string; readonly familyName: string; readonly birthDate: string; readonly sex: Sex };

/** Files a waiting document under a contact that is there, or under a new one with what the document lacked. Returns the contact's id. */
export async function resolveDocument(tx: Tx, id: string, resolution: Resolution): Promise<string> {
  const target = { type: 'document', id };
  authorize(tx, 'document.resolve', target);
  await requireMatchingFields(tx);
  const row = await Document.query(tx).findById(id).forUpdate();
  if (row === undefined) throw fault('document.not_found');
  if (row.status !== 'pending' || row.parsed === null) throw fault('document.not_waiting');
  const { patient: named, missing } = JSON.parse(row.parsed) as ClinicalDocument;
  const patient = missing.some(({ field }) => field === 'singlePatient') ? emptyPatient() : named; // numbers and telephones of several are not this one's
  let contactId: string;
  if ('contactId' in resolution) {
    contactId = resolution.contactId;
    await reachContact(tx, contactId, 'WRITE');
    await addToContact(tx, contactId, patient, await requireMatchingFields(tx, 'write'));
  } else {
    const { givenName, familyName, birthDate, sex } = resolution;
    contactId = await createContactFrom(tx, { ...patient, name: { ...patient.name, given: givenName, family: familyName }, birthDate, sex });
  }
  await row.$query(tx).patch({ status: 'filed', contact_id: contactId, pending_reason: null, version: row.version + 1, updated_at: new Date(tx.now) });
  record(tx, { action: 'document.resolved', target, detail: { contactId, created: !('contactId' in resolution) } });
  return contactId;
}

/** Says that a pair is two people, for good: neither the list of duplicates nor another import asks again. "The same" is said by merging them, which closes the question too. */
export async function keepApart(tx: Tx, id: string): Promise<void> {
  const target = { type: 'match_review', id };
  authorize(tx, 'document.resolve', target);
  await requireMatchingFields(tx);
  const review = await MatchReview.query(tx).findById(id).forUpdate();
  if (review === undefined) throw fault('record.not_found');
  if (review.status !== 'open') throw fault('document.not_waiting');
  await keepDistinct(tx, review.contact_id, review.candidate_id);
  await decideReviews(tx, review.contact_id, review.candidate_id, { from: 'open', to: 'different' }); // other documents' questions about the same two as well
  record(tx, { action: 'match.decided', target, detail: { decision: 'different', contactId: review.contact_id, candidateId: review.candidate_id } });
}
