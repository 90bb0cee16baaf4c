import { loadedPlugins, type PluginInWorkspace, type Tx } from '../../../core/plugin.ts';
import { coversPhi } from '../agreements/days-in-force.ts';
import { todayOf, type Day } from '../calendar-days.ts';
import { Agreement, Attestation, Notice, Reminder, Subprocessor } from '../models.ts';
import { namesOf } from '../people.ts';

/** The whole register of a workspace as pages, pictures and exports read it: some dozens of rows, so it is read at once. */
export type Register = {
  readonly today: Day;
  readonly zone: string;
  readonly subprocessors: readonly Subprocessor[];
  readonly agreements: readonly Agreement[];
  readonly attestations: readonly Attestation[];
  readonly openReminders: readonly Reminder[];
  readonly openNotices: readonly Notice[];
  readonly plugins: readonly PluginInWorkspace[];
  readonly names: ReadonlyMap<string, string>;
};

export async function readRegister(tx: Tx): Promise<Register> {
  const [{ zone, today }, subprocessors, agreements, attestations, openReminders, openNotices, plugins, names] = await Promise.all([
    todayOf(tx), Subprocessor.query(tx).orderByRaw('is_operator desc, lower(name)'), Agreement.query(tx).orderBy(['effective_on', 'id']), Attestation.query(tx).orderBy('issued_on', 'desc'),
    Reminder.query(tx).whereNull('acknowledged_at').orderBy('decide_by'), Notice.query(tx).where({ status: 'open' }).orderBy('effective_on'), loadedPlugins(tx), namesOf(tx),
  ]);
  return { today, zone, subprocessors, agreements, attestations, openReminders, openNotices, plugins, names };
}

/** How a subprocessor stands today. `unlisted` is a plugin's that nobody has put into the inventory. */
export type Standing = 'covered' | 'missing' | 'not needed';

export function standingOf({ agreements, today }: Register, subprocessor: Subprocessor): Standing {
  if (agreements.some((agreement) => agreement.subprocessor_id === subprocessor.id && coversPhi(agreement, today))) return 'covered';
  return subprocessor.in_use && subprocessor.phi_class !== 'none' ? 'missing' : 'not needed';
}

/** The agreement under which it has data today. */
export function coveringAgreement({ agreements, today }: Register, subprocessorId: string): Agreement | null {
  return agreements.filter((agreement) => agreement.subprocessor_id === subprocessorId && coversPhi(agreement, today)).at(-1) ?? null;
}

/** What a plugin hands to whom: one line for each of its subprocessors. */
export type Flow = { readonly plugin: PluginInWorkspace; readonly subprocessorName: string; readonly purpose: string; readonly location: string; readonly subprocessor: Subprocessor | null; readonly agreement: Agreement | null; readonly isNeeded: boolean };

export function flowsOf(register: Register): Flow[] {
  return register.plugins.flatMap((plugin) => plugin.subprocessors.map(({ name, purpose, location }) => {
    const subprocessor = register.subprocessors.find((each) => each.name.toLowerCase() === name.toLowerCase()) ?? null;
    return { plugin, subprocessorName: name, purpose, location, subprocessor, agreement: subprocessor === null ? null : coveringAgreement(register, subprocessor.id), isNeeded: plugin.phi !== 'none' };
  }));
}
