import { enqueue, record, type Tx } from '../../../core/plugin.ts';
import { daysBetween, type Day } from '../calendar-days.ts';
import { DueReminder } from '../models.ts';
import { keepersOf } from '../people.ts';
import { dueDates, isOf } from './due-dates.ts';
import { MAIL_JOB } from './mail.ts';
import { ESCALATION_DAYS, markReached, whoIsTold } from './who-is-told.ts';

/** Days before a review is due, or an attestation ends, at which somebody is told. */
const MARKS_DAYS = { review: [30, 7, 0], attestation: [60, 30, 0] } as const;
/** What ended longer ago than that is history that came in by an import, not news. */
const LATE_DAYS = 30;

/** One row for the nearest mark that was reached and has none yet, and a letter to each who is told. Returns how many rows. */
export async function makeDueReminders(tx: Tx, today: Day): Promise<number> {
  const [keepers, known] = [await keepersOf(tx), await DueReminder.query(tx)];
  let made = 0;
  for (const due of await dueDates(tx)) {
    const { kind, subprocessor, attestationId, dueOn } = due;
    const daysLeft = daysBetween(today, dueOn);
    const mark = markReached(daysLeft, MARKS_DAYS[kind]);
    if (mark === null || daysLeft < -LATE_DAYS) continue;
    if (known.some((each) => isOf(each, due) && each.days_before <= mark)) continue;
    const { told } = whoIsTold(keepers, subprocessor.owner_id ?? '', mark <= ESCALATION_DAYS);
    const { id } = await DueReminder.query(tx).insert({ subprocessor_id: subprocessor.id, kind, attestation_id: attestationId, due_on: dueOn, days_before: mark, told, made_at: new Date(tx.now) });
    record(tx, { action: 'baa-tracker.reminder.made', target: { type: 'subprocessor', id: subprocessor.id }, detail: { kind, daysBefore: mark, dueOn, told } });
    for (const user of told) await enqueue(tx, MAIL_JOB, { subject: id, user });
    made += 1;
  }
  return made;
}
