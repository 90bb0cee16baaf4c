import { authorize, can, record, type Tx } from '../../../core/plugin.ts';
import { decideBy } from '../agreements/days-in-force.ts';
import { STATUS_TONES, STATUS_WORDS } from '../agreements/states.ts';
import { daysBetween } from '../calendar-days.ts';
import { drawFlows } from '../timeline/draw-flows.ts';
import { drawTimeline } from '../timeline/draw-timeline.ts';
import { CHANGES, KIND_SHORT, PHI_CLASSES, type Tone } from '../vocabulary.ts';
import { coveringAgreement, flowsOf, readRegister, standingOf, type Register, type Standing } from './read-register.ts';

const STANDING_TONES: Readonly<Record<Standing, Tone>> = { covered: 'good', missing: 'bad', 'not needed': null };
const STANDING_WORDS: Readonly<Record<Standing, string>> = { covered: 'covered', missing: 'no agreement', 'not needed': 'not needed' };

/** The register's first page: what waits, the timeline, who hangs on what, the inventory. */
export async function overviewContext(tx: Tx): Promise<object> {
  authorize(tx, 'baa-tracker.register.read');
  const register = await readRegister(tx);
  const { subprocessors, agreements, openNotices, today } = register;
  record(tx, { action: 'baa-tracker.register.listed', detail: { subprocessors: subprocessors.length, agreements: agreements.length } });
  const flows = flowsOf(register);
  const byId = new Map(subprocessors.map((each) => [each.id, each]));
  return {
    isEmpty: subprocessors.length === 0, canWrite: can(tx.scope.actor, 'baa-tracker.register.write'),
    tally: tallyOf(register),
    due: dueOf(register),
    notices: openNotices.map(({ subprocessor_id, change, effective_on }) => ({ subprocessorId: subprocessor_id, name: byId.get(subprocessor_id)?.name ?? '', change: CHANGES[change], effectiveOn: effective_on, days: daysBetween(today, effective_on) })),
    timeline: drawTimeline(register), flows: flows.length === 0 ? null : drawFlows(flows),
    flowRows: flows.map(({ plugin, subprocessorName, purpose, location, subprocessor, agreement, isNeeded }) => ({
      plugin: plugin.title, isOn: plugin.isOn, subprocessor: subprocessorName, subprocessorId: subprocessor?.id ?? null, purpose, location, phi: PHI_CLASSES[plugin.phi],
      agreement: agreement === null ? null : { id: agreement.id, title: agreement.title }, pill: agreement !== null ? { label: 'in force', tone: 'good' } : isNeeded ? { label: 'no agreement', tone: 'bad' } : { label: 'not needed', tone: null },
      addQuery: new URLSearchParams({ name: subprocessorName, purpose, location, phiClass: plugin.phi, service: plugin.title }).toString(),
    })),
    subprocessors: subprocessors.map((each) => {
      const standing = standingOf(register, each);
      const covering = coveringAgreement(register, each.id);
      const isLate = each.in_use && each.next_review_on < today;
      return {
        id: each.id, name: each.name, service: each.service, isOperator: each.is_operator, inUse: each.in_use, location: each.location, phi: PHI_CLASSES[each.phi_class], pill: { label: STANDING_WORDS[standing], tone: STANDING_TONES[standing] },
        until: covering?.expires_on ?? null, isRenewing: covering?.renewal_months !== null && covering !== null, nextReviewOn: each.next_review_on, review: isLate ? { label: 'overdue', tone: 'warn' } : null,
      };
    }),
    agreements: [...agreements].reverse().map((agreement) => ({
      id: agreement.id, title: agreement.title, kind: KIND_SHORT[agreement.kind], partner: byId.get(agreement.subprocessor_id)?.name ?? '', effectiveOn: agreement.effective_on, expiresOn: agreement.expires_on,
      isRenewing: agreement.renewal_months !== null, owner: register.names.get(agreement.owner_id) ?? '', pill: { label: STATUS_WORDS[agreement.status], tone: STATUS_TONES[agreement.status] },
    })),
  };
}

/** Open reminders, one line for each agreement, the nearest first. */
export function dueOf({ openReminders, agreements, today, names, subprocessors }: Register): object[] {
  const nearest = new Map(openReminders.map((reminder) => [reminder.agreement_id, reminder]));
  return [...nearest.values()].flatMap((reminder) => {
    const agreement = agreements.find(({ id }) => id === reminder.agreement_id);
    if (agreement === undefined) return [];
    const days = daysBetween(today, reminder.decide_by);
    return [{
      agreementId: agreement.id, title: agreement.title, name: subprocessors.find(({ id }) => id === agreement.subprocessor_id)?.name ?? '', decideBy: reminder.decide_by, isEscalated: reminder.is_escalated, owner: names.get(agreement.owner_id) ?? '',
      what: agreement.renewal_months === null ? 'ends' : 'renews itself unless notice is given', when: days < 0 ? `${-days} days ago` : days === 0 ? 'today' : `in ${days} days`, tone: days <= 7 ? 'bad' : days <= 30 ? 'warn' : 'calm',
    }];
  });
}

function tallyOf(register: Register) {
  const { subprocessors, agreements, today } = register;
  const standings = subprocessors.map((each) => standingOf(register, each));
  return {
    inForce: agreements.filter(({ status }) => status === 'in_force' || status === 'expiring').length,
    missing: standings.filter((standing) => standing === 'missing').length,
    near: agreements.filter((agreement) => { const due = decideBy(agreement); return (agreement.status === 'in_force' || agreement.status === 'expiring') && due !== null && daysBetween(today, due) <= 90; }).length,
    late: subprocessors.filter(({ in_use, next_review_on }) => in_use && next_review_on < today).length,
  };
}
