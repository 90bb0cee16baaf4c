import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { holdChain } from '../../audit/seal.ts';
import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { contactGate } from '../contacts/field-gate.ts';
import { contactNameColumn, openContactName } from '../contacts/contact-name.ts';
import { onVisibleContacts, reachContact } from '../contacts/visible-contacts.ts';
import { appointmentView, type AppointmentView } from './appointment-view.ts';
import { Appointment } from './model.ts';

export type AgendaInput = { readonly from: Date; readonly to: Date; readonly practitionerId?: string | null; readonly contactId?: string | null };
export type AgendaItem = AppointmentView & { contactName: string };

export const RANGE_MAX_MS = 62 * 86_400_000;
const ROWS_MAX = 1000;

/**
 * Appointments that begin in a span of time, `to` excluded, at most 62 days, by their start.
 * @throws Fault request.invalid (the span) · contact.not_found
 */
export async function listAppointments(tx: Tx, { from, to, practitionerId, contactId }: AgendaInput): Promise<AgendaItem[]> {
  authorize(tx, 'appointment.read');
  if (to <= from || to.getTime() - from.getTime() > RANGE_MAX_MS) throw fault('request.invalid', { fields: [{ path: 'to', text: 'after `from`, by at most 62 days' }] });
  if (contactId) await reachContact(tx, contactId, 'READ');
  const query = Appointment.query(tx).where('starts_at', '>=', from).where('starts_at', '<', to).orderBy(['starts_at', 'id']).limit(ROWS_MAX).select('appointments.*', contactNameColumn('appointments'))
  if (practitionerId) query.where({ practitioner_id: practitionerId });
  if (contactId) query.where({ contact_id: contactId });
  onVisibleContacts(tx, query, 'appointments.contact_id');
  await contactGate(tx);
  holdChain(tx);
  const rows = await query;
  const items = rows.map((row) => ({ ...appointmentView(row), contactName: openContactName(tx, row) }));
  record(tx, { action: 'appointment.listed', detail: { count: items.length } });
  return items;
}
