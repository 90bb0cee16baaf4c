import { authorize, can } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { holdChain } from '../../audit/seal.ts';
import { uuidv7 } from '../../crypto/uuid.ts';
import { insertRows } from '../../db/model.ts';
import type { JsonValue, Tx } from '../../db/scope.ts';
import { fault, type FieldFault } from '../../errors.ts';
import { requireColleague } from '../colleagues.ts';
import { insertParts, replaceParts } from './contact-parts.ts';
import type { ContactChanges, LifecycleStatus } from './contact-schema.ts';
import { writeTags } from './contact-tags.ts';
import type { ContactView } from './contact-view.ts';
import { contactGate, nameOnRecord, refuseGated, type ContactGate } from './field-gate.ts';
import { Contact, CONTACT_COLUMNS } from './model.ts';
import { newContactView, wholeContact } from './read-contact.ts';
import { writableContact } from './visible-contacts.ts';

/** What may follow what. `merged` is reached and left by merging alone; a mistaken death can be taken back. */
const NEXT: Readonly<Record<LifecycleStatus, readonly LifecycleStatus[]>> = {
  new: ['active', 'inactive', 'deceased'],
  active: ['inactive', 'deceased'],
  inactive: ['active', 'deceased'],
  deceased: ['active', 'inactive'],
};

/**
 * A new contact. Its owner is whoever makes it; somebody else, or nobody, takes `contact.assign`.
 * @throws Fault request.invalid
 */
export async function createContact(tx: Tx, input: ContactChanges): Promise<ContactView> {
  authorize(tx, 'contact.write');
  const gate = await contactGate(tx);
  refuseGated(gate, input);
  const { actor } = tx.scope;
  const ownerId = input.ownerId === undefined ? (actor.kind === 'user' ? actor.id : null) : input.ownerId;
  await refuseOwner(tx, ownerId, actor.kind === 'user' ? actor.id : null);
  const status = input.status ?? (input.deceasedOn ? 'deceased' : 'new');
  refuseDates(gate, { birthDate: input.birthDate ?? null, deceasedOn: input.deceasedOn ?? null, status });
  const id = uuidv7(tx.now);
  const moment = new Date(tx.now);
  const row = { ...columnsOf(input), id, status, owner_id: ownerId, created_at: moment, updated_at: moment };
  record(tx, { action: 'contact.created', target: { type: 'contact', id }, detail: { status, ownerId, fields: fieldsOf(tx, gate, input) } });
  const inserted = insertRows(tx, Contact, [row]);
  inserted.catch(() => undefined); // told below, unless something else is told before
  const behind = insertParts(tx, id, input);
  holdChain(tx); // behind the rows: one round trip for all of it
  const view = newContactView(tx, row, behind.parts); // while PostgreSQL is at work
  await Promise.all([inserted, behind.inserted]);
  return view;
}

/**
 * Changes what is given and leaves the rest. `version` is the one the caller read.
 * @throws Fault contact.not_found · contact.read_only · contact.merged · request.stale · contact.transition · request.invalid
 */
export async function updateContact(tx: Tx, { id, version, changes }: { id: string; version: number; changes: ContactChanges }): Promise<ContactView> {
  const target = { type: 'contact', id };
  authorize(tx, 'contact.write', target);
  authorize(tx, 'contact.read', target); // the answer is the whole of it
  const gate = await contactGate(tx);
  refuseGated(gate, changes);
  const contact = await writableContact(tx, id);
  // Whoever does not see the whole contact is shown a version of what they do see.
  const { version: shown } = gate.hidden.size === 0 ? contact : await wholeContact(tx, id);
  if (shown !== version) throw fault('request.stale');
  const { status = contact.status, ownerId = contact.owner_id, preferredChannel = contact.preferred_channel } = changes;
  if (status !== contact.status && !NEXT[contact.status as LifecycleStatus].includes(status as LifecycleStatus)) throw fault('contact.transition');
  if (ownerId !== contact.owner_id) await refuseOwner(tx, ownerId, contact.owner_id);
  const columns: Partial<Contact> = columnsOf(changes);
  if (contact.status === 'deceased' && status !== 'deceased') columns.deceased_on = null;
  // Only what is changed is looked at: documents and merges bring dates that no form would take.
  if ([changes.birthDate, changes.deceasedOn, changes.status].some((change) => change !== undefined)) refuseDates(gate, {
    birthDate: changes.birthDate === undefined ? contact.birth_date : changes.birthDate,
    deceasedOn: columns.deceased_on === undefined ? contact.deceased_on : columns.deceased_on, status,
  });
  refuseNameless(gate, changes, contact);
  const before = { status: contact.status, ownerId: contact.owner_id, preferredChannel: contact.preferred_channel };
  const isSeenByAll = changedFields(changes).some((field) => !gate.shielded.has(field));
  await saveContact(tx, contact, columns, isSeenByAll ? new Date(tx.now) : contact.updated_at);
  await replaceParts(tx, id, changes);
  holdChain(tx);
  record(tx, { action: 'contact.updated', target, detail: { fields: fieldsOf(tx, gate, changes), changes: plainChanges(gate, before, { status, ownerId, preferredChannel }) } });
  return wholeContact(tx, id);
}

