import { MARKS_DAYS } from '../agreements/days-in-force.ts';
import type { Keeper } from '../people.ts';

/** From here on, and when nobody has seen the reminder before, the security officers hear of it too. */
export const ESCALATION_DAYS = 7;

/** The mark that `daysLeft` stands at or below: 64 days is the mark of 90. */
export function markReached(daysLeft: number, marks: readonly number[] = MARKS_DAYS): number | null {
  return [...marks].reverse().find((mark) => daysLeft <= mark) ?? null;
}

/** An owner who left is replaced by the officers; without an officer every administrator hears of it. */
export function whoIsTold(keepers: readonly Keeper[], ownerId: string, escalate: boolean): { told: string[]; isEscalated: boolean } {
  const owner = keepers.find(({ id }) => id === ownerId);
  if (owner !== undefined && !escalate) return { told: [owner.id], isEscalated: false };
  const officers = keepers.filter(({ isOfficer }) => isOfficer);
  const others = officers.length > 0 ? officers : keepers;
  return { told: [...new Set([...(owner === undefined ? [] : [owner.id]), ...others.map(({ id }) => id)])], isEscalated: true };
}
