import { authorize, fault, record, type PluginDeps, type Scope, type Tx } from '../../../core/plugin.ts';
import { advance } from '../agreements/advance.ts';
import { decideBy, MARKS_DAYS } from '../agreements/days-in-force.ts';
import { RUNNING } from '../agreements/states.ts';
import { daysBetween, todayOf, type Day } from '../calendar-days.ts';
import { Agreement, Reminder } from '../models.ts';
import { keepersOf, personOf, type Keeper } from '../people.ts';

/** From here on, and when nobody has seen the reminder before, the security officers hear of it too. */
const ESCALATION_DAYS = 7;

type Letter = { readonly userId: string; readonly agreementId: string; readonly daysLeft: number };

/**
 * The daily look: agreements step to where their dates say, marks that were reached become reminders, and people are told. Reminders are rows
 * first and mails afterwards, so that the dashboard shows what no mail server would take.
 */
export async function remind(deps: PluginDeps, scope: Scope): Promise<void> {
  const letters = await deps.withWorkspace(scope, async (tx) => {
    const { today } = await todayOf(tx);
    await advance(tx, today);
    return makeReminders(tx, today);
  });
  let failed: unknown = null;
  for (const { userId, agreementId, daysLeft } of letters) {
    // One refused mailbox must not keep the others from hearing of it; the queue does not try again, since the rows are made.
    await deps.remind(scope, userId, { daysLeft, path: `/agreements/${agreementId}` }).catch((error: unknown) => { failed = error; });
  }
  if (failed !== null) deps.log.warn('A reminder could not be mailed; it stands on the dashboard', { workspaceId: scope.workspaceId, err: failed });
}

/** One row for the nearest mark that was reached and has none yet; marks passed before anyone looked are not made up for one by one. */
export async function makeReminders(tx: Tx, today: Day): Promise<Letter[]> {
  const keepers = await keepersOf(tx);
  const known = await Reminder.query(tx);
  const letters: Letter[] = [];
  for (const agreement of await Agreement.query(tx).whereIn('status', [...RUNNING])) {
    const due = decideBy(agreement);
    if (due === null || due < today) continue;
    const mark = markReached(daysBetween(today, due));
    const earlier = known.filter((each) => each.agreement_id === agreement.id && each.decide_by === due);
    if (mark === null || earlier.some((each) => each.days_before <= mark)) continue;
    const isUnseen = earlier.length > 0 && earlier.every((each) => each.acknowledged_at === null);
    const { told, isEscalated } = whoIsTold(keepers, agreement.owner_id, mark <= ESCALATION_DAYS || isUnseen);
    await Reminder.query(tx).insert({ agreement_id: agreement.id, decide_by: due, days_before: mark, told, is_escalated: isEscalated, made_at: new Date(tx.now) });
    record(tx, { action: 'baa-tracker.reminder.made', target: { type: 'agreement', id: agreement.id }, detail: { daysBefore: mark, decideBy: due, told, escalated: isEscalated } });
    letters.push(...told.map((userId) => ({ userId, agreementId: agreement.id, daysLeft: daysBetween(today, due) })));
  }
  return letters;
}

/** The mark that `daysLeft` stands at or below: 64 days is the mark of 90. */
export function markReached(daysLeft: number): number | null {
  return [...MARKS_DAYS].reverse().find((mark) => daysLeft <= mark) ?? null;
}

/** An owner who left is replaced by the officers; without an officer every administrator hears of it. */
export function whoIsTold(keepers: readonly Keeper[], ownerId: string, escalate: boolean): { told: string[]; isEscalated: boolean } {
  const owner = keepers.find(({ id }) => id === ownerId);
  if (owner !== undefined && !escalate) return { told: [owner.id], isEscalated: false };
  const officers = keepers.filter(({ isOfficer }) => isOfficer);
  const others = officers.length > 0 ? officers : keepers;
  return { told: [...new Set([...(owner === undefined ? [] : [owner.id]), ...others.map(({ id }) => id)])], isEscalated: true };
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