/**
 * Writes columns and the next version, if nobody else did meanwhile. `updatedAt` stays what it was where nothing changed that everybody sees.
 * @throws Fault request.stale
 */
export async function saveContact(tx: Tx, contact: Contact, columns: Partial<Contact>, updatedAt = new Date(tx.now)): Promise<void> {
  const { version } = contact;
  const saved = await contact.$query(tx).where({ version }).patch({ ...columns, version: version + 1, updated_at: updatedAt });
  if (Number(saved) !== 1) throw fault('request.stale');
}

function columnsOf(changes: ContactChanges): Partial<Contact> {
  const columns: Record<string, unknown> = {};
  for (const [field, column] of Object.entries(CONTACT_COLUMNS)) {
    const value = changes[field as keyof typeof CONTACT_COLUMNS];
    if (value !== undefined) columns[column] = Array.isArray(value) ? writeTags(value) : value;
  }
  return columns as Partial<Contact>;
}

/** Names only: what stood in them is PHI. */
function fieldsOf(tx: Tx, gate: ContactGate, changes: ContactChanges): string[] {
  return changedFields(changes).map((field) => nameOnRecord(tx, gate, field));
}

function changedFields(changes: ContactChanges): string[] {
  const { custom = {}, ...own } = changes;
  return [...Object.keys(own).filter((field) => own[field as keyof typeof own] !== undefined), ...Object.keys(custom).map((key) => `custom.${key}`)].sort();
}

/** Old and new of columns that are no PHI, unless somebody does not see the field. */
function plainChanges({ shielded }: ContactGate, before: Readonly<Record<string, string | null>>, after: Readonly<Record<string, string | null>>): { [field: string]: JsonValue } {
  return Object.fromEntries(Object.keys(before).filter((field) => !shielded.has(field) && before[field] !== after[field]).map((field) => [field, { from: before[field] ?? null, to: after[field] ?? null }]));
}

async function refuseOwner(tx: Tx, ownerId: string | null, without: string | null): Promise<void> {
  if (ownerId === without) return;
  if (!can(tx.scope.actor, 'contact.assign')) throw fault('request.invalid', { fields: [{ path: 'ownerId', text: 'your role does not allow giving contacts to others' }] });
  if (ownerId !== null) await requireColleague(tx, ownerId, 'ownerId');
}

/** Whoever has a name keeps one, as a new contact must have one; a document may bring somebody who has none. Nothing is said of a name that the actor does not see. */
function refuseNameless({ hidden }: ContactGate, { givenName, familyName }: ContactChanges, { given_name, family_name }: Contact): void {
  if (hidden.has('givenName') || hidden.has('familyName') || (given_name === null && family_name === null)) return;
  const isNamed = (givenName === undefined ? given_name : givenName) !== null || (familyName === undefined ? family_name : familyName) !== null;
  if (!isNamed) throw fault('request.invalid', { fields: [{ path: 'familyName', text: 'a contact has a given name or a family name' }] });
}

/** Nothing is said of a date that the actor does not see: the refusal would answer guesses at it. */
function refuseDates({ hidden }: ContactGate, { birthDate, deceasedOn, status }: { birthDate: string | null; deceasedOn: string | null; status: Contact['status'] }): void {
  const fields: FieldFault[] = [];
  if (hidden.has('deceasedOn')) return;
  if (deceasedOn !== null && status !== 'deceased') fields.push({ path: 'deceasedOn', text: 'a date of death goes with the status deceased' });
  if (!hidden.has('birthDate') && deceasedOn !== null && birthDate !== null && deceasedOn < birthDate) fields.push({ path: 'deceasedOn', text: 'a date of death is not before the date of birth' });
  if (fields.length > 0) throw fault('request.invalid', { fields });
}
