import Joi from 'joi';
import { id, isDay } from '../schemas.ts';
import { APPOINTMENT_STATUSES, type Appointment, type AppointmentStatus } from './model.ts';
import { isTimeZone, wallTime } from './wall-time.ts';

export type AppointmentView = {
  id: string; contactId: string; practitionerId: string; startsAt: Date; endsAt: Date; timeZone: string;
  /** As clocks in `timeZone` show it. */
  localStart: string; localEnd: string;
  status: AppointmentStatus; reason: string | null; notes: string | null; version: number; createdAt: Date; updatedAt: Date;
};

export function appointmentView(row: Appointment): AppointmentView {
  return {
    id: row.id, contactId: row.contact_id, practitionerId: row.practitioner_id, startsAt: row.starts_at, endsAt: row.ends_at, timeZone: row.time_zone,
    localStart: wallTime(row.starts_at, row.time_zone), localEnd: wallTime(row.ends_at, row.time_zone),
    status: row.status, reason: row.reason, notes: row.notes, version: row.version, createdAt: row.created_at, updatedAt: row.updated_at,
  };
}

/**
 * When: a wall time in a zone. Where clocks go back an hour happens twice; `occurrence` says which, the first unless said.
 */
export type AppointmentTime = { localStart: string; durationMinutes: number; timeZone?: string; occurrence?: 'first' | 'second' };
export type AppointmentInput = AppointmentTime & { contactId: string; practitionerId: string; reason?: string | null; notes?: string | null };
export type AppointmentChanges = Partial<AppointmentTime> & { practitionerId?: string; reason?: string | null; notes?: string | null; status?: AppointmentStatus };

const localStart = Joi.string().pattern(/^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d$/)
  .custom((value: string, helpers) => (isDay(value.slice(0, 10)) ? value : helpers.message({ custom: 'this day is not in the calendar' })))
  .messages({ 'string.pattern.base': 'write a local time as YYYY-MM-DDTHH:MM' });
const timeZone = Joi.string().max(60).custom((value: string, helpers) => (isTimeZone(value) ? value : helpers.message({ custom: 'this is not an IANA time zone such as America/New_York' })));
const fields = {
  durationMinutes: Joi.number().integer().min(5).max(1440), timeZone, occurrence: Joi.string().valid('first', 'second'),
  reason: Joi.string().trim().min(1).max(200).allow(null), notes: Joi.string().trim().min(1).max(10_000).allow(null),
};
export const appointmentInput = Joi.object<AppointmentInput>({ ...fields, contactId: id.required(), practitionerId: id.required(), localStart: localStart.required(), durationMinutes: fields.durationMinutes.required() });
export const appointmentChanges = Joi.object<AppointmentChanges>({ ...fields, practitionerId: id, localStart, status: Joi.string().valid(...APPOINTMENT_STATUSES) }).min(1)
  .with('occurrence', 'localStart').with('timeZone', 'localStart');
