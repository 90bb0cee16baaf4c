import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { holdChain } from '../../audit/seal.ts';
import { uuidv7 } from '../../crypto/uuid.ts';
import type { JsonValue, Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { changedFields, plainChanges } from '../changed-fields.ts';
import { requireColleagueWithAccess } from '../contacts/reach.ts';
import { onVisibleContacts, reachContact } from '../contacts/visible-contacts.ts';
import { pageOf, readPosition, type Page } from '../paging.ts';
import { activityView, type ActivityChanges, type ActivityInput, type ActivityView } from './activity-view.ts';
import { Activity } from './model.ts';

/**
 * Notes something about a contact. Whoever sets a task and names nobody gives it to themselves.
 * @throws Fault contact.not_found · contact.read_only · contact.merged · request.invalid
 */
export async function addActivity(tx: Tx, contactId: string, input: ActivityInput): Promise<ActivityView> {
  authorize(tx, 'activity.write', { type: 'contact', id: contactId });
  await reachContact(tx, contactId, 'WRITE');
  const { actor } = tx.scope;
  const person = actor.kind === 'user' ? actor.id : null;
  const isTask = input.kind === 'task';
  if (!isTask && (input.dueOn || input.assignedTo)) throw fault('request.invalid', { fields: [{ path: input.dueOn ? 'dueOn' : 'assignedTo', text: 'only a task is due and assigned' }] });
  const assignedTo = isTask ? (input.assignedTo === undefined ? person : input.assignedTo) : null;
  if (assignedTo !== null && assignedTo !== person) await requireColleagueWithAccess(tx, assignedTo, contactId, 'assignedTo');
  const id = uuidv7(tx.now);
  const moment = new Date(tx.now);
  const row = await Activity.query(tx).insert({
    id, contact_id: contactId, kind: input.kind, subject: input.subject, body: input.body ?? null, due_on: input.dueOn ?? null, done_at: null, assigned_to: assignedTo, author_id: person,
    occurred_at: input.occurredAt ?? moment, version: 1, created_at: moment, updated_at: moment,
  });
  record(tx, { action: 'activity.created', target: { type: 'activity', id }, detail: { contactId, kind: input.kind, dueOn: input.dueOn ?? null, assignedTo } });
  return activityView(row);
}

/** @throws Fault activity.not_found */
export async function readActivity(tx: Tx, id: string): Promise<ActivityView> {
  const target = { type: 'activity', id };
  authorize(tx, 'activity.read', target);
  holdChain(tx);
  const view = activityView(await findActivity(tx, id));
  record(tx, { action: 'activity.read', target, detail: { contactId: view.contactId } });
  return view;
}

/**
 * Changes what is given. `isDone` completes or reopens a task.
 * @throws Fault activity.not_found · contact.read_only · activity.not_a_task · request.stale · request.invalid
 */
export async function updateActivity(tx: Tx, { id, version, changes }: { id: string; version: number; changes: ActivityChanges }): Promise<ActivityView> {
  const target = { type: 'activity', id };
  authorize(tx, 'activity.write', target);
  authorize(tx, 'activity.read', target); // the answer is the whole of it
  const row = await findActivity(tx, id);
  await reachContact(tx, row.contact_id, 'WRITE');
  if (row.version !== version) throw fault('request.stale');
  if (row.kind !== 'task' && (changes.isDone !== undefined || changes.dueOn || changes.assignedTo)) throw fault('activity.not_a_task');
  if (changes.assignedTo && changes.assignedTo !== row.assigned_to) await requireColleagueWithAccess(tx, changes.assignedTo, row.contact_id, 'assignedTo');
  const [before, plainBefore] = [writtenOn(row), plainOf(row)];
  const patch: Partial<Activity> = { version: version + 1, updated_at: new Date(tx.now) };
  if (changes.subject !== undefined) patch.subject = changes.subject;
  if (changes.body !== undefined) patch.body = changes.body;
  if (changes.dueOn !== undefined) patch.due_on = changes.dueOn;
  if (changes.assignedTo !== undefined) patch.assigned_to = changes.assignedTo;
  if (changes.occurredAt !== undefined) patch.occurred_at = changes.occurredAt;
  if (changes.isDone !== undefined && changes.isDone !== plainBefore.isDone) patch.done_at = changes.isDone ? new Date(tx.now) : null;
  if (Number(await row.$query(tx).where({ version }).patch(patch)) !== 1) throw fault('request.stale');
  const plainAfter = plainOf(row);
  record(tx, {
    action: plainBefore.isDone === plainAfter.isDone ? 'activity.updated' : plainAfter.isDone ? 'activity.completed' : 'activity.reopened', target,
    detail: { contactId: row.contact_id, fields: changedFields(before, writtenOn(row)), changes: plainChanges(plainBefore, plainAfter) },
  });
  return activityView(row);
}

/** By the names that the API has for them. */
function writtenOn(row: Activity): { [field: string]: JsonValue } {
  return { ...plainOf(row), subject: row.subject, body: row.body, occurredAt: row.occurred_at.toISOString() };
}

function plainOf(row: Activity): { dueOn: string | null; assignedTo: string | null; isDone: boolean } {
  return { dueOn: row.due_on, assignedTo: row.assigned_to, isDone: row.done_at !== null };
}

export type ActivityList = { readonly cursor?: string | null; readonly limit: number };

/** A contact's activities, newest first. @throws Fault contact.not_found */
export async function listActivities(tx: Tx, contactId: string, { cursor, limit }: ActivityList): Promise<Page<ActivityView>> {
  const target = { type: 'contact', id: contactId };
  authorize(tx, 'activity.read', target);
  const from = cursor ? readPosition(cursor) : null;
  await reachContact(tx, contactId, 'READ');
  const query = Activity.query(tx).where({ contact_id: contactId }).limit(limit + 1);
  const isBackwards = from?.direction === 'before';
  if (from !== null) query.whereRaw(`(occurred_at, id) ${isBackwards ? '>' : '<'} (?::timestamptz, ?::uuid)`, [from.at, from.id]);
  const order = isBackwards ? 'asc' : 'desc';
  query.orderBy([{ column: 'occurred_at', order }, { column: 'id', order }]);
  holdChain(tx);
  const page = pageOf(await query, limit, from, (row) => ({ at: row.occurred_at, id: row.id }), activityView);
  record(tx, { action: 'activity.listed', target, detail: { count: page.items.length } });
  return page;
}

async function findActivity(tx: Tx, id: string): Promise<Activity> {
  const query = Activity.query(tx).findById(id);
  onVisibleContacts(tx, query, 'activities.contact_id');
  const row = await query;
  if (row === undefined) throw fault('activity.not_found', { refused: { action: 'activity.read_refused', target: { type: 'activity', id }, detail: {} } });
  return row;
}
