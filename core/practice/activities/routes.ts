import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../../app.ts';
import { authorize, can } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import type { Tx } from '../../db/scope.ts';
import { Fault } from '../../errors.ts';
import { credentialsOf, scopeOf } from '../../http/credentials.ts';
import { flash } from '../../http/flash.ts';
import { formErrors } from '../../http/form-errors.ts';
import { calendarDate } from '../../http/formats.ts';
import { localPath } from '../../http/local-path.ts';
import { parse } from '../../http/refusals.ts';
import { colleaguesOf } from '../colleagues.ts';
import { nameOf } from '../contacts/contact-view.ts';
import { wholeContact } from '../contacts/read-contact.ts';
import { reachContact } from '../contacts/visible-contacts.ts';
import { formFields, type FormFields } from '../form-fields.ts';
import { cursor, oneId, PAGE_SIZE } from '../schemas.ts';
import { addActivity, readActivity, updateActivity } from './actions.ts';
import { activityChanges, activityInput, type ActivityView } from './activity-view.ts';
import { listTasks, TASK_STATES, type TaskInput } from './list-tasks.ts';
import { ACTIVITY_KINDS } from './model.ts';

type Handler = (app: App, request: Request, h: ResponseToolkit) => Promise<ResponseObject>;
const KIND_LABELS: Readonly<Record<string, string>> = { call: 'Call', note: 'Note', task: 'Task', letter: 'Letter' };

export const newActivityPage: Handler = async (app, request, h) => {
  const { id: contactId } = parse(oneId, request.params);
  return h.page('activities/form', await app.withWorkspace(scopeOf(request), async (tx) => {
    authorize(tx, 'activity.write', { type: 'contact', id: contactId });
    await reachContact(tx, contactId, 'WRITE');
    return formPage(tx, { contactId, activity: null, fields: { kind: 'note', assignedTo: tx.scope.actor.id } });
  }));
};

export const addToContact: Handler = async (app, request, h) => {
  const { id: contactId } = parse(oneId, request.params);
  const { version: _version, ...fields } = formFields(request.payload);
  try {
    // Only a task is due and assigned; the form shows both fields before the kind is known.
    const { dueOn = null, assignedTo = null, ...rest } = fields;
    const input = rest['kind'] === 'task' ? { ...rest, dueOn, assignedTo } : { ...rest, ...(dueOn === null ? {} : { dueOn }) };
    await app.withWorkspace(scopeOf(request), (tx) => addActivity(tx, contactId, parse(activityInput, input)));
    flash(h, 'success', 'Saved.');
    return h.redirect(`/contacts/${contactId}`).code(303);
  } catch (error) {
    if (!isInvalid(error)) throw error;
    return h.page('activities/form', await app.withWorkspace(scopeOf(request), (tx) => formPage(tx, { contactId, activity: null, fields, refusal: error }))).code(400);
  }
};

export const activityPage: Handler = async (app, request, h) => {
  const { id: activityId } = parse(oneId, request.params);
  return h.page('activities/form', await app.withWorkspace(scopeOf(request), async (tx) => {
    const activity = await readActivity(tx, activityId);
    return formPage(tx, { contactId: activity.contactId, activity, fields: { subject: activity.subject, body: activity.body, dueOn: activity.dueOn, assignedTo: activity.assignedTo } });
  }));
};

export const editActivity: Handler = async (app, request, h) => {
  const { id: activityId } = parse(oneId, request.params);
  const { version = null, ...fields } = formFields(request.payload);
  try {
    const { contactId } = await app.withWorkspace(scopeOf(request), (tx) => updateActivity(tx, { id: activityId, version: Number(version), changes: parse(activityChanges, fields) }));
    flash(h, 'success', 'Saved.');
    return h.redirect(`/contacts/${contactId}`).code(303);
  } catch (error) {
    const isStale = error instanceof Fault && error.code === 'request.stale';
    if (!isStale && !isInvalid(error)) throw error;
    return h.page('activities/form', await app.withWorkspace(scopeOf(request), async (tx) => {
      const activity = await readActivity(tx, activityId);
      return formPage(tx, { contactId: activity.contactId, activity, fields, ...(isStale ? { isStale } : { refusal: error as Fault, version: Number(version) }) });
    })).code(isStale ? 409 : 400);
  }
};

