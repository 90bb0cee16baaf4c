import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { holdChain } from '../../audit/seal.ts';
import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { contactGate } from '../contacts/field-gate.ts';
import { contactNameColumn, openContactName } from '../contacts/contact-name.ts';
import { onVisibleContacts, reachContact } from '../contacts/visible-contacts.ts';
import { pageOf, readPosition, type Page } from '../paging.ts';
import { appointmentView, type AppointmentView } from './appointment-view.ts';
import { Appointment } from './model.ts';

export type AgendaInput = { readonly from: Date; readonly to: Date; readonly practitionerId?: string | null; readonly contactId?: string | null; readonly cursor?: string | null; readonly limit: number };
export type AgendaItem = AppointmentView & { contactName: string };

export const RANGE_MAX_MS = 62 * 86_400_000;
/** At once: more than a practice has in a week. */
export const AGENDA_MAX = 1000;

/**
 * Appointments that begin in a span of time, `to` excluded, at most 62 days, by their start.
 * @throws Fault request.invalid (the span) · contact.not_found
 */
export async function listAppointments(tx: Tx, { from, to, practitionerId, contactId, cursor, limit }: AgendaInput): Promise<Page<AgendaItem>> {
  authorize(tx, 'appointment.read');
  if (to <= from || to.getTime() - from.getTime() > RANGE_MAX_MS) throw fault('request.invalid', { fields: [{ path: 'to', text: 'after `from`, by at most 62 days' }] });
  if (contactId) await reachContact(tx, contactId, 'READ');
  const place = cursor ? readPosition(cursor) : null;
  const isBackwards = place?.direction === 'before';
  const order = isBackwards ? 'desc' : 'asc';
  const query = Appointment.query(tx).where('starts_at', '>=', from).where('starts_at', '<', to).orderBy([{ column: 'starts_at', order }, { column: 'id', order }]).limit(limit + 1).select('appointments.*', contactNameColumn('appointments'));
  if (place !== null) query.whereRaw(`(starts_at, id) ${isBackwards ? '<' : '>'} (?::timestamptz, ?::uuid)`, [place.at, place.id]);
  if (practitionerId) query.where({ practitioner_id: practitionerId });
  if (contactId) query.where({ contact_id: contactId });
  onVisibleContacts(tx, query, 'appointments.contact_id');
  await contactGate(tx);
  holdChain(tx);
  const page = pageOf(await query, limit, place, (row) => ({ at: row.starts_at, id: row.id }), (row) => ({ ...appointmentView(row), contactName: openContactName(tx, row) }));
  record(tx, { action: 'appointment.listed', detail: { count: page.items.length } });
  return page;
}
