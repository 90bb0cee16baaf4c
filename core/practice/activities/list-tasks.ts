import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { holdChain } from '../../audit/seal.ts';
import type { Tx } from '../../db/scope.ts';
import { contactGate } from '../contacts/field-gate.ts';
import { contactNameColumn, openContactName } from '../contacts/contact-name.ts';
import { onVisibleContacts } from '../contacts/visible-contacts.ts';
import { pageOf, readPosition, type Page } from '../paging.ts';
import { activityView, type ActivityView } from './activity-view.ts';
import { Activity } from './model.ts';

export const TASK_STATES = ['open', 'overdue', 'done'] as const;
export type TaskInput = { readonly whose: 'mine' | 'all'; readonly state: (typeof TASK_STATES)[number]; readonly today: string; readonly cursor?: string | null; readonly limit: number };
export type TaskView = ActivityView & { contactName: string };

/** Stands for a task that is due on no day: behind any day there is (core/http/schemas.ts). */
const NO_DAY = '9999-12-31';

/**
 * Tasks by due date, those without one last; done ones newest first. `today` is a day in the reader's zone: what was due before it is overdue. Pages go by
 * position, so that whoever completes a page's tasks and goes on to the next misses none.
 */
export async function listTasks(tx: Tx, { whose, state, today, cursor, limit }: TaskInput): Promise<Page<TaskView>> {
  authorize(tx, 'activity.read');
  const from = cursor ? readPosition(cursor) : null;
  const isDone = state === 'done';
  const isAscending = isDone === (from?.direction === 'before');
  const query = Activity.query(tx).where('activities.kind', 'task').select('activities.*', contactNameColumn('activities')).limit(limit + 1);
  if (whose === 'mine') query.where('assigned_to', tx.scope.actor.id);
  onVisibleContacts(tx, query, 'activities.contact_id');
  if (isDone) query.whereNotNull('done_at');
  else query.whereNull('done_at');
  if (state === 'overdue') query.where('due_on', '<', today);
  if (from !== null) query.whereRaw(`(${isDone ? 'done_at' : `coalesce(due_on, date '${NO_DAY}')`}, id) ${isAscending ? '>' : '<'} (?::${isDone ? 'timestamptz' : 'date'}, ?::uuid)`, [isDone ? from.at : dayOf(from.at), from.id]);
  query.orderByRaw(`${isDone ? 'done_at' : 'due_on'} ${isAscending ? 'asc nulls last, id asc' : 'desc nulls first, id desc'}`);
  await contactGate(tx);
  holdChain(tx);
  const page = pageOf(await query, limit, from, (row) => ({ at: row.done_at ?? new Date(row.due_on ?? NO_DAY), id: row.id }), (row) => ({ ...activityView(row), contactName: openContactName(tx, row) }));
  record(tx, { action: 'task.listed', detail: { count: page.items.length, whose, state } });
  return page;
}

const dayOf = (at: Date): string => at.toISOString().slice(0, 10);
