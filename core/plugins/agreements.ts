import { record } from '../audit/record.ts';
import type { Tx } from '../db/scope.ts';
import { ask, type Agreement } from '../hooks.ts';
import type { Plugin, Subprocessor } from '../plugin.ts';
import type { LoadedPlugin } from './loaded-plugin.ts';
import { forgetStates, GRACE_DAYS, statesOf } from './states.ts';
import { releaseParked } from './parked-jobs.ts';

const DAY_MS = 24 * 3600_000;
export const WARNING_DAYS = 30;

/** 45 CFR 164.502(e), 164.504(e): nobody gets PHI without an agreement. `agreement: null`: no register knows of one. */
export type AgreementState = { readonly subprocessor: Subprocessor; readonly agreement: Agreement | null; readonly standing: 'in force' | 'expiring' | 'missing' };

/** Of every subprocessor that a plugin sends PHI to; empty where none is needed. */
export async function agreementsOf(tx: Tx, plugin: Plugin): Promise<AgreementState[]> {
  if (plugin.phi === 'none') return [];
  return Promise.all(plugin.subprocessors.map(async (subprocessor) => {
    const answers = await ask(tx, 'subprocessorAgreement', { subprocessor: subprocessor.name });
    const inForce = answers.filter((answer) => answer.inForce && (answer.until === null || answer.until.getTime() > tx.now));
    const [agreement = null] = inForce.sort((a, b) => (b.until?.getTime() ?? Infinity) - (a.until?.getTime() ?? Infinity));
    const standing = agreement === null ? 'missing' : agreement.until !== null && agreement.until.getTime() - tx.now <= WARNING_DAYS * DAY_MS ? 'expiring' : 'in force';
    return { subprocessor, agreement, standing };
  }));
}

/**
 * Looks at the agreements of every plugin that is on, in this workspace: warns thirty days ahead, starts the grace when one is missing,
 * suspends at its end, and lets a plugin go on, with all it kept back, once every agreement is in force again. Each step is on the record.
 */
export async function reviewAgreements(tx: Tx, plugins: readonly LoadedPlugin[]): Promise<void> {
  for (const { loaded: { plugin }, isOn, row } of (await statesOf(tx, plugins)).values()) {
    if (!isOn || row === null) continue;
    const target = { type: 'plugin', id: plugin.name };
    const agreements = await agreementsOf(tx, plugin);
    const missing = agreements.filter(({ standing }) => standing === 'missing').map(({ subprocessor }) => subprocessor.name);
    const ends = agreements.flatMap(({ standing, agreement }) => (standing === 'expiring' && agreement?.until ? [agreement.until] : [])).sort((a, b) => a.getTime() - b.getTime())[0];
    if (missing.length === 0 && row.agreement_missing_since !== null) {
      await row.$query(tx).patch({ agreement_missing_since: null, is_suspended: false });
      const released = await releaseParked(tx, plugin);
      record(tx, { action: 'plugin.resumed', target, detail: { released } });
    } else if (missing.length > 0 && row.agreement_missing_since === null) {
      await row.$query(tx).patch({ agreement_missing_since: new Date(tx.now) });
      record(tx, { action: 'plugin.agreement_missing', target, detail: { subprocessors: missing, graceDays: GRACE_DAYS } });
    } else if (row.agreement_missing_since !== null && !row.is_suspended && row.agreement_missing_since.getTime() + GRACE_DAYS * DAY_MS <= tx.now) {
      await row.$query(tx).patch({ is_suspended: true });
      record(tx, { action: 'plugin.suspended', target, detail: { subprocessors: missing } });
    }
    if (ends !== undefined && row.warned_until?.getTime() !== ends.getTime()) {
      await row.$query(tx).patch({ warned_until: ends });
      record(tx, { action: 'plugin.agreement_expiring', target, detail: { until: ends.toISOString() } });
    }
  }
  forgetStates(tx);
}
