import Joi from 'joi';
import { apiRoute, type ApiAnswer, type ApiRoute } from '../../http/api/api-route.ts';
import { moment, pageSchema, textOrNull, uuid } from '../contacts/contact-json.ts';
import { cursor, id, instant, oneId } from '../schemas.ts';
import { bookAppointment, readAppointment, updateAppointment, type Booked } from './actions.ts';
import { appointmentChanges, appointmentInput, type AppointmentView } from './appointment-view.ts';
import { AGENDA_MAX, listAppointments, type AgendaInput } from './list-appointments.ts';
import { APPOINTMENT_STATUSES } from './model.ts';

function appointmentJson<V extends AppointmentView>(view: V): object {
  return { ...view, startsAt: view.startsAt.toISOString(), endsAt: view.endsAt.toISOString(), createdAt: view.createdAt.toISOString(), updatedAt: view.updatedAt.toISOString() };
}

const fields = {
  id: uuid, contactId: uuid, practitionerId: uuid, startsAt: moment, endsAt: moment, timeZone: Joi.string().required(), localStart: Joi.string().required(), localEnd: Joi.string().required(),
  status: Joi.string().valid(...APPOINTMENT_STATUSES).required(), reason: textOrNull, notes: textOrNull, version: Joi.number().integer().required(), createdAt: moment, updatedAt: moment,
};
const appointment = { schema: Joi.object(fields), name: 'Appointment' };
const booked = {
  schema: Joi.object({ ...fields, occurrence: Joi.string().valid('first', 'second').allow(null).required().description('Set where the local time happens twice that night: which of the two was taken.') }),
  name: 'BookedAppointment',
};

export const APPOINTMENT_API: readonly ApiRoute[] = [
  apiRoute({
    operation: 'listAppointments', method: 'GET', path: '/appointments', tag: 'Appointments', capability: 'appointment.read', summary: 'Appointments that begin in a span of time, at most 62 days',
    query: Joi.object<AgendaInput>({ from: instant.required(), to: instant.required(), practitionerId: id, contactId: id, cursor, limit: Joi.number().integer().min(1).max(AGENDA_MAX).default(AGENDA_MAX) }), refusals: ['contact.not_found'],
    responses: { 200: { description: 'One page, by their start', schema: pageSchema(Joi.object({ ...fields, contactName: Joi.string().required() })), name: 'AppointmentPage' } },
    handler: async (tx, { query }) => {
      const page = await listAppointments(tx, query);
      return { body: { items: page.items.map(appointmentJson), nextCursor: page.next } };
    },
  }),
  apiRoute({
    operation: 'bookAppointment', method: 'POST', path: '/appointments', tag: 'Appointments', capability: 'appointment.write', idempotent: true, summary: 'Book a practitioner’s time',
    description: 'A wall time in a zone (the workspace’s unless named). A time that clocks skip is refused; one that happens twice is the first unless `occurrence` says otherwise, and the answer says so.',
    body: appointmentInput, refusals: ['contact.not_found', 'contact.read_only', 'contact.merged', 'appointment.conflict'],
    responses: { 201: { description: 'The appointment', ...booked } },
    handler: async (tx, { body }) => {
      const result = await bookAppointment(tx, body);
      return { ...bookedAnswer(result), status: 201, location: `/appointments/${result.appointment.id}` };
    },
  }),
  apiRoute({
    operation: 'readAppointment', method: 'GET', path: '/appointments/{id}', tag: 'Appointments', capability: 'appointment.read', summary: 'One appointment', params: oneId, refusals: ['appointment.not_found'],
    responses: { 200: { description: 'The appointment; its version is the ETag', ...appointment } },
    handler: async (tx, { params }) => {
      const view = await readAppointment(tx, params.id);
      return { body: appointmentJson(view), version: view.version };
    },
  }),
  apiRoute({
    operation: 'updateAppointment', method: 'PATCH', path: '/appointments/{id}', tag: 'Appointments', capability: 'appointment.write', ifMatch: true, summary: 'Move an appointment, change its status or what is written on it', description: 'Takes `appointment.read` as well, as the answer is the whole appointment.',
    params: oneId, body: appointmentChanges,
    refusals: ['appointment.not_found', 'contact.not_found', 'contact.read_only', 'contact.merged', 'appointment.transition', 'appointment.conflict'],
    responses: { 200: { description: 'The appointment as it now is', ...booked } },
    handler: async (tx, { params, version, body }) => bookedAnswer(await updateAppointment(tx, { id: params.id, version, changes: body })),
  }),
];

function bookedAnswer({ appointment: view, occurrence }: Booked): ApiAnswer {
  return { body: { ...appointmentJson(view), occurrence }, version: view.version };
}
