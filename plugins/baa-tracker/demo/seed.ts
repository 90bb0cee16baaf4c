import { createHash } from 'node:crypto';
import { record, uuidv7, type Demo, type DemoWorkspace, type Tx } from '../../../core/plugin.ts';
import { decideBy } from '../agreements/days-in-force.ts';
import type { Status } from '../agreements/states.ts';
import { addDays, todayOf, type Day } from '../calendar-days.ts';
import { Agreement, AgreementDocument, Attestation, DocumentContent, Notice, Reminder, Review, Subprocessor, Transition } from '../models.ts';
import { agreementPdf } from './agreement-pdf.ts';
import { registerFor, type DemoAgreement } from './practices.ts';

/** On in both practices: a register that has seen some years. */
export const demo: Demo<Record<string, never>> = { settings: () => ({}), seed };

type Person = DemoWorkspace['people'][number];
type Rows = { agreements: Partial<Agreement>[]; transitions: Partial<Transition>[]; documents: Partial<AgreementDocument>[]; contents: Partial<DocumentContent>[]; reminders: Partial<Reminder>[] };

async function seed(tx: Tx, { slug, name: practice, people }: DemoWorkspace): Promise<void> {
  const { today } = await todayOf(tx);
  const day = (days: number): Day => addDays(today, days);
  const officer = people.find(({ designations }) => designations.includes('SECURITY_OFFICER')) as Person;
  const admin = people.find(({ role }) => role === 'ADMIN') as Person;
  const register = registerFor(slug).map((each) => ({ ...each, id: uuidv7(tx.now) }));
  const rows: Rows = { agreements: [], transitions: [], documents: [], contents: [], reminders: [] };
  for (const subprocessor of register) {
    let before: string | null = null;
    for (const agreement of subprocessor.agreements) {
      const owner = subprocessor.isOperator ? admin : officer;
      before = addAgreement(rows, { tx, day, officer, owner, practice, partner: subprocessor.name, subprocessorId: subprocessor.id, before }, agreement);
    }
  }
  await Subprocessor.query(tx).insert(register.map((each) => ({
    id: each.id, name: each.name, service: each.service, purpose: each.purpose, phi_class: each.phi, data_elements: [...each.data], location: each.location, contact_name: each.contact, contact_email: `${each.contact.split(' ').at(-1)?.toLowerCase()}@${each.name.toLowerCase().replaceAll(' ', '-')}.example`,
    contact_phone: null, notes: each.notes ?? null, is_operator: each.isOperator ?? false, in_use: !each.isUnused, owner_id: each.isOperator ? admin.id : officer.id, next_review_on: day(each.nextReviewIn),
  })));
  const of = <T extends object, R>(list: (each: (typeof register)[number]) => readonly T[] | undefined, row: (item: T, subprocessorId: string) => R): R[] => register.flatMap((each) => (list(each) ?? []).map((item) => row(item, each.id)));
  await Agreement.query(tx).insert(rows.agreements);
  await Transition.query(tx).insert(rows.transitions);
  await AgreementDocument.query(tx).insert(rows.documents);
  await DocumentContent.query(tx).insert(rows.contents);
  if (rows.reminders.length > 0) await Reminder.query(tx).insert(rows.reminders);
  const attestations = of(({ attestations }) => attestations, ({ kind, issuer, issued, expires }, subprocessor_id) => ({ subprocessor_id, kind, issuer, issued_on: day(issued), expires_on: day(expires), recorded_by: officer.id, recorded_at: at(day(issued + 5)) }));
  if (attestations.length > 0) await Attestation.query(tx).insert(attestations);
  const notices = of(({ notices }) => notices, ({ change, description, received, effective, isAcknowledged }, subprocessor_id) => ({
    subprocessor_id, change, description, received_on: day(received), effective_on: day(effective), recorded_by: officer.id, recorder_name: officer.name, decision_note: null,
    ...(isAcknowledged ? { status: 'acknowledged' as const, decided_by: officer.id, decider_name: officer.name, decided_at: at(day(received + 6)) } : { status: 'open' as const, decided_by: null, decider_name: null, decided_at: null }),
  }));
  if (notices.length > 0) await Notice.query(tx).insert(notices);
  const reviews = of(({ reviews }) => reviews, ({ outcome, findings, signed }, subprocessor_id) => ({ subprocessor_id, outcome, findings, signed_by: officer.id, signer_name: officer.name, signed_at: at(day(signed)), next_review_on: day(signed + 365) }));
  if (reviews.length > 0) await Review.query(tx).insert(reviews);
  record(tx, { action: 'baa-tracker.register.imported', detail: { lines: rows.agreements.length, subprocessors: register.length, agreements: rows.agreements.length, unchanged: 0, refused: 0 } });
}

