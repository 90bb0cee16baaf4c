import type { Agreement as Answer, Tx } from '../../../core/plugin.ts';
import { addDays, startOfDay, todayOf } from '../calendar-days.ts';
import { Agreement, Subprocessor } from '../models.ts';
import { coversPhi, daysInForce } from './days-in-force.ts';

/** The register's answer to the host: is there an agreement with this subprocessor under which it may have patients' data, and until when? */
export async function answerAgreement(tx: Tx, { subprocessor }: { readonly subprocessor: string }): Promise<Answer | null> {
  const found = await Subprocessor.query(tx).whereRaw('lower(name) = lower(?)', [subprocessor.trim()]).first();
  if (found === undefined) return null;
  const { zone, today } = await todayOf(tx);
  const inForce = (await Agreement.query(tx).where({ subprocessor_id: found.id })).filter((agreement) => coversPhi(agreement, today));
  if (inForce.length === 0) return { inForce: false, until: null };
  const ends = inForce.map((agreement) => (agreement.renewal_months === null ? (daysInForce(agreement, today)?.to ?? null) : null));
  const last = ends.includes(null) ? null : (ends as string[]).sort().at(-1) as string;
  return { inForce: true, until: last === null ? null : startOfDay(zone, addDays(last, 1)) };
}
