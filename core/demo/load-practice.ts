import type { App } from '../app.ts';
import { record } from '../audit/record.ts';
import { readDocument } from '../clinical/read-document.ts';
import { uuidv7 } from '../crypto/uuid.ts';
import { systemScope, type Tx } from '../db/scope.ts';
import { Activity } from '../practice/activities/model.ts';
import { Appointment } from '../practice/appointments/model.ts';
import { writeTags } from '../practice/contacts/contact-tags.ts';
import { Contact, ContactAddress, ContactIdentifier, ContactPoint } from '../practice/contacts/model.ts';
import { importDocument } from '../practice/documents/import-document.ts';
import { renderCcd } from './ccda.ts';
import { generatePractice } from './generate.ts';
import type { DemoPatient, DemoPractice, DemoStaff } from './practice.ts';

const ROWS_PER_INSERT = 250;

/**
 * Puts a generated practice into a workspace through the same models and importer as anybody's data: sealed, indexed, on the record.
 * Documents are made for the first `documents` patients with a history.
 */
export async function loadPractice(app: App, workspaceId: string, options: { slug: string; patients: number; documents: number; today: string; staff: readonly DemoStaff[] }): Promise<void> {
  const practice = generatePractice({ seed: `wardkeep-demo-${options.slug}`, slug: options.slug, patients: options.patients, today: options.today, staff: options.staff });
  const ids = new Map(practice.patients.map((patient) => [patient.key, uuidv7(Date.parse(`${patient.registeredOn}T15:00:00Z`))]));
  const scope = systemScope(workspaceId, 'demo');
  await app.withWorkspace(scope, async (tx) => {
    await insertPatients(tx, practice, ids);
    await insertActivities(tx, practice, ids);
    await insertAppointments(tx, practice, ids);
    record(tx, { action: 'demo.loaded', detail: { contacts: practice.patients.length, appointments: practice.appointments.length } });
  });
  for (const patient of practice.patients.filter(hasHistory).slice(0, options.documents)) {
    const bytes = Buffer.from(renderCcd({ patient, profile: practice.profile, author: { id: patient.ownerId, given: 'Jordan', family: 'Ellis' }, writtenAt: `${options.today}T12:00:00Z` }), 'utf8');
    const document = readDocument(bytes);
    await app.withWorkspace(scope, (tx) => importDocument(tx, { fileName: `${patient.mrn}.xml`, bytes, document }));
  }
}

const hasHistory = (patient: DemoPatient): boolean => patient.duplicateOf === null && patient.mergedInto === null && patient.history.conditions.length > 0;

async function insertPatients(tx: Tx, practice: DemoPractice, ids: ReadonlyMap<string, string>): Promise<void> {
  // A merged record points at its survivor, which must be there first.
  const inOrder = [...practice.patients].sort((a, b) => Number(a.mergedInto !== null) - Number(b.mergedInto !== null));
  await inBatches(inOrder, (batch) => Contact.query(tx).insert(batch.map((patient) => {
    const registered = new Date(`${patient.registeredOn}T15:00:00Z`);
    return {
      id: idOf(ids, patient.key), owner_id: patient.ownerId, status: patient.status, preferred_channel: patient.channel, tags: writeTags(patient.tags),
      given_name: patient.name.given, middle_name: patient.name.middle, family_name: patient.name.family, name_suffix: patient.name.suffix, preferred_name: patient.name.preferred,
      birth_date: patient.birthDate, sex: patient.sex, gender_identity: patient.gender, language: patient.language, deceased_on: patient.deceasedDate, notes: patient.notes,
      merged_into_id: patient.mergedInto === null ? null : idOf(ids, patient.mergedInto), created_at: registered, updated_at: registered,
    };
  })));
  await inBatches(practice.patients.flatMap((patient) => [
    ...patient.phones.map(({ use, value, isPrimary }, at) => ({ contact_id: idOf(ids, patient.key), kind: 'phone' as const, use, value, rank: isPrimary ? 1 : at + 2 })),
    ...patient.emails.map(({ use, value, isPrimary }, at) => ({ contact_id: idOf(ids, patient.key), kind: 'email' as const, use, value, rank: isPrimary ? 1 : at + 2 })),
  ]), (batch) => ContactPoint.query(tx).insert(batch));
  await inBatches(practice.patients, (batch) => ContactAddress.query(tx).insert(batch.map(({ key, address }) => ({
    contact_id: idOf(ids, key), use: 'home' as const, lines: [address.line1, address.line2].filter(Boolean).join('\n'), city: address.city, state: address.state, postal_code: address.postalCode, country: address.country,
  }))));
  await inBatches(practice.patients.flatMap(({ key, identifiers }) => identifiers.map(({ system, value }) => ({ contact_id: idOf(ids, key), system, value }))), (batch) => ContactIdentifier.query(tx).insert(batch));
}

async function insertActivities(tx: Tx, practice: DemoPractice, ids: ReadonlyMap<string, string>): Promise<void> {
  await inBatches(practice.patients.flatMap((patient) => patient.activities.map((activity) => ({
    contact_id: idOf(ids, patient.key), kind: activity.kind, subject: activity.subject, body: activity.body, due_on: activity.dueOn, done_at: activity.doneAt === null ? null : new Date(activity.doneAt),
    assigned_to: activity.kind === 'task' ? activity.authorId : null, author_id: activity.authorId, occurred_at: new Date(activity.at),
  }))), (batch) => Activity.query(tx).insert(batch));
}

async function insertAppointments(tx: Tx, practice: DemoPractice, ids: ReadonlyMap<string, string>): Promise<void> {
  await inBatches(practice.appointments, (batch) => Appointment.query(tx).insert(batch.map((appointment) => ({
    contact_id: idOf(ids, appointment.patientKey), practitioner_id: appointment.practitionerId, starts_at: new Date(appointment.startsAt), ends_at: new Date(appointment.endsAt),
    time_zone: appointment.timeZone, status: appointment.status, reason: appointment.reason,
  }))));
}

async function inBatches<T>(rows: readonly T[], insert: (batch: T[]) => PromiseLike<unknown>): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_PER_INSERT) await insert(rows.slice(at, at + ROWS_PER_INSERT));
}

function idOf(ids: ReadonlyMap<string, string>, key: string): string {
  const id = ids.get(key);
  if (id === undefined) throw new Error(`The generated practice refers to a patient ${key} it does not hold.`);
  return id;
}
