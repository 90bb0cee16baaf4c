import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../../app.ts';
import { authorize, can } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import type { Tx } from '../../db/scope.ts';
import { Fault, fault } from '../../errors.ts';
import { credentialsOf, scopeOf } from '../../http/credentials.ts';
import { flash } from '../../http/flash.ts';
import { formErrors } from '../../http/form-errors.ts';
import { formatDate } from '../../http/formats.ts';
import { parse } from '../../http/refusals.ts';
import { colleaguesOf } from '../colleagues.ts';
import { nameOf } from '../contacts/contact-view.ts';
import { wholeContact } from '../contacts/read-contact.ts';
import { reachContact } from '../contacts/visible-contacts.ts';
import { formFields, type FormFields } from '../form-fields.ts';
import { dateText, id, oneId } from '../schemas.ts';
import { bookAppointment, nextStatuses, readAppointment, updateAppointment, workspaceZone, type Booked } from './actions.ts';
import { agendaPage, type AgendaQuery } from './agenda-page.ts';
import { appointmentChanges, appointmentInput, type AppointmentView } from './appointment-view.ts';
import { APPOINTMENT_STATUSES, type AppointmentStatus } from './model.ts';
import { STATUS_LABELS, STATUS_TONES } from './status-labels.ts';
import { clockTime, occurrenceOf } from './wall-time.ts';

type Handler = (app: App, request: Request, h: ResponseToolkit) => Promise<ResponseObject>;
const STEP_LABELS: Readonly<Record<AppointmentStatus, string>> = { booked: 'Back to booked', arrived: 'Arrived', fulfilled: 'Done', cancelled: 'Cancel it', noshow: 'Did not come' };
const DEFAULT_MINUTES = '30';

const agendaQuery = Joi.object<AgendaQuery>({ view: Joi.string().valid('day', 'week').default('day'), day: dateText.empty(''), practitioner: id.empty('') });

export const agenda: Handler = async (app, request, h) => {
  const query = parse(agendaQuery, request.query);
  const { workspace: { timeZone } } = credentialsOf(request);
  return h.page('appointments/agenda', await app.withWorkspace(scopeOf(request), (tx) => agendaPage(tx, query, timeZone)));
};

export const newAppointmentPage: Handler = async (app, request, h) => {
  const { id: contactId } = parse(oneId, request.params);
  return h.page('appointments/form', await app.withWorkspace(scopeOf(request), async (tx) => {
    authorize(tx, 'appointment.write', { type: 'contact', id: contactId });
    await reachContact(tx, contactId, 'WRITE');
    return formPage(tx, { contactId, appointment: null, fields: { practitionerId: tx.scope.actor.id, durationMinutes: DEFAULT_MINUTES, timeZone: await workspaceZone(tx) } });
  }));
};

export const book: Handler = async (app, request, h) => {
  const { id: contactId } = parse(oneId, request.params);
  const { version: _version, ...fields } = formFields(request.payload);
  try {
    const booked = await app.withWorkspace(scopeOf(request), (tx) => bookAppointment(tx, parse(appointmentInput, { contactId, ...inputOf(fields) })));
    return said(h, booked, 'Booked');
  } catch (error) {
    if (!isAboutInput(error)) throw error;
    return h.page('appointments/form', await app.withWorkspace(scopeOf(request), (tx) => formPage(tx, { contactId, appointment: null, fields, refusal: error }))).code(error.status);
  }
};

export const appointmentPage: Handler = async (app, request, h) => {
  const { id: appointmentId } = parse(oneId, request.params);
  return h.page('appointments/form', await app.withWorkspace(scopeOf(request), async (tx) => {
    const appointment = await readAppointment(tx, appointmentId);
    return formPage(tx, { contactId: appointment.contactId, appointment, fields: fieldsOf(appointment) });
  }));
};

export const change: Handler = async (app, request, h) => {
  const { id: appointmentId } = parse(oneId, request.params);
  const { version = null, ...fields } = formFields(request.payload);
  try {
    const booked = await app.withWorkspace(scopeOf(request), (tx) => updateAppointment(tx, { id: appointmentId, version: Number(version), changes: parse(appointmentChanges, inputOf(fields)) }));
    return said(h, booked, 'Saved');
  } catch (error) {
    const isStale = error instanceof Fault && error.code === 'request.stale';
    if (!isStale && !isAboutInput(error)) throw error;
    return h.page('appointments/form', await app.withWorkspace(scopeOf(request), async (tx) => {
      const appointment = await readAppointment(tx, appointmentId);
      return formPage(tx, { contactId: appointment.contactId, appointment, fields, ...(isStale ? { isStale } : { refusal: error as Fault, version: Number(version) }) });
    })).code(isStale ? 409 : (error as Fault).status);
  }
};

