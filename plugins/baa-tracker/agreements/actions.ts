import { authorize, fault, Joi, record, type Tx } from '../../../core/plugin.ts';
import { todayOf, type Day } from '../calendar-days.ts';
import { codes, day, id, line, paragraph, version } from '../form.ts';
import { Agreement, AgreementDocument, Transition } from '../models.ts';
import { personOf, requireKeeper } from '../people.ts';
import { reachSubprocessor } from '../subprocessors/actions.ts';
import { AGREEMENT_KINDS, type AgreementKind } from '../vocabulary.ts';
import { advance, writeStep } from './advance.ts';
import { mayStep, OPEN_FOR_EDITS, type Status } from './states.ts';

export type AgreementForm = {
  kind: AgreementKind; title: string; ourParty: string; theirParty: string; ourSignatory?: string; theirSignatory?: string; effectiveOn: Day; expiresOn?: Day; renewalMonths?: number; noticeDays: number;
  breachNoticeHours?: number; securityIncidentHours?: number; accessRequestDays?: number; dataReturnDays?: number; terms?: string; ownerId: string; supersedesId?: string;
};
const count = (min: number, max: number) => Joi.number().integer().min(min).max(max);
export const agreementForm = Joi.object<AgreementForm>({
  kind: codes(AGREEMENT_KINDS).required(), title: line(160).required(), ourParty: line(160).required(), theirParty: line(160).required(), ourSignatory: line(160), theirSignatory: line(160),
  effectiveOn: day.required(), expiresOn: day, renewalMonths: count(1, 120), noticeDays: count(0, 730).default(0),
  // 45 CFR 164.410(b): without unreasonable delay and no later than 60 days, which is 1,440 hours; contracts say less.
  breachNoticeHours: count(1, 1440), securityIncidentHours: count(1, 1440), accessRequestDays: count(1, 365), dataReturnDays: count(0, 730),
  terms: paragraph(8000), ownerId: id.required(), supersedesId: id,
});
export type AgreementChange = AgreementForm & { version: number };
export const agreementChange = agreementForm.append<AgreementChange>({ version });

export type StepForm = { to: Status; note?: string; confirmed?: 'yes' };
export const stepForm = Joi.object<StepForm>({ to: Joi.string().valid('draft', 'sent', 'signed', 'terminated').required(), note: paragraph(2000), confirmed: Joi.string().valid('yes') });

const CONCLUDING: readonly Status[] = ['signed', 'terminated'];

/** @throws Fault baa-tracker.subprocessor.not_found · request.invalid */
export async function draftAgreement(tx: Tx, subprocessorId: string, form: AgreementForm): Promise<string> {
  authorize(tx, 'baa-tracker.register.write', { type: 'subprocessor', id: subprocessorId });
  await reachSubprocessor(tx, subprocessorId);
  await check(tx, form, subprocessorId);
  const { id: agreementId } = await Agreement.query(tx).insert({ subprocessor_id: subprocessorId, status: 'draft', ...columnsOf(form) });
  await Transition.query(tx).insert({ agreement_id: agreementId, number: 1, from_status: null, to_status: 'draft', by_id: tx.scope.actor.kind === 'user' ? tx.scope.actor.id : null, by_name: tx.scope.actor.name ?? 'The system', at: new Date(tx.now), note: null });
  record(tx, { action: 'baa-tracker.agreement.drafted', target: { type: 'agreement', id: agreementId }, detail: { kind: form.kind, subprocessorId, effectiveOn: form.effectiveOn, expiresOn: form.expiresOn ?? null } });
  return agreementId;
}

/** Terms while it is not signed; afterwards its owner alone. @throws Fault baa-tracker.agreement.not_found · baa-tracker.agreement.fixed · request.stale · request.invalid */
export async function changeAgreement(tx: Tx, agreementId: string, form: AgreementChange): Promise<void> {
  authorize(tx, 'baa-tracker.register.write', { type: 'agreement', id: agreementId });
  const before = await holdAgreement(tx, agreementId); // whoever signs it at this moment comes before or after
  if (before.version !== form.version) throw fault('request.stale');
  await check(tx, form, before.subprocessor_id, agreementId);
  const columns = columnsOf(form);
  const changed = (Object.keys(columns) as (keyof typeof columns)[]).filter((name) => before[name] !== columns[name]);
  if (changed.length === 0) return;
  if (!OPEN_FOR_EDITS.includes(before.status) && changed.some((name) => name !== 'owner_id')) throw fault('baa-tracker.agreement.fixed');
  await before.$query(tx).patch({ ...columns, version: before.version + 1, updated_at: new Date(tx.now) } as Partial<Agreement>);
  record(tx, { action: 'baa-tracker.agreement.changed', target: { type: 'agreement', id: agreementId }, detail: { fields: changed } });
}

