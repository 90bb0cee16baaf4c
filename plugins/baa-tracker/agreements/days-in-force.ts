import { addDays, addMonths, type Day } from '../calendar-days.ts';
import type { Agreement } from '../models.ts';
import { COVERS_PHI } from '../vocabulary.ts';

/** Days before a decision is due at which somebody is told. */
export const MARKS_DAYS = [90, 60, 30, 7, 0] as const;
export const EXPIRING_DAYS = MARKS_DAYS[0];

type Terms = Pick<Agreement, 'status' | 'effective_on' | 'expires_on' | 'renewal_months' | 'notice_days' | 'ended_on'>;

/** The last day on which something can still be decided: of giving notice where it renews itself, of signing a successor where it does not. */
export function decideBy({ expires_on, renewal_months, notice_days }: Terms): Day | null {
  if (expires_on === null) return null;
  return renewal_months === null ? expires_on : addDays(expires_on, -notice_days);
}

/** Its present end where it renews itself and `today` lies past the end that is written down: renewal happens without anybody's doing. */
export function renewedUntil({ expires_on, renewal_months }: Terms, today: Day): Day | null {
  if (expires_on === null || renewal_months === null) return expires_on;
  let until = expires_on;
  for (let turns = 1; until < today; turns++) until = addMonths(expires_on, renewal_months * turns);
  return until;
}

/** First and last day on which it was, is or will be in force, both included; `null` as last: without an end. Null: it was never signed. */
export function daysInForce(agreement: Terms, today: Day): { readonly from: Day; readonly to: Day | null } | null {
  const { status, effective_on: from, ended_on } = agreement;
  if (status === 'draft' || status === 'sent') return null;
  if (ended_on !== null) return ended_on < from ? null : { from, to: ended_on };
  if (status === 'terminated') return null;
  return { from, to: renewedUntil(agreement, today) };
}

/** By its dates, whether or not the clock's job has already written down what they say. */
export function isInForce(agreement: Terms, today: Day): boolean {
  if (agreement.status === 'terminated') return false; // at once, though its last day is today
  const days = daysInForce(agreement, today);
  return days !== null && days.from <= today && (days.to === null || today <= days.to);
}

/** Lets its other side have patients' data today. */
export function coversPhi(agreement: Terms & Pick<Agreement, 'kind'>, today: Day): boolean {
  return COVERS_PHI.includes(agreement.kind) && isInForce(agreement, today);
}
