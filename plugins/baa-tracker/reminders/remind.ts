import { authorize, enqueue, fault, record, type PluginDeps, type Scope, type Tx } from '../../../core/plugin.ts';
import { advance } from '../agreements/advance.ts';
import { decideBy } from '../agreements/days-in-force.ts';
import { RUNNING } from '../agreements/states.ts';
import { daysBetween, todayOf, type Day } from '../calendar-days.ts';
import { Agreement, Reminder } from '../models.ts';
import { keepersOf, personOf } from '../people.ts';
import { makeDueReminders } from './due-reminders.ts';
import { MAIL_JOB } from './mail.ts';
import { ESCALATION_DAYS, markReached, whoIsTold } from './who-is-told.ts';

/**
 * The daily look: agreements step to where their dates say, marks that were reached become reminders, and letters go into the queue. Reminders
 * are rows first, so that the dashboard shows what no mail server would take.
 */
export async function remind(deps: PluginDeps, scope: Scope): Promise<void> {
  await deps.withWorkspace(scope, async (tx) => {
    const { today } = await todayOf(tx);
    await advance(tx, today);
    await makeReminders(tx, today);
    await makeDueReminders(tx, today);
  });
}

/** One row for the nearest mark that was reached and has none yet; marks passed before anyone looked are not made up for one by one. Returns how many rows. */
export async function makeReminders(tx: Tx, today: Day): Promise<number> {
  const keepers = await keepersOf(tx);
  const known = await Reminder.query(tx);
  let made = 0;
  for (const agreement of await Agreement.query(tx).whereIn('status', [...RUNNING])) {
    const due = decideBy(agreement);
    if (due === null || due < today) continue;
    const mark = markReached(daysBetween(today, due));
    const earlier = known.filter((each) => each.agreement_id === agreement.id && each.decide_by === due);
    if (mark === null || earlier.some((each) => each.days_before <= mark)) continue;
    const isUnseen = earlier.length > 0 && earlier.every((each) => each.acknowledged_at === null);
    const { told, isEscalated } = whoIsTold(keepers, agreement.owner_id, mark <= ESCALATION_DAYS || isUnseen);
    const { id } = await Reminder.query(tx).insert({ agreement_id: agreement.id, decide_by: due, days_before: mark, told, is_escalated: isEscalated, made_at: new Date(tx.now) });
    record(tx, { action: 'baa-tracker.reminder.made', target: { type: 'agreement', id: agreement.id }, detail: { daysBefore: mark, decideBy: due, told, escalated: isEscalated } });
    for (const user of told) await enqueue(tx, MAIL_JOB, { subject: id, user });
    made += 1;
  }
  return made;
}

/** "I have seen this": of every reminder for the same day. @throws Fault baa-tracker.reminder.not_found */
export async function acknowledgeReminders(tx: Tx, agreementId: string): Promise<void> {
  const target = { type: 'agreement', id: agreementId };
  authorize(tx, 'baa-tracker.register.write', target);
  const person = personOf(tx);
  const open = await Reminder.query(tx).where({ agreement_id: agreementId }).whereNull('acknowledged_at').orderBy('days_before', 'desc');
  if (open.length === 0) throw fault('baa-tracker.reminder.not_found');
  await Reminder.query(tx).whereIn('id', open.map(({ id }) => id)).patch({ acknowledged_by: person.id, acknowledger_name: person.name, acknowledged_at: new Date(tx.now) });
  record(tx, { action: 'baa-tracker.reminder.acknowledged', target, detail: { marks: open.map(({ days_before }) => days_before) } });
}

