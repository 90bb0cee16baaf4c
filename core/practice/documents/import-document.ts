import { createHash } from 'node:crypto';
import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { holdChain } from '../../audit/seal.ts';
import { dayOf } from '../../clinical/ccda/times.ts';
import type { ClinicalDocument, Patient } from '../../clinical/clinical-document.ts';
import { normalizeEmail, normalizePhone } from '../../crypto/normalize.ts';
import { uuidv7 } from '../../crypto/uuid.ts';
import { insertRows, insertSealed, sealNew, type SealedRow } from '../../db/model.ts';
import type { Tx } from '../../db/scope.ts';
import type { ContactParts } from '../contacts/contact-view.ts';
import { isWritable, requireMatchingFields, type ContactGate } from '../contacts/field-gate.ts';
import { UNGATED } from '../contacts/gated-model.ts';
import { holdMatching } from '../contacts/hold-matching.ts';
import { Contact, ContactAddress, ContactIdentifier, ContactPoint } from '../contacts/model.ts';
import { documentDate } from './document-date.ts';
import { patientWith } from './gated-document.ts';
import { matchableIdentifiers, matchContact, type Match } from './match-contact.ts';
import { Document, DocumentContent, MatchReview } from './model.ts';

export type ImportInput = { readonly fileName: string; readonly bytes: Uint8Array; readonly document: ClinicalDocument };
/**
 * What became of one document. `unchanged`: these very bytes are already here. `pending`: filed under a contact of its own with a match in
 * doubt, or, where name, birth date or sex is missing, waiting without one.
 */
export type Imported = { readonly documentId: string; readonly contactId: string | null; readonly contact: 'created' | 'matched' | 'pending' | 'unchanged' };

/** Files a read document: contact found or made, original and parsed content sealed, one audit entry. */
export async function importDocument(tx: Tx, input: ImportInput): Promise<Imported> {
  authorize(tx, 'document.import');
  const gate = await requireMatchingFields(tx, 'write');
  const { document } = input;
  const filing = sealDocument(tx, input); // before anybody is kept waiting
  const locked = holdMatching(tx);
  const found = Document.query(tx).findOne({ sha256: filing.sha256 }).select('id', 'contact_id');
  const [, known, match, writtenAt] = await Promise.all([locked, found, document.missing.length > 0 ? null : matchContact(tx, document.patient), documentDate(tx, document.header.effectiveTime)]);
  if (known !== undefined) {
    record(tx, { action: 'document.import_repeated', target: { type: 'document', id: known.id } });
    return { documentId: known.id, contactId: known.contact_id, contact: 'unchanged' };
  }
  const target = { type: 'document', id: filing.id };
  if (match === null) {
    await insertDocument(tx, filing, { contact_id: null, document_date: writtenAt });
    record(tx, { action: 'document.imported', target, detail: { contact: 'pending', missing: document.missing.map(({ field }) => field) } });
    return { documentId: filing.id, contactId: null, contact: 'pending' };
  }
  const contactId = match.kind === 'match' ? match.contact.id : uuidv7(tx.now);
  // Sent in the order in which rows refer to each other, waited for together.
  const written = Promise.all([
    match.kind === 'match' ? addToContact(tx, contactId, document.patient, gate) : insertContact(tx, contactId, document.patient, {}, gate),
    insertDocument(tx, filing, { contact_id: contactId, document_date: writtenAt }),
    match.kind === 'doubt' ? raiseDoubt(tx, match, filing.id, contactId) : undefined,
  ]);
  if (match.kind !== 'match') holdChain(tx); // nothing more will be asked
  await written;
  const contact = ({ none: 'created', match: 'matched', doubt: 'pending' } as const)[match.kind];
  record(tx, {
    action: 'document.imported',
    target,
    detail: { contact, contactId, sha256: filing.sha256.toString('hex'), repairs: document.repairs.map(({ code }) => code), ...(match.kind === 'match' ? { matchedBy: match.by } : {}) },
  });
  return { documentId: filing.id, contactId, contact };
}

/** A document's rows, sealed, but for what the database is asked first. */
type Filing = { readonly id: string; readonly sha256: Buffer; readonly row: SealedRow; readonly content: SealedRow };

function sealDocument(tx: Tx, { document, bytes, fileName }: ImportInput): Filing {
  const id = uuidv7(tx.now);
  const sha256 = createHash('sha256').update(bytes).digest();
  const row: Partial<Document> = {
    id, kind: 'ccda', status: document.missing.length > 0 ? 'pending' : 'filed',
    pending_reason: document.missing.map(({ field }) => field).join(',') || null,
    title: document.header.title, file_name: fileName, media_type: 'application/xml', bytes: bytes.length, sha256,
    parsed: JSON.stringify(withoutBytes(document)),
  };
  return { id, sha256, row: sealNew(tx, Document, row), content: sealNew(tx, DocumentContent, { id, content: Buffer.from(bytes).toString('base64') }) };
}

async function insertDocument(tx: Tx, { row, content }: Filing, asked: Pick<Document, 'contact_id' | 'document_date'>): Promise<void> {
  await Promise.all([insertSealed(tx, Document, [{ ...row, ...asked }]), insertSealed(tx, DocumentContent, [content])]);
}

/** Attachments are in the original; the parsed copy names them only. */
function withoutBytes(document: ClinicalDocument): ClinicalDocument {
  return { ...document, attachments: document.attachments.map((attachment) => ({ ...attachment, bytes: null })) };
}

/** What no document says of a patient. */
type OwnColumns = Pick<Partial<Contact>, 'notes' | 'tags'>;

