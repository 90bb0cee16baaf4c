import { claim, loadedPlugins, notApplicable, verdict, type Claim, type Tx } from '../../core/plugin.ts';
import { answerAgreement } from './agreements/answer.ts';
import { decideBy } from './agreements/days-in-force.ts';
import { daysBetween, todayOf } from './calendar-days.ts';
import { Agreement, Reminder, Subprocessor } from './models.ts';
import { markReached } from './reminders/who-is-told.ts';

/** Everyone who is handed patients' data: by a plugin that is on, or by what the inventory says. */
async function receivers(tx: Tx): Promise<string[]> {
  const byPlugins = (await loadedPlugins(tx)).filter(({ isOn, phi }) => isOn && phi !== 'none').flatMap(({ subprocessors }) => subprocessors.map(({ name }) => name));
  const byInventory = (await Subprocessor.query(tx).where({ in_use: true }).whereNot({ phi_class: 'none' })).map(({ name }) => name);
  const known = new Map([...byPlugins, ...byInventory].map((name) => [name.toLowerCase(), name]));
  return [...known.values()].sort();
}

export const BAA_CLAIMS: readonly Claim[] = [
  claim({
    id: 'BAA-1', title: 'Nobody has patients’ data without an agreement',
    statement: 'Every subprocessor that a plugin in use hands patients’ data to, and every one the inventory says receives it, is bound by a business associate agreement that is in force today.',
    prove: ({ app, scope }) => app.withWorkspace(scope, async (tx) => {
      const names = await receivers(tx);
      if (names.length === 0) return notApplicable('No plugin in use and nobody in the inventory receives patients’ data.');
      const answers = await Promise.all(names.map((subprocessor) => answerAgreement(tx, { subprocessor })));
      const without = names.filter((_, at) => answers[at]?.inForce !== true);
      return verdict(without.length === 0, { proved: `All ${names.length} receivers of patients’ data are bound by an agreement in force.`, failing: `${without.length} of ${names.length} receivers of patients’ data have no agreement in force.` }, { receivers: names, without });
    }),
  }),
  claim({
    id: 'BAA-2', title: 'No agreement expires unseen',
    statement: 'Of every agreement whose end or notice day is 90 days away or nearer, somebody was told at the mark that was last reached; of every one that expired, a person said beforehand or since that they had seen it.',
    prove: ({ app, scope }) => app.withWorkspace(scope, async (tx) => {
      const { today } = await todayOf(tx);
      const agreements = await Agreement.query(tx).whereIn('status', ['in_force', 'expiring', 'expired']).whereNotNull('expires_on');
      if (agreements.length === 0) return notApplicable('No agreement with an end is in force or has expired.');
      const reminders = await Reminder.query(tx);
      const untold = agreements.filter((agreement) => !wasSeen(agreement, reminders, today)).map(({ id }) => id);
      return verdict(untold.length === 0, { proved: `${agreements.length} agreements with an end: none came near it unannounced.`, failing: `${untold.length} of ${agreements.length} agreements came near their end, or past it, and nobody was told or has seen it.` }, { agreements: agreements.length, unseen: untold });
    }),
  }),
];

/** The job looks once a day: a mark reached today may still be unannounced, one reached yesterday may not. */
function wasSeen(agreement: Agreement, reminders: readonly Reminder[], today: string): boolean {
  const due = decideBy(agreement) as string;
  const told = reminders.filter((each) => each.agreement_id === agreement.id && each.decide_by === due);
  if (agreement.status === 'expired' || (agreement.renewal_months === null && due < today)) return told.some(({ acknowledged_at }) => acknowledged_at !== null);
  const yesterday = markReached(daysBetween(today, due) + 1);
  return due < today || yesterday === null || told.some(({ days_before }) => days_before <= yesterday);
}
