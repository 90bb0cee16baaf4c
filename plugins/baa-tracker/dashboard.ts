import { can, type Fragment, type Health, type Tx } from '../../core/plugin.ts';
import { decideBy } from './agreements/days-in-force.ts';
import { daysBetween, todayOf } from './calendar-days.ts';
import { Agreement, Notice, Reminder, Subprocessor } from './models.ts';
import { readRegister, standingOf } from './register/read-register.ts';

/** What waits for somebody, for those who keep the register; nothing for others, nor while everything is in order. */
export async function dashboardCard(tx: Tx): Promise<Fragment | null> {
  if (!can(tx.scope.actor, 'baa-tracker.register.read')) return null;
  const register = await readRegister(tx);
  const due = register.openReminders.filter(({ agreement_id }, at, all) => all.findIndex((other) => other.agreement_id === agreement_id) === at).flatMap(({ agreement_id, decide_by }) => {
    const agreement = register.agreements.find(({ id }) => id === agreement_id);
    return agreement === undefined ? [] : [{ id: agreement_id, title: agreement.title, daysLeft: daysBetween(register.today, decide_by), isMine: agreement.owner_id === tx.scope.actor.id }];
  });
  const missing = register.subprocessors.filter((each) => standingOf(register, each) === 'missing').map(({ id, name }) => ({ id, name }));
  const notices = register.openNotices.length;
  return due.length + missing.length + notices === 0 ? null : { title: 'Agreements', template: 'baa-tracker/dashboard', context: { due, missing, notices } };
}

export async function health(tx: Tx): Promise<Health> {
  const { today } = await todayOf(tx);
  const [agreements, subprocessors, reminders, notices] = await Promise.all([Agreement.query(tx).whereIn('status', ['in_force', 'expiring']), Subprocessor.query(tx).where({ in_use: true }), Reminder.query(tx).whereNull('acknowledged_at').resultSize(), Notice.query(tx).where({ status: 'open' }).resultSize()]);
  const late = subprocessors.filter(({ next_review_on }) => next_review_on < today).length;
  const near = agreements.filter((agreement) => { const due = decideBy(agreement); return due !== null && daysBetween(today, due) <= 30; }).length;
  return { ok: near === 0 && late === 0, text: `${count(agreements.length, 'agreement')} in force, ${near} to be decided within 30 days, ${count(late, 'review')} overdue, ${count(reminders, 'reminder')} and ${count(notices, 'notice')} open.` };
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