const doneForm = Joi.object<{ version: number; isDone: 'yes' | 'no'; back?: string }>({ version: Joi.number().integer().required(), isDone: Joi.string().valid('yes', 'no').required(), back: Joi.string().max(500).allow('') });

export const markDone: Handler = async (app, request, h) => {
  const { id: activityId } = parse(oneId, request.params);
  const { version, isDone, back } = parse(doneForm, request.payload);
  await app.withWorkspace(scopeOf(request), (tx) => updateActivity(tx, { id: activityId, version, changes: { isDone: isDone === 'yes' } }));
  flash(h, 'success', isDone === 'yes' ? 'Done.' : 'Open again.');
  return h.redirect(localPath(back ?? '/tasks')).code(303);
};

const tasksQuery = Joi.object<Pick<TaskInput, 'whose' | 'state'> & { cursor?: string }>({ whose: Joi.string().valid('mine', 'all').default('mine'), state: Joi.string().valid(...TASK_STATES).default('open'), cursor });
const TASK_TABS = [['mine', 'open', 'Mine'], ['mine', 'overdue', 'Mine, overdue'], ['all', 'open', 'All'], ['all', 'overdue', 'All overdue'], ['all', 'done', 'Done']] as const;

export const tasksPage: Handler = async (app, request, h) => {
  const { whose, state, cursor: at } = parse(tasksQuery, request.query);
  const { workspace: { timeZone } } = credentialsOf(request);
  const href = (place: string | null) => `/tasks?whose=${whose}&state=${state}${place === null ? '' : `&cursor=${place}`}`;
  return h.page('activities/tasks', await app.withWorkspace(scopeOf(request), async (tx) => {
    const today = calendarDate(tx.now, timeZone);
    const page = await listTasks(tx, { whose, state, today, cursor: at ?? null, limit: PAGE_SIZE });
    const names = new Map((await colleaguesOf(tx)).map((one) => [one.id, one.name]));
    return {
      tabs: TASK_TABS.map(([who, what, label]) => ({ href: `/tasks?whose=${who}&state=${what}`, label, current: who === whose && what === state, count: null })),
      tasks: page.items.map((task) => ({ ...task, late: task.doneAt === null && task.dueOn !== null && task.dueOn < today, assignee: task.assignedTo === null ? null : (names.get(task.assignedTo) ?? null) })),
      here: href(at ?? null), previousHref: page.previous === null ? null : href(page.previous), nextHref: page.next === null ? null : href(page.next),
      emptyText: state === 'overdue' ? 'Nothing is overdue.' : state === 'done' ? 'No task has been completed yet.' : 'Tasks are set on a patient’s page.', can: { write: can(tx.scope.actor, 'activity.write') },
    };
  }));
};

type Shown = { contactId: string; activity: ActivityView | null; fields: FormFields; refusal?: Fault; isStale?: boolean; version?: number };

async function formPage(tx: Tx, { contactId, activity, fields, refusal, isStale = false, version }: Shown): Promise<object> {
  const [contact, colleagues] = await Promise.all([wholeContact(tx, contactId), colleaguesOf(tx)]);
  record(tx, { action: 'contact.read', target: { type: 'contact', id: contactId }, detail: { tab: 'activity' } });
  return {
    contact: { id: contactId, name: nameOf(contact) }, activity: activity === null ? null : { id: activity.id, kind: KIND_LABELS[activity.kind] },
    action: activity === null ? `/contacts/${contactId}/activities` : `/activities/${activity.id}`, version: version ?? activity?.version ?? 0,
    kinds: ACTIVITY_KINDS.map((value) => ({ value, label: KIND_LABELS[value] })), people: colleagues.filter((one) => one.isActive).map((one) => ({ value: one.id, label: one.name })),
    form: { kind: null, subject: null, body: null, dueOn: null, assignedTo: null, ...fields }, errors: refusal === undefined ? {} : formErrors(refusal), conflict: isStale,
    isTask: activity === null || activity.kind === 'task', isReadOnly: contact.access !== 'WRITE' || !can(tx.scope.actor, 'activity.write'),
  };
}

function isInvalid(error: unknown): error is Fault {
  return error instanceof Fault && error.code === 'request.invalid';
}
