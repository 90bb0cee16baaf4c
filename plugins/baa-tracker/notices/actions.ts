import { authorize, enqueue, fault, Joi, record, type Tx } from '../../../core/plugin.ts';
import type { Day } from '../calendar-days.ts';
import { codes, day, paragraph } from '../form.ts';
import { Notice } from '../models.ts';
import { keepersOf, personOf } from '../people.ts';
import { MAIL_JOB } from '../reminders/mail.ts';
import { whoIsTold } from '../reminders/who-is-told.ts';
import { reachSubprocessor } from '../subprocessors/actions.ts';
import { CHANGES, type Change } from '../vocabulary.ts';

/** Advance notice by a subprocessor that it will change whom it hands data on to, or where it lies; the practice takes note or objects. */
export type NoticeForm = { change: Change; description: string; receivedOn: Day; effectiveOn: Day };
export const noticeForm = Joi.object<NoticeForm>({ change: codes(CHANGES).required(), description: paragraph(4000).required(), receivedOn: day.required(), effectiveOn: day.required() });

export type DecisionForm = { decision: 'acknowledged' | 'objected'; decisionNote?: string };
export const decisionForm = Joi.object<DecisionForm>({ decision: Joi.string().valid('acknowledged', 'objected').required(), decisionNote: paragraph(4000).when('decision', { is: 'objected', then: Joi.required().messages({ 'any.required': 'say what you object to' }) }) });

/** @throws Fault baa-tracker.subprocessor.not_found */
export async function recordNotice(tx: Tx, subprocessorId: string, { change, description, receivedOn, effectiveOn }: NoticeForm): Promise<string> {
  authorize(tx, 'baa-tracker.register.write', { type: 'subprocessor', id: subprocessorId });
  const person = personOf(tx);
  const { owner_id } = await reachSubprocessor(tx, subprocessorId);
  const { id } = await Notice.query(tx).insert({ subprocessor_id: subprocessorId, change, description, received_on: receivedOn, effective_on: effectiveOn, status: 'open', recorded_by: person.id, recorder_name: person.name });
  record(tx, { action: 'baa-tracker.notice.recorded', target: { type: 'subprocessor', id: subprocessorId }, detail: { noticeId: id, change, receivedOn, effectiveOn } });
  for (const user of whoIsTold(await keepersOf(tx), owner_id ?? '', true).told) await enqueue(tx, MAIL_JOB, { subject: id, user });
  return id;
}

/** @throws Fault baa-tracker.notice.not_found · baa-tracker.notice.decided */
export async function decideNotice(tx: Tx, noticeId: string, { decision, decisionNote }: DecisionForm): Promise<string> {
  const target = { type: 'notice', id: noticeId };
  authorize(tx, 'baa-tracker.register.write', target);
  const person = personOf(tx);
  const notice = await Notice.query(tx).findById(noticeId).forUpdate();
  if (notice === undefined) throw fault('baa-tracker.notice.not_found');
  if (notice.status !== 'open') throw fault('baa-tracker.notice.decided');
  await notice.$query(tx).patch({ status: decision, decided_by: person.id, decider_name: person.name, decided_at: new Date(tx.now), decision_note: decisionNote ?? null } as Partial<Notice>);
  record(tx, { action: 'baa-tracker.notice.decided', target, detail: { decision, subprocessorId: notice.subprocessor_id } });
  return notice.subprocessor_id;
}