const statusForm = Joi.object<{ version: number; status: AppointmentStatus }>({ version: Joi.number().integer().required(), status: Joi.string().valid(...APPOINTMENT_STATUSES).required() });

export const setStatus: Handler = async (app, request, h) => {
  const { id: appointmentId } = parse(oneId, request.params);
  const { version, status } = parse(statusForm, request.payload);
  await app.withWorkspace(scopeOf(request), (tx) => updateAppointment(tx, { id: appointmentId, version, changes: { status } }));
  flash(h, 'success', 'Saved.');
  return h.redirect(`/appointments/${appointmentId}`).code(303);
};

/** Says so when the hour happens twice that night. */
function said(h: ResponseToolkit, { appointment, occurrence }: Booked, word: string): ResponseObject {
  const text = occurrence === null ? `${word}.` : `${word}. Clocks go back that night, so this time comes twice; the ${occurrence} is meant.`;
  flash(h, occurrence === null ? 'success' : 'warning', text);
  return h.redirect(`/appointments/${appointment.id}`).code(303);
}

/** Day and time are two fields of the form and one of the API. */
function inputOf({ day = null, time = null, ...fields }: FormFields): Record<string, unknown> {
  const input: Record<string, unknown> = { ...fields, localStart: `${day ?? ''}T${time ?? ''}` };
  for (const name of ['timeZone', 'occurrence', 'practitionerId', 'durationMinutes']) if (input[name] === null) delete input[name];
  return input;
}

function fieldsOf(view: AppointmentView): FormFields {
  const [day = null, time = null] = view.localStart.split('T');
  return { practitionerId: view.practitionerId, day, time, occurrence: occurrenceOf(view.startsAt, view.timeZone), durationMinutes: String(Math.round((view.endsAt.getTime() - view.startsAt.getTime()) / 60_000)), timeZone: view.timeZone, reason: view.reason, notes: view.notes };
}

type Shown = { contactId: string; appointment: AppointmentView | null; fields: FormFields; refusal?: Fault; isStale?: boolean; version?: number };

async function formPage(tx: Tx, { contactId, appointment, fields, refusal, isStale = false, version }: Shown): Promise<object> {
  const [contact, colleagues, ownZone] = await Promise.all([wholeContact(tx, contactId), colleaguesOf(tx), workspaceZone(tx)]);
  record(tx, { action: 'contact.read', target: { type: 'contact', id: contactId }, detail: { tab: 'appointment' } });
  const isReadOnly = contact.access !== 'WRITE' || !can(tx.scope.actor, 'appointment.write');
  return {
    contact: { id: contactId, name: nameOf(contact) },
    appointment: appointment === null ? null : { id: appointment.id, status: STATUS_LABELS[appointment.status], tone: STATUS_TONES[appointment.status], when: `${formatDate(appointment.localStart.slice(0, 10), 'UTC')}, ${clockTime(appointment.startsAt, appointment.timeZone)}${appointment.timeZone === ownZone ? '' : `, ${appointment.timeZone}`}` },
    action: appointment === null ? `/contacts/${contactId}/appointments` : `/appointments/${appointment.id}`, version: version ?? appointment?.version ?? 0,
    people: colleagues.filter((one) => one.isActive || one.id === appointment?.practitionerId).map((one) => ({ value: one.id, label: one.name })),
    form: { practitionerId: null, day: null, time: null, durationMinutes: null, timeZone: null, occurrence: null, reason: null, notes: null, ...fields }, zone: fields['timeZone'] ?? appointment?.timeZone ?? '',
    occurrences: [{ value: 'first', label: 'The first time' }, { value: 'second', label: 'The second time' }], errors: refusal === undefined ? {} : errorsOf(refusal, fields), conflict: isStale, isReadOnly,
    steps: appointment === null || isReadOnly ? [] : nextStatuses(appointment.status).map((status) => ({ status, label: STEP_LABELS[status], danger: status === 'cancelled' || status === 'noshow' })),
  };
}

function isAboutInput(error: unknown): error is Fault {
  return error instanceof Fault && ['request.invalid', 'appointment.conflict', 'appointment.transition'].includes(error.code);
}

/** What the form wrote as two fields and the API takes as one is said at the field that is empty, else at the time. */
function errorsOf(refusal: Fault, { day = null, time = null }: FormFields): Record<string, string> {
  const { localStart, ...errors } = formErrors(named(refusal));
  if (localStart === undefined) return errors;
  if (day !== null && time !== null) return { ...errors, time: localStart };
  return { ...errors, ...(day === null ? { day: 'Choose a day.' } : {}), ...(time === null ? { time: 'Choose a time.' } : {}) };
}

/** A refused time is shown at the time. */
function named(refusal: Fault): Fault {
  return refusal.code === 'request.invalid' ? refusal : fault('request.invalid', { fields: [{ path: 'localStart', text: refusal.message }] });
}
