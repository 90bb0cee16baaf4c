import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { holdChain } from '../../audit/seal.ts';
import type { Tx } from '../../db/scope.ts';
import { contactGate } from '../contacts/field-gate.ts';
import { contactNameColumn, openContactName } from '../contacts/contact-name.ts';
import { onVisibleContacts } from '../contacts/visible-contacts.ts';
import { readOffset, writeOffset, type Page } from '../paging.ts';
import { activityView, type ActivityView } from './activity-view.ts';
import { Activity } from './model.ts';

export const TASK_STATES = ['open', 'overdue', 'done'] as const;
export type TaskInput = { readonly whose: 'mine' | 'all'; readonly state: (typeof TASK_STATES)[number]; readonly today: string; readonly cursor?: string | null; readonly limit: number };
export type TaskView = ActivityView & { contactName: string };


/** Tasks by due date, those without one last; done ones newest first. `today` is a day in the reader's zone: what was due before it is overdue. */
export async function listTasks(tx: Tx, { whose, state, today, cursor, limit }: TaskInput): Promise<Page<TaskView>> {
  authorize(tx, 'activity.read');
  const offset = cursor ? readOffset(cursor) : 0;
  const query = Activity.query(tx).where('activities.kind', 'task').select('activities.*', contactNameColumn('activities'))
    .offset(offset).limit(limit + 1);
  if (whose === 'mine') query.where('assigned_to', tx.scope.actor.id);
  onVisibleContacts(tx, query, 'activities.contact_id');
  if (state === 'done') query.whereNotNull('done_at').orderBy([{ column: 'done_at', order: 'desc' }, { column: 'id', order: 'desc' }]);
  else query.whereNull('done_at').orderByRaw('due_on asc nulls last, id asc');
  if (state === 'overdue') query.where('due_on', '<', today);
  await contactGate(tx);
  holdChain(tx);
  const rows = await query;
  const items = rows.slice(0, limit).map((row) => ({ ...activityView(row), contactName: openContactName(tx, row) }));
  record(tx, { action: 'task.listed', detail: { count: items.length, whose, state } });
  return { items, next: rows.length > limit ? writeOffset(offset + limit) : null, previous: offset > 0 ? writeOffset(Math.max(0, offset - limit)) : null };
}
