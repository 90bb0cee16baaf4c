import { authorize, fault, Joi, record, type Tx } from '../../../core/plugin.ts';
import { addMonths, todayOf, type Day } from '../calendar-days.ts';
import { codes, day, id, line, paragraph, ticked, version } from '../form.ts';
import { Attestation, Subprocessor } from '../models.ts';
import { personOf, requireKeeper } from '../people.ts';
import { ATTESTATION_KINDS, DATA_ELEMENTS, PHI_CLASSES, type AttestationKind, type DataElement, type PhiClass } from '../vocabulary.ts';

export type SubprocessorForm = {
  name: string; service: string; purpose: string; phiClass: PhiClass; dataElements: DataElement[]; location: string; contactName?: string; contactEmail?: string; contactPhone?: string; notes?: string;
  isOperator: boolean; inUse: boolean; ownerId?: string;
};
export const subprocessorForm = Joi.object<SubprocessorForm>({
  name: line(120).required(), service: line(120).required(), purpose: line(200).required(), phiClass: codes(PHI_CLASSES).required(),
  dataElements: Joi.array().items(codes(DATA_ELEMENTS)).unique().single().default([]), location: line(120).required(),
  contactName: line(120), contactEmail: line(254).pattern(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'address').messages({ 'string.pattern.name': 'this is no e-mail address' }), contactPhone: line(40), notes: paragraph(4000),
  isOperator: ticked, inUse: Joi.boolean().truthy('yes').falsy('no').default(true), ownerId: id,
});
export type SubprocessorChange = SubprocessorForm & { version: number };
export const subprocessorChange = subprocessorForm.append<SubprocessorChange>({ version });

export type AttestationForm = { kind: AttestationKind; issuer: string; issuedOn: Day; expiresOn?: Day };
export const attestationForm = Joi.object<AttestationForm>({ kind: codes(ATTESTATION_KINDS).required(), issuer: line(120).required(), issuedOn: day.required(), expiresOn: day });

const REVIEW_MONTHS = 12; // the first review is due a year after it came into the register

/** @throws Fault request.invalid */
export async function addSubprocessor(tx: Tx, form: SubprocessorForm): Promise<string> {
  authorize(tx, 'baa-tracker.register.write');
  await check(tx, form, null);
  const { today } = await todayOf(tx);
  const row = await Subprocessor.query(tx).insert({ ...columnsOf(form), next_review_on: addMonths(today, REVIEW_MONTHS) });
  record(tx, { action: 'baa-tracker.subprocessor.added', target: { type: 'subprocessor', id: row.id }, detail: { phiClass: form.phiClass, isOperator: form.isOperator } });
  return row.id;
}

/** @throws Fault baa-tracker.subprocessor.not_found · request.stale · request.invalid */
export async function changeSubprocessor(tx: Tx, subprocessorId: string, form: SubprocessorChange): Promise<void> {
  authorize(tx, 'baa-tracker.register.write', { type: 'subprocessor', id: subprocessorId });
  const before = await reachSubprocessor(tx, subprocessorId);
  if (before.version !== form.version) throw fault('request.stale');
  await check(tx, form, subprocessorId);
  const columns = columnsOf(form);
  const changed = (Object.keys(columns) as (keyof typeof columns)[]).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(columns[name]));
  if (changed.length === 0) return;
  const saved = await before.$query(tx).where({ version: before.version }).patch({ ...columns, version: before.version + 1, updated_at: new Date(tx.now) } as Partial<Subprocessor>);
  if (Number(saved) !== 1) throw fault('request.stale');
  record(tx, { action: 'baa-tracker.subprocessor.changed', target: { type: 'subprocessor', id: subprocessorId }, detail: { fields: changed } });
}

/** @throws Fault baa-tracker.subprocessor.not_found · request.invalid */
export async function addAttestation(tx: Tx, subprocessorId: string, form: AttestationForm): Promise<void> {
  authorize(tx, 'baa-tracker.register.write', { type: 'subprocessor', id: subprocessorId });
  await reachSubprocessor(tx, subprocessorId);
  if (form.expiresOn !== undefined && form.expiresOn < form.issuedOn) throw fault('request.invalid', { fields: [{ path: 'expiresOn', text: 'it ends before it begins' }] });
  await Attestation.query(tx).insert({ subprocessor_id: subprocessorId, kind: form.kind, issuer: form.issuer, issued_on: form.issuedOn, expires_on: form.expiresOn ?? null, recorded_by: personOf(tx).id, recorded_at: new Date(tx.now) });
  record(tx, { action: 'baa-tracker.attestation.added', target: { type: 'subprocessor', id: subprocessorId }, detail: { kind: form.kind, expiresOn: form.expiresOn ?? null } });
}

/** @throws Fault baa-tracker.subprocessor.not_found, also for one of another workspace */
export async function reachSubprocessor(tx: Tx, subprocessorId: string): Promise<Subprocessor> {
  const found = await Subprocessor.query(tx).findById(subprocessorId);
  if (found === undefined) throw fault('baa-tracker.subprocessor.not_found');
  return found;
}

async function check(tx: Tx, { name, isOperator, ownerId }: SubprocessorForm, self: string | null): Promise<void> {
  if (ownerId !== undefined) await requireKeeper(tx, ownerId);
  const others = (await Subprocessor.query(tx).where((where) => void where.whereRaw('lower(name) = lower(?)', [name]).orWhere({ is_operator: true }))).filter((other) => other.id !== self);
  if (others.some((other) => other.name.toLowerCase() === name.toLowerCase())) throw fault('request.invalid', { fields: [{ path: 'name', text: 'a subprocessor of this name is in the register already' }] });
  if (isOperator && others.some((other) => other.is_operator)) throw fault('request.invalid', { fields: [{ path: 'isOperator', text: 'the register names another operator of this installation' }] });
}

function columnsOf({ name, service, purpose, phiClass, dataElements, location, contactName, contactEmail, contactPhone, notes, isOperator, inUse, ownerId }: SubprocessorForm) {
  return {
    name, service, purpose, phi_class: phiClass, data_elements: dataElements, location, contact_name: contactName ?? null, contact_email: contactEmail ?? null, contact_phone: contactPhone ?? null,
    notes: notes ?? null, is_operator: isOperator, in_use: inUse, owner_id: ownerId ?? null,
  };
}
