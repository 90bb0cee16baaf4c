import { WorkspaceModel } from '../../db/model.ts';

/** A time a practitioner keeps for a contact. Instants are UTC; `time_zone` (IANA) is where the clock on the wall hangs. */
export class Appointment extends WorkspaceModel {
  static override tableName = 'appointments';
  declare contact_id: string;
  declare practitioner_id: string;
  declare starts_at: Date;
  declare ends_at: Date;
  declare time_zone: string;
  /** FHIR R4 AppointmentStatus. */
  declare status: 'booked' | 'arrived' | 'fulfilled' | 'cancelled' | 'noshow';
  declare reason: string | null;
  declare notes: string | null;
  declare version: number;
  declare created_at: Date;
  declare updated_at: Date;
}
