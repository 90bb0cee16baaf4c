import { authorize, can, record, type Tx } from '../../../core/plugin.ts';
import { addDays, daysBetween, startOfDay, todayOf } from '../calendar-days.ts';
import { shown } from '../form.ts';
import { Agreement, AgreementDocument, Reminder, Transition, type Subprocessor } from '../models.ts';
import { keepersOf, namesOf } from '../people.ts';
import { reachSubprocessor } from '../subprocessors/actions.ts';
import { AGREEMENT_KINDS, DOCUMENT_KINDS, KIND_SHORT, optionsOf } from '../vocabulary.ts';
import { reachAgreement } from './actions.ts';
import { decideBy, isInForce } from './days-in-force.ts';
import { ENDED, OPEN_FOR_EDITS, STATUS_TONES, STATUS_WORDS, stepsOf, STEP_WORDS, type Status } from './states.ts';

const FIELDS = ['kind', 'title', 'ourParty', 'theirParty', 'ourSignatory', 'theirSignatory', 'effectiveOn', 'expiresOn', 'renewalMonths', 'noticeDays', 'breachNoticeHours', 'securityIncidentHours', 'accessRequestDays', 'dataReturnDays', 'terms', 'ownerId', 'supersedesId', 'version'];
/** A path of states as people read it; where an agreement left it stands beside. */
const PATH: readonly Status[] = ['draft', 'sent', 'signed', 'in_force', 'expiring', 'expired'];

/** @throws Fault baa-tracker.agreement.not_found */
export async function agreementContext(tx: Tx, agreementId: string): Promise<object> {
  const target = { type: 'agreement', id: agreementId };
  authorize(tx, 'baa-tracker.register.read', target);
  const row = await reachAgreement(tx, agreementId);
  const [{ today, zone }, names, subprocessor, transitions, documents, reminders, successor] = await Promise.all([
    todayOf(tx), namesOf(tx), reachSubprocessor(tx, row.subprocessor_id), Transition.query(tx).where({ agreement_id: agreementId }).orderBy('number'), AgreementDocument.query(tx).where({ agreement_id: agreementId }).orderBy('number', 'desc'),
    Reminder.query(tx).where({ agreement_id: agreementId }).orderBy('made_at', 'desc'), Agreement.query(tx).where({ supersedes_id: agreementId }).first(),
  ]);
  record(tx, { action: 'baa-tracker.agreement.read', target });
  const due = decideBy(row);
  const canWrite = can(tx.scope.actor, 'baa-tracker.register.write');
  return {
    agreement: {
      id: row.id, title: row.title, kind: AGREEMENT_KINDS[row.kind], pill: { label: STATUS_WORDS[row.status], tone: STATUS_TONES[row.status] }, ourParty: row.our_party, theirParty: row.their_party, ourSignatory: row.our_signatory, theirSignatory: row.their_signatory,
      effectiveOn: row.effective_on, expiresOn: row.expires_on, endedOn: row.ended_on, renewalMonths: row.renewal_months, noticeDays: row.notice_days, decideBy: due, daysLeft: due === null ? null : daysBetween(today, due), owner: names.get(row.owner_id) ?? '',
      terms: row.terms, isInForce: isInForce(row, today), isOpen: OPEN_FOR_EDITS.includes(row.status), isEnded: ENDED.includes(row.status),
    },
    obligations: obligationRows(row), endsAt: row.expires_on === null ? null : startOfDay(zone, addDays(row.expires_on, 1)),
    subprocessor: { id: subprocessor.id, name: subprocessor.name }, successor: successor === undefined ? null : { id: successor.id, title: successor.title },
    path: PATH.map((status) => ({ label: STATUS_WORDS[status], isNow: row.status === status, isPast: transitions.some(({ to_status }) => to_status === status) && row.status !== status })),
    steps: canWrite ? stepsOf(row.status).map((to) => ({ to, word: STEP_WORDS[to] ?? to, isDanger: to === 'terminated', isMain: to === 'sent' || to === 'signed' })) : [],
    transitions: transitions.map(({ from_status, to_status, by_name, at, note }) => ({ from: from_status === null ? null : STATUS_WORDS[from_status], to: STATUS_WORDS[to_status], by: by_name, at, note })),
    documents: documents.map(({ id, number: version, kind, file_name, bytes, sha256, uploader_name, uploaded_at }) => ({ id, version, kind: DOCUMENT_KINDS[kind], fileName: file_name, kilobytes: Math.ceil(bytes / 1024), sha256: sha256.toString('hex'), by: uploader_name, at: uploaded_at })),
    reminders: reminders.map(({ days_before, decide_by, told, is_escalated, made_at, acknowledger_name, acknowledged_at }) => ({ mark: days_before, decideBy: decide_by, told: told.map((id) => names.get(id) ?? '').join(', '), isEscalated: is_escalated, at: made_at, by: acknowledger_name, seenAt: acknowledged_at })),
    hasOpenReminder: reminders.some(({ acknowledged_at }) => acknowledged_at === null), documentKinds: optionsOf(DOCUMENT_KINDS), canWrite, form: {}, errors: {},
  };
}

