import Joi from 'joi';
import { dateText, id, instant } from '../schemas.ts';
import { ACTIVITY_KINDS, type Activity, type ActivityKind } from './model.ts';

export type ActivityView = {
  id: string; contactId: string; kind: ActivityKind; subject: string; body: string | null; dueOn: string | null; doneAt: Date | null; assignedTo: string | null;
  authorId: string | null; occurredAt: Date; version: number; createdAt: Date; updatedAt: Date;
};

export function activityView(row: Activity): ActivityView {
  return {
    id: row.id, contactId: row.contact_id, kind: row.kind, subject: row.subject, body: row.body, dueOn: row.due_on, doneAt: row.done_at, assignedTo: row.assigned_to,
    authorId: row.author_id, occurredAt: row.occurred_at, version: row.version, createdAt: row.created_at, updatedAt: row.updated_at,
  };
}

/** What may be sent. `occurredAt` is when it happened, now unless said; a task's is when it was set. */
export type ActivityInput = { kind: ActivityKind; subject: string; body?: string | null; dueOn?: string | null; assignedTo?: string | null; occurredAt?: Date };
export type ActivityChanges = { subject?: string; body?: string | null; dueOn?: string | null; assignedTo?: string | null; occurredAt?: Date; isDone?: boolean };

const fields = {
  subject: Joi.string().trim().min(1).max(200).messages({ 'string.base': 'say in a few words what it is about' }), body: Joi.string().trim().min(1).max(20_000).allow(null), dueOn: dateText.allow(null), assignedTo: id.allow(null),
  occurredAt: instant,
};
export const activityInput = Joi.object<ActivityInput>({ ...fields, kind: Joi.string().valid(...ACTIVITY_KINDS).required(), subject: fields.subject.required() });
export const activityChanges = Joi.object<ActivityChanges>({ ...fields, isDone: Joi.boolean() }).min(1);
