import { record, type Obligation, type Tx } from '../../../core/plugin.ts';
import { todayOf } from '../calendar-days.ts';
import { Agreement, Subprocessor } from '../models.ts';
import { coversPhi } from './days-in-force.ts';

const HOUR_MS = 3600_000;

type Incident = { readonly discoveredAt: Date; /** By its name in the register; null: everybody. */ readonly subprocessor: string | null };

/**
 * The clocks that began to run when an incident was discovered (45 CFR 164.410(a)(2): known, or would have been with reasonable diligence), of
 * agreements in force, the earliest first. On the record; who may ask is the caller's to say.
 */
export async function obligationsOf(tx: Tx, { discoveredAt, subprocessor }: Incident): Promise<Obligation[]> {
  const { today } = await todayOf(tx);
  const names = new Map((await Subprocessor.query(tx)).map(({ id, name }) => [id, name]));
  const wanted = subprocessor?.trim().toLowerCase();
  const running = (await Agreement.query(tx)).filter((agreement) => coversPhi(agreement, today) && (wanted === undefined || names.get(agreement.subprocessor_id)?.toLowerCase() === wanted));
  const items = running.flatMap((agreement) => ([['breach_notice', agreement.breach_notice_hours], ['security_incident_notice', agreement.security_incident_hours]] as const).flatMap(([obligation, hours]): Obligation[] => (hours === null ? [] : [
    { agreementId: agreement.id, subprocessor: names.get(agreement.subprocessor_id) ?? '', obligation, hours, dueAt: new Date(discoveredAt.getTime() + hours * HOUR_MS) },
  ])));
  record(tx, { action: 'baa-tracker.obligations.read', detail: { clocks: items.length } });
  return items.sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime());
}
