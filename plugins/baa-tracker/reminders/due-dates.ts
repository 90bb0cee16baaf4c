import type { Tx } from '../../../core/plugin.ts';
import type { Day } from '../calendar-days.ts';
import { Attestation, Subprocessor, type DueReminder } from '../models.ts';

export type Due = { readonly kind: 'review' | 'attestation'; readonly subprocessor: Subprocessor; readonly attestationId: string | null; readonly dueOn: Day };

/** The next review of everybody in use, and the end of each kind of attestation they last gave. */
export async function dueDates(tx: Tx): Promise<Due[]> {
  const subprocessors = await Subprocessor.query(tx).where({ in_use: true }).orderBy('id');
  const attestations = await Attestation.query(tx).orderBy('issued_on', 'desc');
  return subprocessors.flatMap((subprocessor): Due[] => {
    const own = attestations.filter(({ subprocessor_id }) => subprocessor_id === subprocessor.id);
    const last = own.filter((each, at) => own.findIndex(({ kind }) => kind === each.kind) === at);
    return [
      { kind: 'review', subprocessor, attestationId: null, dueOn: subprocessor.next_review_on },
      ...last.flatMap(({ id, expires_on }): Due[] => (expires_on === null ? [] : [{ kind: 'attestation', subprocessor, attestationId: id, dueOn: expires_on }])),
    ];
  });
}

/** Whether a reminder is of this very day of this very review or attestation. */
export function isOf(reminder: DueReminder, { subprocessor, attestationId, dueOn }: Due): boolean {
  return reminder.subprocessor_id === subprocessor.id && reminder.attestation_id === attestationId && reminder.due_on === dueOn;
}
