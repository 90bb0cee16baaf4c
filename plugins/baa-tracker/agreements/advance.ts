import { agreementsChanged, record, type Tx } from '../../../core/plugin.ts';
import { addDays, type Day } from '../calendar-days.ts';
import { Agreement, Transition } from '../models.ts';
import { decideBy, EXPIRING_DAYS, isInForce, renewedUntil } from './days-in-force.ts';
import { mayStep, RUNNING, type By, type Status } from './states.ts';

const OPEN: readonly Status[] = ['signed', 'in_force', 'expiring', 'expired'];

/** Writes one step of an agreement's life: who, when, from what to what. The caller has made sure that it may be taken. */
export async function writeStep(tx: Tx, agreement: Agreement, to: Status, by: By, change: Partial<Agreement> = {}, note: string | null = null): Promise<Agreement> {
  const { status: from, id } = agreement;
  if (!mayStep(from, to, by)) throw new RangeError(`No ${by} takes an agreement from ${from} to ${to}.`);
  const at = new Date(tx.now);
  const { actor } = tx.scope;
  await agreement.$query(tx).patch({ ...change, status: to, version: agreement.version + 1, updated_at: at } as Partial<Agreement>);
  await Transition.query(tx).insert({ agreement_id: id, number: agreement.version + 1, from_status: from, to_status: to, by_id: actor.kind === 'user' ? actor.id : null, by_name: actor.name ?? 'The system', at, note });
  record(tx, { action: 'baa-tracker.agreement.moved', target: { type: 'agreement', id }, detail: { from, to, by } });
  await agreementsChanged(tx);
  return Object.assign(agreement, change, { status: to, version: agreement.version + 1, updated_at: at });
}

/** Takes every step whose day has come, for one agreement or all. Returns how many. Safe to repeat. */
export async function advance(tx: Tx, today: Day, agreementId?: string): Promise<number> {
  const query = Agreement.query(tx).whereIn('status', [...OPEN]).orderBy(['effective_on', 'id']).forUpdate();
  if (agreementId !== undefined) query.where({ id: agreementId });
  let steps = 0;
  for (const agreement of await query) {
    for (let next = await nextStep(tx, agreement, today); next !== null; next = await nextStep(tx, agreement, today)) {
      await next();
      steps += 1;
    }
  }
  return steps;
}

async function nextStep(tx: Tx, agreement: Agreement, today: Day): Promise<(() => Promise<unknown>) | null> {
  const { status, effective_on, expires_on } = agreement;
  if (status === 'signed') return effective_on <= today ? () => begin(tx, agreement, today) : null;
  if (!RUNNING.includes(status)) return null;
  if (expires_on === null) return null;
  const until = renewedUntil(agreement, today) as Day;
  if (until !== expires_on) return () => renew(tx, agreement, until);
  if (expires_on < today) return () => writeStep(tx, agreement, 'expired', 'clock', { ended_on: expires_on });
  const isNear = today >= addDays(decideBy(agreement) as Day, -EXPIRING_DAYS);
  if (isNear && status === 'in_force') return () => writeStep(tx, agreement, 'expiring', 'clock');
  if (!isNear && status === 'expiring') return () => writeStep(tx, agreement, 'in_force', 'clock');
  return null;
}

/** Comes into force, and takes the place of the one it was made to follow. */
async function begin(tx: Tx, agreement: Agreement, today: Day): Promise<void> {
  await writeStep(tx, agreement, 'in_force', 'clock');
  if (agreement.supersedes_id === null) return;
  const before = await Agreement.query(tx).findById(agreement.supersedes_id).forUpdate();
  if (before === undefined || !mayStep(before.status, 'superseded', 'clock')) return;
  const lastDay = addDays(agreement.effective_on, -1);
  const endedOn = before.ended_on ?? (isInForce(before, today) ? lastDay : before.expires_on ?? lastDay);
  await writeStep(tx, before, 'superseded', 'clock', { ended_on: endedOn < lastDay ? endedOn : lastDay });
}

/** An automatic renewal is the contract's doing; it is written down and on the record. */
async function renew(tx: Tx, agreement: Agreement, until: Day): Promise<void> {
  const before = agreement.expires_on;
  await agreement.$query(tx).patch({ expires_on: until, version: agreement.version + 1, updated_at: new Date(tx.now) } as Partial<Agreement>);
  record(tx, { action: 'baa-tracker.agreement.renewed', target: { type: 'agreement', id: agreement.id }, detail: { expiresOn: { from: before, to: until } } });
  Object.assign(agreement, { expires_on: until, version: agreement.version + 1 });
}
