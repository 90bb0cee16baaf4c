import { record } from '../../audit/record.ts';
import { authorize } from '../../access/authorize.ts';
import type { Tx } from '../../db/scope.ts';
import { Activity } from '../activities/model.ts';
import { Appointment } from '../appointments/model.ts';
import { Document } from '../documents/model.ts';
import { readPosition, writePosition } from '../paging.ts';
import { ContactShare } from './model.ts';
import { reachContact } from './visible-contacts.ts';

/** One thing that happened, or is to happen, with a patient. */
export type TimelineItem =
  | { readonly type: 'activity'; readonly id: string; readonly at: Date; readonly row: Activity }
  | { readonly type: 'appointment'; readonly id: string; readonly at: Date; readonly row: Appointment }
  | { readonly type: 'document'; readonly id: string; readonly at: Date; readonly row: Document }
  | { readonly type: 'share'; readonly id: string; readonly at: Date; readonly row: ContactShare };

export type Timeline = { readonly items: readonly TimelineItem[]; readonly older: string | null };

/**
 * Activities, appointments, documents and shares of a contact in one line, newest first. Each source gives at most a page, so what is opened
 * is at most four pages whatever the history holds.
 * @throws Fault contact.not_found
 */
export async function readTimeline(tx: Tx, contactId: string, { cursor, limit }: { cursor?: string | null; limit: number }): Promise<Timeline> {
  const target = { type: 'contact', id: contactId };
  authorize(tx, 'contact.read', target);
  const from = cursor ? readPosition(cursor) : null;
  await reachContact(tx, contactId, 'READ');
  const newest = <M extends typeof Activity | typeof Appointment | typeof Document | typeof ContactShare>(model: M, column: string) => {
    const query = (model as typeof Activity).query(tx).where({ contact_id: contactId }).orderBy([{ column, order: 'desc' }, { column: 'id', order: 'desc' }]).limit(limit + 1);
    return from === null ? query : query.whereRaw('(??, id) < (?::timestamptz, ?::uuid)', [column, from.at, from.id]);
  };
  const [activities, appointments, documents, shares] = (await Promise.all([
    newest(Activity, 'occurred_at'),
    newest(Appointment, 'starts_at'),
    newest(Document, 'created_at').select('id', 'title', 'kind', 'document_date', 'created_at', 'bytes'),
    newest(ContactShare, 'created_at'),
  ])) as unknown as [Activity[], Appointment[], Document[], ContactShare[]];
  const all: TimelineItem[] = [
    ...activities.map((row) => ({ type: 'activity' as const, id: row.id, at: row.occurred_at, row })),
    ...appointments.map((row) => ({ type: 'appointment' as const, id: row.id, at: row.starts_at, row })),
    ...documents.map((row) => ({ type: 'document' as const, id: row.id, at: row.created_at, row })),
    ...shares.map((row) => ({ type: 'share' as const, id: row.id, at: row.created_at, row })),
  ].sort((a, b) => b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1));
  const items = all.slice(0, limit);
  const last = items.at(-1);
  record(tx, { action: 'contact.timeline_read', target, detail: { count: items.length } });
  return { items, older: all.length > limit && last !== undefined ? writePosition({ direction: 'after', at: last.at, id: last.id }) : null };
}
