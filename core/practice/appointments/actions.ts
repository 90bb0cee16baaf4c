import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { holdChain } from '../../audit/seal.ts';
import { uuidv7 } from '../../crypto/uuid.ts';
import type { JsonValue, Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { tell } from '../../hooks.ts';
import { changedFields, plainChanges } from '../changed-fields.ts';
import { requireColleagueWithAccess } from '../contacts/reach.ts';
import { onVisibleContacts, reachContact } from '../contacts/visible-contacts.ts';
import { appointmentView, type AppointmentChanges, type AppointmentInput, type AppointmentTime, type AppointmentView } from './appointment-view.ts';
import { Appointment, type AppointmentStatus } from './model.ts';
import { instantsOf, occurrenceOf, wallTime } from './wall-time.ts';

/** `occurrence`: set when the wall time happens twice that night, and which of the two was taken. */
export type Booked = { readonly appointment: AppointmentView; readonly occurrence: 'first' | 'second' | null };

/** What may follow what; a slip can be taken back. */
const NEXT: Readonly<Record<AppointmentStatus, readonly AppointmentStatus[]>> = {
  booked: ['arrived', 'fulfilled', 'cancelled', 'noshow'],
  arrived: ['fulfilled', 'cancelled', 'booked'],
  fulfilled: ['arrived'],
  cancelled: ['booked'],
  noshow: ['booked', 'arrived'],
};

/**
 * Books a practitioner's time for a contact.
 * @throws Fault contact.not_found · contact.read_only · appointment.conflict · request.invalid (a wall time that does not exist that day, a colleague who may not open the contact)
 */
export async function bookAppointment(tx: Tx, input: AppointmentInput): Promise<Booked> {
  const { contactId, practitionerId } = input;
  authorize(tx, 'appointment.write', { type: 'contact', id: contactId });
  await reachContact(tx, contactId, 'WRITE');
  await requireColleagueWithAccess(tx, practitionerId, contactId, 'practitionerId');
  const slot = await slotOf(tx, input);
  const id = uuidv7(tx.now);
  const moment = new Date(tx.now);
  const { occurrence, ...columns } = slot;
  const row = await refusingConflicts({ type: 'contact', id: contactId }, Appointment.query(tx).insert({
    ...columns, id, contact_id: contactId, practitioner_id: practitionerId, status: 'booked', reason: input.reason ?? null, notes: input.notes ?? null, version: 1, created_at: moment, updated_at: moment,
  }));
  record(tx, { action: 'appointment.booked', target: { type: 'appointment', id }, detail: { contactId, practitionerId, startsAt: slot.starts_at.toISOString(), endsAt: slot.ends_at.toISOString() } });
  await tell(tx, 'appointmentBooked', { appointmentId: id, contactId });
  return { appointment: appointmentView(row), occurrence };
}

/** @throws Fault appointment.not_found */
export async function readAppointment(tx: Tx, id: string): Promise<AppointmentView> {
  const target = { type: 'appointment', id };
  authorize(tx, 'appointment.read', target);
  holdChain(tx);
  const view = appointmentView(await findAppointment(tx, id));
  record(tx, { action: 'appointment.read', target, detail: { contactId: view.contactId } });
  return view;
}

/**
 * Moves it, changes its status or what is written on it.
 * @throws Fault appointment.not_found · contact.read_only · appointment.transition · appointment.conflict · request.stale · request.invalid
 */
export async function updateAppointment(tx: Tx, { id, version, changes }: { id: string; version: number; changes: AppointmentChanges }): Promise<Booked> {
  const target = { type: 'appointment', id };
  authorize(tx, 'appointment.write', target);
  authorize(tx, 'appointment.read', target); // the answer is the whole of it
  const row = await findAppointment(tx, id);
  await reachContact(tx, row.contact_id, 'WRITE');
  if (row.version !== version) throw fault('request.stale');
  const { status = row.status, practitionerId = row.practitioner_id } = changes;
  if (status !== row.status && !NEXT[row.status].includes(status)) throw fault('appointment.transition');
  if (practitionerId !== row.practitioner_id) await requireColleagueWithAccess(tx, practitionerId, row.contact_id, 'practitionerId');

  const [before, plainBefore] = [writtenOn(row), plainOf(row)];
  const patch: Partial<Appointment> = { status, practitioner_id: practitionerId, version: version + 1, updated_at: new Date(tx.now) };
  if (changes.reason !== undefined) patch.reason = changes.reason;
  if (changes.notes !== undefined) patch.notes = changes.notes;
  let occurrence: Booked['occurrence'] = null;
  const lasted = durationMinutesOf(row);
  if (changes.localStart !== undefined) {
    const slot = await slotOf(tx, { localStart: changes.localStart, durationMinutes: changes.durationMinutes ?? lasted, timeZone: changes.timeZone ?? row.time_zone, ...(changes.occurrence === undefined ? {} : { occurrence: changes.occurrence }) });
    Object.assign(patch, { starts_at: slot.starts_at, ends_at: slot.ends_at, time_zone: slot.time_zone });
    occurrence = slot.occurrence;
  } else if (changes.durationMinutes !== undefined) {
    patch.ends_at = new Date(row.starts_at.getTime() + changes.durationMinutes * 60_000);
  }
  const saved = await refusingConflicts(target, row.$query(tx).where({ version }).patch(patch));
  if (Number(saved) !== 1) throw fault('request.stale');
  const plainAfter = plainOf(row);
  record(tx, {
    action: plainBefore.startsAt === plainAfter.startsAt ? 'appointment.updated' : 'appointment.moved', target,
    detail: { contactId: row.contact_id, fields: changedFields(before, writtenOn(row)), changes: plainChanges(plainBefore, plainAfter) },
  });
  return { appointment: appointmentView(row), occurrence };
}

/** What the page offers as next steps. */
export function nextStatuses(status: AppointmentStatus): readonly AppointmentStatus[] {
  return NEXT[status];
}

/** By the names that the API has for them. */
function writtenOn(row: Appointment): { [field: string]: JsonValue } {
  const { starts_at: start, time_zone: timeZone } = row;
  return { status: row.status, practitionerId: row.practitioner_id, localStart: wallTime(start, timeZone), occurrence: occurrenceOf(start, timeZone), timeZone, durationMinutes: durationMinutesOf(row), reason: row.reason, notes: row.notes };
}

function durationMinutesOf(row: Appointment): number {
  return Math.round((row.ends_at.getTime() - row.starts_at.getTime()) / 60_000);
}

function plainOf(row: Appointment): { status: string; practitionerId: string; startsAt: string; endsAt: string } {
  return { status: row.status, practitionerId: row.practitioner_id, startsAt: row.starts_at.toISOString(), endsAt: row.ends_at.toISOString() };
}

type Slot = Pick<Appointment, 'starts_at' | 'ends_at' | 'time_zone'> & { occurrence: Booked['occurrence'] };

async function slotOf(tx: Tx, { localStart, durationMinutes, timeZone, occurrence = 'first' }: AppointmentTime): Promise<Slot> {
  const zone = timeZone ?? (await workspaceZone(tx));
  const [first, second] = instantsOf(localStart, zone);
  if (first === undefined) throw fault('request.invalid', { fields: [{ path: 'localStart', text: 'clocks are put forward past this time on that day: it does not exist' }] });
  const starts_at = occurrence === 'second' && second !== undefined ? second : first;
  return { starts_at, ends_at: new Date(starts_at.getTime() + durationMinutes * 60_000), time_zone: zone, occurrence: second === undefined ? null : occurrence };
}

export async function workspaceZone(tx: Tx): Promise<string> {
  const row = (await tx.knex('workspaces').first('time_zone')) as { time_zone: string };
  return row.time_zone;
}

const EXCLUSION_VIOLATION = '23P01';

/** The exclusion constraint decides, so two bookings at once cannot both pass; whose the other appointment is, is not said. */
async function refusingConflicts<T>(target: { type: string; id: string }, write: PromiseLike<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    const { code } = ((error as { nativeError?: unknown }).nativeError ?? error) as { code?: string };
    if (code !== EXCLUSION_VIOLATION) throw error;
    throw fault('appointment.conflict', { refused: { action: 'appointment.refused', target, detail: {} } });
  }
}

async function findAppointment(tx: Tx, id: string): Promise<Appointment> {
  const query = Appointment.query(tx).findById(id);
  onVisibleContacts(tx, query, 'appointments.contact_id');
  const row = await query;
  if (row === undefined) throw fault('appointment.not_found', { refused: { action: 'appointment.read_refused', target: { type: 'appointment', id }, detail: {} } });
  return row;
}
