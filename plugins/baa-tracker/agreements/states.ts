import type { Tone } from '../vocabulary.ts';

/**
 * The life of an agreement. Whatever is not in this table is refused. `by: 'clock'` happens when its day comes and nobody can do it by hand:
 * that an agreement is in force follows from its signature and its dates, not from a click.
 *
 *   draft → sent → signed → in force → expiring → expired
 *                                  ↘ terminated · superseded
 */
export type Status = 'draft' | 'sent' | 'signed' | 'in_force' | 'expiring' | 'expired' | 'terminated' | 'superseded';
export type By = 'person' | 'clock';

const STEPS: Readonly<Record<Status, Partial<Record<Status, By>>>> = {
  draft: { sent: 'person', terminated: 'person' },
  sent: { draft: 'person', signed: 'person', terminated: 'person' },
  signed: { in_force: 'clock', terminated: 'person' },
  in_force: { expiring: 'clock', expired: 'clock', superseded: 'clock', terminated: 'person' },
  expiring: { in_force: 'clock', expired: 'clock', superseded: 'clock', terminated: 'person' },
  expired: { superseded: 'clock' },
  terminated: {},
  superseded: {},
};

export function mayStep(from: Status, to: Status, by: By): boolean {
  return STEPS[from][to] === by;
}

/** What a person may do next. */
export function stepsOf(from: Status): Status[] {
  return (Object.entries(STEPS[from]) as [Status, By][]).filter(([, by]) => by === 'person').map(([to]) => to);
}

export const STATUSES = Object.keys(STEPS) as Status[];
/** Terms are fixed by signing; what changes later is a new agreement that supersedes this one. */
export const OPEN_FOR_EDITS: readonly Status[] = ['draft', 'sent'];
/** Signed and not over. */
export const RUNNING: readonly Status[] = ['in_force', 'expiring'];
export const ENDED: readonly Status[] = ['expired', 'terminated', 'superseded'];

export const STATUS_WORDS: Readonly<Record<Status, string>> = { draft: 'draft', sent: 'sent', signed: 'signed', in_force: 'in force', expiring: 'expiring', expired: 'expired', terminated: 'terminated', superseded: 'superseded' };
export const STATUS_TONES: Readonly<Record<Status, Tone>> = { draft: null, sent: 'calm', signed: 'calm', in_force: 'good', expiring: 'warn', expired: 'bad', terminated: 'bad', superseded: null };
/** On the button that does it. */
export const STEP_WORDS: Readonly<Partial<Record<Status, string>>> = { sent: 'Mark as sent', draft: 'Back to draft', signed: 'Mark as signed', terminated: 'Terminate' };