export async function createContactFrom(tx: Tx, patient: Patient, own: OwnColumns = {}): Promise<string> {
  const id = uuidv7(tx.now);
  await insertContact(tx, id, patient, own, await requireMatchingFields(tx, 'write'));
  return id;
}

/** What the actor may not write stays out of the contact; the document keeps it for those who see it. */
async function insertContact(tx: Tx, id: string, given: Patient, { notes = null, tags = null }: OwnColumns, gate: ContactGate): Promise<void> {
  const patient = patientWith(given, (field) => isWritable(gate, field));
  const { name } = patient;
  const display = (coded: { display: string }[]) => coded.map((item) => item.display).join(', ') || null;
  const row: Partial<Contact> = {
    id, status: patient.isDeceased ? 'deceased' : 'active', owner_id: tx.scope.actor.kind === 'user' ? tx.scope.actor.id : null,
    given_name: name.given || null, middle_name: name.middle || null, family_name: name.family || null, name_prefix: name.prefix || null, name_suffix: name.suffix || null, preferred_name: name.nickname || null,
    birth_date: patient.birthDate, sex: patient.sex, gender_identity: patient.genderIdentity?.display ?? null, language: patient.languages[0] ?? null,
    marital_status: patient.maritalStatus?.display ?? null, race: display(patient.races), ethnicity: display(patient.ethnicities), deceased_on: patient.deceasedDate === null ? null : dayOf(patient.deceasedDate), notes: isWritable(gate, 'notes') ? notes : null, tags: isWritable(gate, 'tags') ? tags : null,
  };
  await Promise.all([insertRows(tx, Contact, [row]), insertNewParts(tx, id, patient, { points: [], addresses: [], identifiers: [] })]);
}

/** Adds phones, e-mails, addresses and identifiers the contact does not have yet; returns how many. What a person typed is never overwritten. */
export async function addToContact(tx: Tx, contactId: string, given: Patient, gate: ContactGate): Promise<number> {
  const patient = patientWith(given, (field) => isWritable(gate, field));
  const where = { contact_id: contactId };
  const [points, addresses, identifiers] = await Promise.all([ContactPoint.query(tx).context(UNGATED).where(where), ContactAddress.query(tx).context(UNGATED).where(where), ContactIdentifier.query(tx).context(UNGATED).where(where)]);
  return insertNewParts(tx, contactId, patient, { points, addresses, identifiers });
}

async function insertNewParts(tx: Tx, contactId: string, patient: Patient, known: ContactParts): Promise<number> {
  const where = { contact_id: contactId };
  const pointKey = (kind: string, value: string) => `${kind} ${kind === 'phone' ? normalizePhone(value) : normalizeEmail(value)}`;
  const knownPoints = new Set(known.points.map((point) => pointKey(point.kind, point.value)));
  const newPoints = patient.telecoms.flatMap(({ system, value, use }) => {
    if (system !== 'phone' && system !== 'email') return [];
    const key = pointKey(system, value);
    if (knownPoints.has(key)) return [];
    knownPoints.add(key);
    return [{ ...where, kind: system, use: pointUse(use), rank: knownPoints.size, value }];
  });
  const addressKey = (lines: string | null, postalCode: string | null, city: string | null) => [lines, city, postalCode].map((part) => (part ?? '').toLowerCase().replace(/\W+/g, ' ').trim()).join('|');
  const knownAddresses = new Set(known.addresses.map((row) => addressKey(row.lines, row.postal_code, row.city)));
  const newAddresses = patient.addresses.flatMap((address) => {
    const key = addressKey(address.lines.join('\n'), address.postalCode, address.city);
    if (knownAddresses.has(key) || key.replaceAll('|', '').trim() === '') return [];
    knownAddresses.add(key);
    return [{ ...where, use: addressUse(address.use), lines: address.lines.join('\n') || null, city: address.city || null, state: address.state || null, postal_code: address.postalCode || null, country: address.country || null }];
  });
  const knownIdentifiers = new Set(known.identifiers.map((row) => `${row.system}|${row.value.toLowerCase()}`));
  const newIdentifiers = matchableIdentifiers(patient).filter(({ system, value }) => {
    const key = `${system}|${value.toLowerCase()}`;
    return !knownIdentifiers.has(key) && knownIdentifiers.add(key);
  }).map((identifier) => ({ ...where, ...identifier }));
  await Promise.all([insertRows(tx, ContactPoint, newPoints), insertRows(tx, ContactAddress, newAddresses), insertRows(tx, ContactIdentifier, newIdentifiers)]);
  return newPoints.length + newAddresses.length + newIdentifiers.length;
}

/** HL7 TelecommunicationAddressUse and PostalAddressUse (HP, H, WP, MC, TMP …) in our words. */
function pointUse(use: string | null): 'home' | 'work' | 'mobile' | 'other' {
  if (use === null) return 'other';
  return /MC/.test(use) ? 'mobile' : /^H/.test(use) ? 'home' : /^W/.test(use) ? 'work' : 'other';
}

function addressUse(use: string | null): 'home' | 'work' | 'temporary' | 'other' {
  if (use === null) return 'home';
  return /^H/.test(use) ? 'home' : /^W/.test(use) ? 'work' : /TMP/.test(use) ? 'temporary' : 'other';
}

async function raiseDoubt(tx: Tx, match: Extract<Match, { kind: 'doubt' }>, documentId: string, contactId: string): Promise<void> {
  await insertRows(tx, MatchReview, match.candidates.map(({ contact, reason }) => ({ document_id: documentId, contact_id: contactId, candidate_id: contact.id, reason, status: 'open' as const })));
}
