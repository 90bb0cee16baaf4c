import type { PluginDeps, Scope, Tx } from '../../../core/plugin.ts';
import { decideBy } from '../agreements/days-in-force.ts';
import { daysBetween, todayOf, type Day } from '../calendar-days.ts';
import { Agreement, DueReminder, Notice, Reminder } from '../models.ts';
import { dueDates, isOf } from './due-dates.ts';

/**
 * One letter to one person about one row: a reminder of an agreement, of a review or an attestation, or a notice of change. What a mail server
 * refuses is tried again by the queue for sixteen hours, and the others' letters are not sent again with it. One that a server took without managing
 * to say so may come a second time. The name is the queue's, so it does not change.
 */
export const MAIL_JOB = { name: 'baa_tracker.mail', input: { subject: 'id', user: 'id' } } as const;

const DAYS_MAX = 366;

export async function mailReminder(deps: PluginDeps, scope: Scope, { subject, user }: { readonly subject: string; readonly user: string }): Promise<void> {
  const letter = await deps.withWorkspace(scope, async (tx) => findLetter(tx, subject));
  if (letter === null) return;
  await deps.remind(scope, user, { daysLeft: Math.min(DAYS_MAX, Math.max(0, letter.daysLeft)), path: letter.path });
}

/** Null once it was seen or answered, or is no longer due: another day, another attestation, a subprocessor out of use. */
async function findLetter(tx: Tx, id: string): Promise<{ daysLeft: number; path: `/${string}` } | null> {
  const { today } = await todayOf(tx);
  const reminder = await Reminder.query(tx).findById(id);
  if (reminder !== undefined) {
    const agreement = (await Agreement.query(tx).findById(reminder.agreement_id)) as Agreement;
    return reminder.acknowledged_at !== null || decideBy(agreement) !== reminder.decide_by ? null : letter(today, reminder.decide_by, `/agreements/${agreement.id}`);
  }
  const due = await DueReminder.query(tx).findById(id);
  if (due !== undefined) return (await dueDates(tx)).some((each) => isOf(due, each)) ? letter(today, due.due_on, `/subprocessors/${due.subprocessor_id}`) : null;
  const notice = await Notice.query(tx).findById(id);
  return notice === undefined || notice.status !== 'open' ? null : letter(today, notice.effective_on, `/subprocessors/${notice.subprocessor_id}`);
}

const letter = (today: Day, day: Day, path: `/${string}`) => ({ daysLeft: daysBetween(today, day), path });
