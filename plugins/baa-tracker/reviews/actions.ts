import { authorize, Joi, record, type Tx } from '../../../core/plugin.ts';
import { addMonths, todayOf } from '../calendar-days.ts';
import { codes, paragraph } from '../form.ts';
import { Review, Subprocessor } from '../models.ts';
import { personOf } from '../people.ts';
import { reachSubprocessor } from '../subprocessors/actions.ts';
import { OUTCOMES, type Outcome } from '../vocabulary.ts';

/** The yearly look at a subprocessor (45 CFR 164.308(a)(8), (b)(1)), signed off by a person whose second factor was confirmed just now. */
export type ReviewForm = { outcome: Outcome; findings: string };
export const reviewForm = Joi.object<ReviewForm>({ outcome: codes(OUTCOMES).required(), findings: paragraph(8000).required() });

const REVIEW_MONTHS = 12;

/** @throws Fault baa-tracker.subprocessor.not_found · access.step_up_required */
export async function signReview(tx: Tx, subprocessorId: string, { outcome, findings }: ReviewForm): Promise<void> {
  const target = { type: 'subprocessor', id: subprocessorId };
  authorize(tx, 'baa-tracker.review.sign', target);
  const person = personOf(tx);
  const subprocessor = await reachSubprocessor(tx, subprocessorId);
  const { today } = await todayOf(tx);
  const next = addMonths(today, REVIEW_MONTHS);
  await Review.query(tx).insert({ subprocessor_id: subprocessorId, outcome, findings, signed_by: person.id, signer_name: person.name, signed_at: new Date(tx.now), next_review_on: next });
  await subprocessor.$query(tx).patch({ next_review_on: next, version: subprocessor.version + 1, updated_at: new Date(tx.now) } as Partial<Subprocessor>);
  record(tx, { action: 'baa-tracker.review.signed', target, detail: { outcome, nextReviewOn: next } });
}