/**
 * What a person may do to an agreement's state. Signing needs the signed document and both signatories, and brings it into force when its day
 * has come. A second factor confirmed just now is asked for where plugins' permission to run changes.
 * @throws Fault baa-tracker.agreement.not_found · baa-tracker.agreement.step_refused · baa-tracker.agreement.unsigned · access.step_up_required
 */
export async function stepAgreement(tx: Tx, agreementId: string, { to, note }: StepForm): Promise<Status> {
  const target = { type: 'agreement', id: agreementId };
  authorize(tx, CONCLUDING.includes(to) ? 'baa-tracker.agreement.conclude' : 'baa-tracker.register.write', target);
  personOf(tx);
  const agreement = await holdAgreement(tx, agreementId);
  if (!mayStep(agreement.status, to, 'person')) throw fault('baa-tracker.agreement.step_refused', { refused: { action: 'baa-tracker.agreement.step_refused', target, detail: { from: agreement.status, to } } });
  if (to === 'signed') await requireSigned(tx, agreement);
  const { today } = await todayOf(tx);
  const wasRunning = agreement.status === 'in_force' || agreement.status === 'expiring';
  await writeStep(tx, agreement, to, 'person', to === 'terminated' && wasRunning ? { ended_on: today } : {}, note ?? null);
  if (to === 'signed') await advance(tx, today, agreementId);
  return (await reachAgreement(tx, agreementId)).status;
}

/** @throws Fault baa-tracker.agreement.not_found, also for one of another workspace */
export async function reachAgreement(tx: Tx, agreementId: string): Promise<Agreement> {
  return (await Agreement.query(tx).findById(agreementId)) ?? notFound();
}

async function holdAgreement(tx: Tx, agreementId: string): Promise<Agreement> {
  return (await Agreement.query(tx).findById(agreementId).forUpdate()) ?? notFound();
}

function notFound(): never {
  throw fault('baa-tracker.agreement.not_found');
}

async function requireSigned(tx: Tx, { id: agreementId, our_signatory, their_signatory }: Agreement): Promise<void> {
  const document = await AgreementDocument.query(tx).where({ agreement_id: agreementId, kind: 'signed' }).first();
  if (document === undefined || our_signatory === null || their_signatory === null) throw fault('baa-tracker.agreement.unsigned');
}

async function check(tx: Tx, form: AgreementForm, subprocessorId: string, self: string | null = null): Promise<void> {
  const { effectiveOn, expiresOn, renewalMonths, supersedesId } = form;
  const wrong = (path: string, text: string) => fault('request.invalid', { fields: [{ path, text }] });
  await requireKeeper(tx, form.ownerId);
  if (expiresOn !== undefined && expiresOn < effectiveOn) throw wrong('expiresOn', 'it ends before it begins');
  if (renewalMonths !== undefined && expiresOn === undefined) throw wrong('expiresOn', 'what renews itself has a first end');
  if (supersedesId === undefined) return;
  const before = await Agreement.query(tx).findById(supersedesId);
  if (before === undefined || before.subprocessor_id !== subprocessorId || before.id === self) throw wrong('supersedesId', 'choose an agreement with the same subprocessor');
}

function columnsOf(form: AgreementForm) {
  return {
    kind: form.kind, title: form.title, our_party: form.ourParty, their_party: form.theirParty, our_signatory: form.ourSignatory ?? null, their_signatory: form.theirSignatory ?? null,
    effective_on: form.effectiveOn, expires_on: form.expiresOn ?? null, renewal_months: form.renewalMonths ?? null, notice_days: form.noticeDays,
    breach_notice_hours: form.breachNoticeHours ?? null, security_incident_hours: form.securityIncidentHours ?? null, access_request_days: form.accessRequestDays ?? null, data_return_days: form.dataReturnDays ?? null,
    terms: form.terms ?? null, owner_id: form.ownerId, supersedes_id: form.supersedesId ?? null,
  };
}
