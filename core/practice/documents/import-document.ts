import { createHash } from 'node:crypto';
import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import type { ClinicalDocument, Patient } from '../../clinical/clinical-document.ts';
import { normalizeEmail, normalizePhone } from '../../crypto/normalize.ts';
import { uuidv7 } from '../../crypto/uuid.ts';
import type { Tx } from '../../db/scope.ts';
import { Contact, ContactAddress, ContactIdentifier, ContactPoint } from '../contacts/model.ts';
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
  const { document, bytes } = input;
  const sha256 = createHash('sha256').update(bytes).digest();
  // Two imports of one patient at once would each find nobody and make two contacts.
  await tx.knex.raw('select pg_advisory_xact_lock(hashtextextended(?, 4712))', [tx.scope.workspaceId]);
  const known = await Document.query(tx).findOne({ sha256 }).select('id', 'contact_id');
  if (known !== undefined) {
    record(tx, { action: 'document.import_repeated', target: { type: 'document', id: known.id } });
    return { documentId: known.id, contactId: known.contact_id, contact: 'unchanged' };
  }
  if (document.missing.length > 0) {
    const documentId = await fileDocument(tx, input, sha256, null);
    record(tx, { action: 'document.imported', target: { type: 'document', id: documentId }, detail: { contact: 'pending', missing: document.missing.map(({ field }) => field) } });
    return { documentId, contactId: null, contact: 'pending' };
  }
  const match = await matchContact(tx, document.patient);
  const contactId = match.kind === 'match' ? match.contact.id : await createContactFrom(tx, document.patient);
  if (match.kind === 'match') await addToContact(tx, contactId, document.patient);
  const documentId = await fileDocument(tx, input, sha256, contactId);
  if (match.kind === 'doubt') await raiseDoubt(tx, match, documentId, contactId);
  const contact = ({ none: 'created', match: 'matched', doubt: 'pending' } as const)[match.kind];
  record(tx, {
    action: 'document.imported',
    target: { type: 'document', id: documentId },
    detail: { contact, contactId, sha256: sha256.toString('hex'), repairs: document.repairs.map(({ code }) => code), ...(match.kind === 'match' ? { matchedBy: match.by } : {}) },
  });
  return { documentId, contactId, contact };
}

async function fileDocument(tx: Tx, { document, bytes, fileName }: ImportInput, sha256: Buffer, contactId: string | null): Promise<string> {
  const id = uuidv7(tx.now);
  const date = document.header.effectiveTime === null ? Number.NaN : Date.parse(document.header.effectiveTime);
  await Document.query(tx).insert({
    id, contact_id: contactId, kind: 'ccda', status: document.missing.length > 0 ? 'pending' : 'filed',
    pending_reason: document.missing.map(({ field }) => field).join(',') || null,
    title: document.header.title, file_name: fileName, media_type: 'application/xml', bytes: bytes.length, sha256,
    document_date: Number.isNaN(date) ? null : new Date(date), parsed: JSON.stringify(withoutBytes(document)),
  });
  await DocumentContent.query(tx).insert({ id, content: Buffer.from(bytes).toString('base64') });
  return id;
}

/** Attachments are in the original; the parsed copy names them only. */
function withoutBytes(document: ClinicalDocument): ClinicalDocument {
  return { ...document, attachments: document.attachments.map((attachment) => ({ ...attachment, bytes: null })) };
}

export async function createContactFrom(tx: Tx, patient: Patient, notes: string | null = null): Promise<string> {
  const { name } = patient;
  const id = uuidv7(tx.now);
  const display = (coded: { display: string }[]) => coded.map((item) => item.display).join(', ') || null;
  await Contact.query(tx).insert({
    id, status: patient.isDeceased ? 'deceased' : 'active', owner_id: tx.scope.actor.kind === 'user' ? tx.scope.actor.id : null,
    given_name: name.given || null, middle_name: name.middle || null, family_name: name.family || null, name_prefix: name.prefix || null, name_suffix: name.suffix || null, preferred_name: name.nickname || null,
    birth_date: patient.birthDate, sex: patient.sex, gender_identity: patient.genderIdentity?.display ?? null, language: patient.languages[0] ?? null,
    marital_status: patient.maritalStatus?.display ?? null, race: display(patient.races), ethnicity: display(patient.ethnicities), deceased_on: patient.deceasedDate, notes,
  });
  await addToContact(tx, id, patient);
  return id;
}

/**
 * Adds phones, e-mails, addresses and identifiers the contact does not have yet; returns how many. What a person typed is never overwritten.
 */
export async function addToContact(tx: Tx, contactId: string, patient: Patient): Promise<number> {
  const where = { contact_id: contactId };
  const [points, addresses, identifiers] = await Promise.all([ContactPoint.query(tx).where(where), ContactAddress.query(tx).where(where), ContactIdentifier.query(tx).where(where)]);
  const pointKey = (kind: string, value: string) => `${kind} ${kind === 'phone' ? normalizePhone(value) : normalizeEmail(value)}`;
  const knownPoints = new Set(points.map((point) => pointKey(point.kind, point.value)));
  const newPoints = patient.telecoms.flatMap(({ system, value, use }) => {
    if (system !== 'phone' && system !== 'email') return [];
    const key = pointKey(system, value);
    if (knownPoints.has(key)) return [];
    knownPoints.add(key);
    return [{ ...where, kind: system, use: pointUse(use), rank: knownPoints.size, value }];
  });
  const addressKey = (lines: string | null, postalCode: string | null, city: string | null) => [lines, city, postalCode].map((part) => (part ?? '').toLowerCase().replace(/\W+/g, ' ').trim()).join('|');
  const knownAddresses = new Set(addresses.map((row) => addressKey(row.lines, row.postal_code, row.city)));
  const newAddresses = patient.addresses.flatMap((address) => {
    const key = addressKey(address.lines.join('\n'), address.postalCode, address.city);
    if (knownAddresses.has(key) || key.replaceAll('|', '').trim() === '') return [];
    knownAddresses.add(key);
    return [{ ...where, use: addressUse(address.use), lines: address.lines.join('\n') || null, city: address.city || null, state: address.state || null, postal_code: address.postalCode || null, country: address.country || null }];
  });
  const knownIdentifiers = new Set(identifiers.map((row) => `${row.system}|${row.value.toLowerCase()}`));
  const newIdentifiers = matchableIdentifiers(patient).filter(({ system, value }) => {
    const key = `${system}|${value.toLowerCase()}`;
    return !knownIdentifiers.has(key) && knownIdentifiers.add(key);
  }).map((identifier) => ({ ...where, ...identifier }));
  await Promise.all([
    newPoints.length > 0 && ContactPoint.query(tx).insert(newPoints),
    newAddresses.length > 0 && ContactAddress.query(tx).insert(newAddresses),
    newIdentifiers.length > 0 && ContactIdentifier.query(tx).insert(newIdentifiers),
  ]);
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
  await MatchReview.query(tx).insert(match.candidates.map(({ contact, reason }) => ({ document_id: documentId, contact_id: contactId, candidate_id: contact.id, reason, status: 'open' as const })));
}
