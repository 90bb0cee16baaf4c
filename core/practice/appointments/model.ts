import { WorkspaceModel } from '../../db/model.ts';

/** Status in the words of FHIR R4 AppointmentStatus. Booked and arrived hold the practitioner's time; the database refuses a second one. */
export class Appointment extends WorkspaceModel {
  static override tableName = 'appointments';
  declare contact_id: string;
  declare practitioner_id: string;
  declare starts_at: Date;
  declare ends_at: Date;
  /** IANA name of the zone in which the time was agreed. */
  declare time_zone: string;
  declare status: AppointmentStatus;
  declare reason: string | null;
  declare notes: string | null;
  declare version: number;
  declare created_at: Date;
  declare updated_at: Date;
}

export const APPOINTMENT_STATUSES = ['booked', 'arrived', 'fulfilled', 'cancelled', 'noshow'] as const;
export type AppointmentStatus = (typeof APPOINTMENT_STATUSES)[number];
