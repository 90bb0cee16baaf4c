import { authorize, can, record, type Tx } from '../../../core/plugin.ts';
import { STATUS_TONES, STATUS_WORDS } from '../agreements/states.ts';
import { daysBetween, todayOf } from '../calendar-days.ts';
import { shown } from '../form.ts';
import { Agreement, Attestation, Notice, Review, type Subprocessor } from '../models.ts';
import { keepersOf, namesOf } from '../people.ts';
import { ATTESTATION_KINDS, CHANGES, DATA_ELEMENTS, KIND_SHORT, optionsOf, OUTCOMES, PHI_CLASSES } from '../vocabulary.ts';
import { reachSubprocessor } from './actions.ts';

const FIELDS = ['name', 'service', 'purpose', 'phiClass', 'location', 'contactName', 'contactEmail', 'contactPhone', 'notes', 'ownerId', 'version'];

/** @throws Fault baa-tracker.subprocessor.not_found */
export async function subprocessorContext(tx: Tx, subprocessorId: string): Promise<object> {
  const target = { type: 'subprocessor', id: subprocessorId };
  authorize(tx, 'baa-tracker.register.read', target);
  const row = await reachSubprocessor(tx, subprocessorId);
  const of = { subprocessor_id: subprocessorId };
  const [{ today }, names, agreements, attestations, notices, reviews] = await Promise.all([
    todayOf(tx), namesOf(tx), Agreement.query(tx).where(of).orderBy('effective_on', 'desc'), Attestation.query(tx).where(of).orderBy('issued_on', 'desc'), Notice.query(tx).where(of).orderBy('received_on', 'desc'), Review.query(tx).where(of).orderBy('signed_at', 'desc'),
  ]);
  record(tx, { action: 'baa-tracker.subprocessor.read', target });
  return {
    subprocessor: {
      id: row.id, name: row.name, service: row.service, purpose: row.purpose, location: row.location, phi: PHI_CLASSES[row.phi_class], dataElements: row.data_elements.map((code) => DATA_ELEMENTS[code]).join(', '), contactName: row.contact_name, contactEmail: row.contact_email,
      contactPhone: row.contact_phone, notes: row.notes, isOperator: row.is_operator, inUse: row.in_use, owner: row.owner_id === null ? null : (names.get(row.owner_id) ?? null), nextReviewOn: row.next_review_on, isReviewLate: row.in_use && row.next_review_on < today,
    },
    agreements: agreements.map((each) => ({ id: each.id, title: each.title, kind: KIND_SHORT[each.kind], effectiveOn: each.effective_on, expiresOn: each.expires_on, pill: { label: STATUS_WORDS[each.status], tone: STATUS_TONES[each.status] } })),
    attestations: attestations.map(({ kind, issuer, issued_on, expires_on }) => ({ kind: ATTESTATION_KINDS[kind], issuer, issuedOn: issued_on, expiresOn: expires_on, pill: expires_on === null ? null : expires_on < today ? { label: 'expired', tone: 'bad' } : daysBetween(today, expires_on) <= 60 ? { label: 'expiring', tone: 'warn' } : { label: 'valid', tone: 'good' } })),
    notices: notices.map((each) => ({
      id: each.id, change: CHANGES[each.change], description: each.description, receivedOn: each.received_on, effectiveOn: each.effective_on, isOpen: each.status === 'open', recorder: each.recorder_name, decider: each.decider_name, decidedAt: each.decided_at, note: each.decision_note,
      pill: each.status === 'open' ? { label: 'open', tone: 'warn' } : each.status === 'objected' ? { label: 'objected', tone: 'bad' } : { label: 'acknowledged', tone: 'good' },
    })),
    reviews: reviews.map(({ outcome, findings, signer_name, signed_at }) => ({ outcome: OUTCOMES[outcome], findings, signer: signer_name, signedAt: signed_at })),
    options: { kinds: optionsOf(ATTESTATION_KINDS), changes: optionsOf(CHANGES), outcomes: optionsOf(OUTCOMES) }, today,
    canWrite: can(tx.scope.actor, 'baa-tracker.register.write'), form: {}, errors: {},
  };
}

/** The form for a new one (`row` null) or a change; `form` is what was typed before. */
export async function subprocessorFormContext(tx: Tx, row: Subprocessor | null, form: Readonly<Record<string, unknown>> | null, errors: Readonly<Record<string, string>>): Promise<object> {
  authorize(tx, 'baa-tracker.register.write');
  if (row !== null && form === null) record(tx, { action: 'baa-tracker.subprocessor.read', target: { type: 'subprocessor', id: row.id }, detail: { as: 'form' } });
  const values = form ?? (row === null ? {} : { ...formOf(row) });
  const elements = [values['dataElements'] ?? []].flat();
  return {
    title: row === null ? 'New subprocessor' : `Change ${row.name}`, back: row === null ? '/plugins/baa-tracker' : `/plugins/baa-tracker/subprocessors/${row.id}`, action: row === null ? '/plugins/baa-tracker/subprocessors' : `/plugins/baa-tracker/subprocessors/${row.id}`,
    form: { ...shown(values, FIELDS), isOperator: values['isOperator'] === 'yes' }, errors,
    elements: optionsOf(DATA_ELEMENTS).map((option) => ({ ...option, checked: elements.includes(option.value) })),
    inUseOptions: [{ value: 'yes', label: 'Yes', checked: values['inUse'] !== 'no' }, { value: 'no', label: 'No longer', checked: values['inUse'] === 'no' }], classes: optionsOf(PHI_CLASSES), owners: (await keepersOf(tx)).map(({ id, name }) => ({ value: id, label: name })), isNew: row === null,
  };
}

function formOf(row: Subprocessor): Record<string, unknown> {
  return {
    name: row.name, service: row.service, purpose: row.purpose, phiClass: row.phi_class, dataElements: row.data_elements, location: row.location, contactName: row.contact_name ?? '', contactEmail: row.contact_email ?? '',
    contactPhone: row.contact_phone ?? '', notes: row.notes ?? '', isOperator: row.is_operator ? 'yes' : '', inUse: row.in_use ? 'yes' : 'no', ownerId: row.owner_id ?? '', version: row.version,
  };
}
