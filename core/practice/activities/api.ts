import Joi from 'joi';
import { apiRoute, type ApiAnswer, type ApiRoute } from '../../http/api/api-route.ts';
import { calendarDate } from '../../http/formats.ts';
import { moment, pageSchema, textOrNull, uuid } from '../contacts/contact-json.ts';
import { cursor, limit, oneId } from '../schemas.ts';
import { addActivity, listActivities, readActivity, updateActivity, type ActivityList } from './actions.ts';
import { activityChanges, activityInput, type ActivityView } from './activity-view.ts';
import { listTasks, TASK_STATES, type TaskInput } from './list-tasks.ts';
import { ACTIVITY_KINDS } from './model.ts';
import { credentialsOf } from '../../http/credentials.ts';

function activityJson<V extends ActivityView>(view: V): object {
  return {
    ...view, doneAt: view.doneAt?.toISOString() ?? null, occurredAt: view.occurredAt.toISOString(), createdAt: view.createdAt.toISOString(), updatedAt: view.updatedAt.toISOString(),
  };
}

const fields = {
  id: uuid, contactId: uuid, kind: Joi.string().valid(...ACTIVITY_KINDS).required(), subject: Joi.string().required(), body: textOrNull, dueOn: textOrNull, doneAt: moment.allow(null),
  assignedTo: uuid.allow(null), authorId: uuid.allow(null), occurredAt: moment, version: Joi.number().integer().required(), createdAt: moment, updatedAt: moment,
};
const activity = { schema: Joi.object(fields), name: 'Activity' };

export const ACTIVITY_API: readonly ApiRoute[] = [
  apiRoute({
    operation: 'listActivities', method: 'GET', path: '/contacts/{id}/activities', tag: 'Activities', capability: 'activity.read', summary: 'A contact’s calls, notes, tasks and letters, newest first',
    params: oneId, query: Joi.object<ActivityList>({ cursor, limit }), refusals: ['contact.not_found'],
    responses: { 200: { description: 'One page', schema: pageSchema(Joi.object(fields)), name: 'ActivityPage' } },
    handler: async (tx, { params, query }) => {
      const page = await listActivities(tx, params.id, query);
      return { body: { items: page.items.map(activityJson), nextCursor: page.next } };
    },
  }),
  apiRoute({
    operation: 'addActivity', method: 'POST', path: '/contacts/{id}/activities', tag: 'Activities', capability: 'activity.write', idempotent: true, summary: 'Add a call, note, task or letter',
    params: oneId, body: activityInput, refusals: ['contact.not_found', 'contact.read_only', 'contact.merged'],
    responses: { 201: { description: 'The activity', ...activity } },
    handler: async (tx, { params, body }) => {
      const view = await addActivity(tx, params.id, body);
      return { ...answer(view), status: 201, location: `/activities/${view.id}` };
    },
  }),
  apiRoute({
    operation: 'readActivity', method: 'GET', path: '/activities/{id}', tag: 'Activities', capability: 'activity.read', summary: 'One activity', params: oneId, refusals: ['activity.not_found'],
    responses: { 200: { description: 'The activity; its version is the ETag', ...activity } },
    handler: async (tx, { params }) => answer(await readActivity(tx, params.id)),
  }),
  apiRoute({
    operation: 'updateActivity', method: 'PATCH', path: '/activities/{id}', tag: 'Activities', capability: 'activity.write', ifMatch: true, summary: 'Change an activity; complete or reopen a task', description: 'Takes `activity.read` as well, as the answer is the whole activity.',
    params: oneId, body: activityChanges, refusals: ['activity.not_found', 'contact.not_found', 'contact.read_only', 'contact.merged', 'activity.not_a_task'],
    responses: { 200: { description: 'The activity as it now is', ...activity } },
    handler: async (tx, { params, version, body }) => answer(await updateActivity(tx, { id: params.id, version, changes: body })),
  }),
  apiRoute({
    operation: 'listTasks', method: 'GET', path: '/tasks', tag: 'Activities', capability: 'activity.read', summary: 'Tasks by due date', description: 'Overdue is judged by today’s date in the workspace’s time zone.',
    query: Joi.object<Omit<TaskInput, 'today'>>({ whose: Joi.string().valid('mine', 'all').default('all'), state: Joi.string().valid(...TASK_STATES).default('open'), cursor, limit }),
    responses: { 200: { description: 'One page', schema: pageSchema(Joi.object({ ...fields, contactName: Joi.string().required() })), name: 'TaskPage' } },
    handler: async (tx, { query, request }) => {
      const page = await listTasks(tx, { ...query, today: calendarDate(tx.now, credentialsOf(request).workspace.timeZone) });
      return { body: { items: page.items.map(activityJson), nextCursor: page.next } };
    },
  }),
];

function answer(view: ActivityView): ApiAnswer {
  return { body: activityJson(view), version: view.version };
}