type Context = { readonly tx: Tx; readonly day: (days: number) => Day; readonly officer: Person; readonly owner: Person; readonly practice: string; readonly partner: string; readonly subprocessorId: string; readonly before: string | null };

/** The steps that lead to each state, and how many days before or after its first day they were taken. */
const STEPS: Readonly<Record<Status, readonly (readonly [to: Status, day: number | 'end' | 'successor'])[]>> = {
  draft: [['draft', -30]],
  sent: [['draft', -30], ['sent', -20]],
  signed: [['draft', -60], ['sent', -45], ['signed', -28]],
  in_force: [['draft', -30], ['sent', -20], ['signed', -5], ['in_force', 0]],
  expiring: [['draft', -30], ['sent', -20], ['signed', -5], ['in_force', 0], ['expiring', 'end']],
  expired: [['draft', -30], ['sent', -20], ['signed', -5], ['in_force', 0], ['expired', 'end']],
  terminated: [['draft', -30], ['sent', -20], ['signed', -5], ['in_force', 0], ['terminated', 'end']],
  superseded: [['draft', -30], ['sent', -20], ['signed', -5], ['in_force', 0], ['expired', 'end'], ['superseded', 'successor']],
};

function addAgreement(rows: Rows, { tx, day, officer, owner, practice, partner, subprocessorId, before }: Context, given: DemoAgreement): string {
  const id = uuidv7(tx.now);
  const earliest = (days: number) => Math.min(days, -1); // nothing was done in days to come
  // When it left its last state: near its end, at it, or when people ended it.
  const end = given.status === 'expiring' ? (given.to as number) - 90 : (given.endedOn ?? 0) + 1;
  const steps = STEPS[given.status].map(([to, offset]) => ({ to, on: earliest(offset === 'end' ? end : offset === 'successor' ? (given.supersededOn ?? end) : given.from + offset) }));
  const terms = {
    kind: given.kind, title: given.title, status: given.status, effective_on: day(given.from), expires_on: given.to === null ? null : day(given.to), renewal_months: given.renewalMonths ?? null, notice_days: given.noticeDays ?? 0,
    ended_on: given.endedOn === undefined ? null : day(given.endedOn),
  };
  rows.agreements.push({
    id, subprocessor_id: subprocessorId, ...terms, our_party: practice, their_party: partner, our_signatory: officer.name, their_signatory: given.signer, breach_notice_hours: given.breachHours ?? null, security_incident_hours: given.incidentHours ?? null,
    access_request_days: given.kind === 'baa' ? 10 : null, data_return_days: given.kind === 'baa' ? 60 : null, terms: given.terms ?? null, owner_id: owner.id, supersedes_id: given.isSuccessor ? before : null, version: steps.length, created_at: at(day(steps[0]?.on ?? 0)), updated_at: at(day(steps.at(-1)?.on ?? 0)),
  });
  rows.transitions.push(...steps.map(({ to, on }, index) => {
    const byPerson = to !== 'in_force' && to !== 'expiring' && to !== 'expired' && to !== 'superseded';
    return { agreement_id: id, number: index + 1, from_status: steps[index - 1]?.to ?? null, to_status: to, by_id: byPerson ? officer.id : null, by_name: byPerson ? officer.name : 'baa_tracker.remind', at: at(day(on)), note: null };
  }));
  if (steps.some(({ to }) => to === 'signed')) {
    const bytes = agreementPdf(given.title, [`between ${practice} and ${partner}`, '', `In force from ${day(given.from)}${given.to === null ? '' : ` to ${day(given.to)}`}.`, ...(given.breachHours === undefined ? [] : [`Breaches are notified within ${given.breachHours} hours (45 CFR 164.410).`]), '', `Signed: ${officer.name}`, `Signed: ${given.signer}`]);
    const documentId = uuidv7(tx.now);
    rows.documents.push({ id: documentId, agreement_id: id, number: 1, kind: 'signed', file_name: `${partner}, ${given.title}.pdf`, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest(), uploaded_by: officer.id, uploader_name: officer.name, uploaded_at: at(day(earliest(given.from - 5))) });
    rows.contents.push({ id: documentId, content: bytes.toString('base64') });
  }
  const due = decideBy(terms);
  rows.reminders.push(...(given.reminders ?? []).map(({ mark, isSeen }) => {
    const made = addDays(due as Day, -mark);
    return {
      agreement_id: id, decide_by: due as Day, days_before: mark, told: [owner.id], is_escalated: false, made_at: at(made),
      acknowledged_by: isSeen ? owner.id : null, acknowledger_name: isSeen ? owner.name : null, acknowledged_at: isSeen ? at(addDays(made, 1)) : null,
    };
  }));
  return id;
}

/** In the working hours of that day. */
const at = (on: Day): Date => new Date(`${on}T15:00:00Z`);