/** The governing terms that set a clock running, as the contract puts them. */
export function obligationRows({ breach_notice_hours, security_incident_hours, access_request_days, data_return_days }: Agreement): { what: string; within: string }[] {
  const rows: [string, number | null, string][] = [
    ['Report a breach of unsecured PHI', breach_notice_hours, 'hours'], ['Report a security incident', security_incident_hours, 'hours'], ['Answer a request for access or amendment', access_request_days, 'days'], ['Return or destroy the data after its end', data_return_days, 'days'],
  ];
  return rows.flatMap(([what, amount, unit]) => (amount === null ? [] : [{ what, within: `${amount.toLocaleString('en-US')} ${unit}` }]));
}

/** The form for a new draft (`row` null), one that follows another (`before`), or a change. */
export async function agreementFormContext(tx: Tx, subprocessor: Subprocessor, row: Agreement | null, before: Agreement | null, form: Readonly<Record<string, unknown>> | null, errors: Readonly<Record<string, string>>): Promise<object> {
  authorize(tx, 'baa-tracker.register.write');
  const [{ name }, others, owners] = await Promise.all([tx.knex('app.workspaces').where({ workspace_id: tx.scope.workspaceId }).first('name') as Promise<{ name: string }>, Agreement.query(tx).where({ subprocessor_id: subprocessor.id }).orderBy('effective_on', 'desc'), keepersOf(tx)]);
  const fresh = { kind: 'baa', title: `BAA with ${subprocessor.name}`.slice(0, 160), ourParty: name, theirParty: subprocessor.name, ownerId: tx.scope.actor.id ?? '', noticeDays: 0 };
  const shownRow = row ?? before; // a form filled from an agreement shows its sealed terms as its page does
  if (shownRow !== null && form === null) record(tx, { action: 'baa-tracker.agreement.read', target: { type: 'agreement', id: shownRow.id }, detail: { as: 'form' } });
  const values = form ?? (row !== null ? formOf(row) : before !== null ? successorOf(before) : fresh);
  const home = '/plugins/baa-tracker';
  return {
    title: row === null ? 'New agreement' : `Change ${row.title}`, back: row === null ? `${home}/subprocessors/${subprocessor.id}` : `${home}/agreements/${row.id}`, action: row === null ? `${home}/subprocessors/${subprocessor.id}/agreements` : `${home}/agreements/${row.id}`,
    subprocessor: { id: subprocessor.id, name: subprocessor.name }, form: shown(values, FIELDS), errors, kinds: optionsOf(AGREEMENT_KINDS), owners: owners.map(({ id, name: label }) => ({ value: id, label })), isFixed: row !== null && !OPEN_FOR_EDITS.includes(row.status),
    others: others.filter(({ id }) => id !== row?.id).map(({ id, title, kind, effective_on }) => ({ value: id, label: `${KIND_SHORT[kind]} “${title}” of ${effective_on}` })),
  };
}

function formOf(row: Agreement): Record<string, unknown> {
  return {
    kind: row.kind, title: row.title, ourParty: row.our_party, theirParty: row.their_party, ourSignatory: row.our_signatory ?? '', theirSignatory: row.their_signatory ?? '', effectiveOn: row.effective_on, expiresOn: row.expires_on ?? '', renewalMonths: row.renewal_months ?? '', noticeDays: row.notice_days,
    breachNoticeHours: row.breach_notice_hours ?? '', securityIncidentHours: row.security_incident_hours ?? '', accessRequestDays: row.access_request_days ?? '', dataReturnDays: row.data_return_days ?? '', terms: row.terms ?? '', ownerId: row.owner_id, supersedesId: row.supersedes_id ?? '', version: row.version,
  };
}

/** The same terms again, from the day after the other's end. */
function successorOf(before: Agreement): Record<string, unknown> {
  return { ...formOf(before), effectiveOn: before.expires_on === null ? '' : addDays(before.expires_on, 1), expiresOn: '', ourSignatory: '', theirSignatory: '', supersedesId: before.id, version: '' };
}
