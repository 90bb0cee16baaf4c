import type { Tx } from '../db/scope.ts';
import { includes, readPlan, type Plan } from './entitlements.ts';
import type { LoadedPlugin } from './loaded-plugin.ts';
import { PluginSwitch } from './model.ts';

const DAY_MS = 24 * 3600_000;
/** How long a plugin runs on after the agreement with a subprocessor ended: time to sign its successor, no more. */
export const GRACE_DAYS = 14;

/** A loaded plugin in the transaction's workspace. */
export type PluginState = {
  readonly loaded: LoadedPlugin;
  readonly isOn: boolean;
  /** On, but the agreement with a subprocessor ran out longer ago than the grace: nothing goes out. */
  readonly isSuspended: boolean;
  readonly isEntitled: boolean;
  /** When it will be, or was, suspended; null while every agreement is in force. */
  readonly suspendedFrom: Date | null;
  /** As stored; null before it was ever on. */
  readonly settings: Readonly<Record<string, unknown>> | null;
  readonly row: PluginSwitch | null;
  readonly plan: Plan;
};

const known = new WeakMap<Tx, Promise<ReadonlyMap<string, PluginState>>>();

/** The state of every loaded plugin, read once per transaction. */
export function statesOf(tx: Tx, plugins: readonly LoadedPlugin[]): Promise<ReadonlyMap<string, PluginState>> {
  let states = known.get(tx);
  if (states === undefined) known.set(tx, (states = readStates(tx, plugins)));
  return states;
}

/** After a switch, so that the same transaction sees it. */
export function forgetStates(tx: Tx): void {
  known.delete(tx);
}

async function readStates(tx: Tx, plugins: readonly LoadedPlugin[]): Promise<ReadonlyMap<string, PluginState>> {
  const [rows, plan] = await Promise.all([PluginSwitch.query(tx), readPlan(tx)]);
  const byName = new Map(rows.map((row) => [row.plugin, row]));
  return new Map(plugins.map((loaded) => {
    const { name, tier } = loaded.plugin;
    const row = byName.get(name) ?? null;
    const isOn = row?.is_on ?? false;
    const suspendedFrom = isOn && row?.agreement_missing_since ? new Date(row.agreement_missing_since.getTime() + GRACE_DAYS * DAY_MS) : null;
    return [name, {
      loaded, isOn, isEntitled: includes(plan, tier, tx.now), plan, row, suspendedFrom,
      // The stored flag says that it was put on the record; the clock does not wait for the job that does so.
      isSuspended: isOn && (row?.is_suspended === true || (suspendedFrom !== null && suspendedFrom.getTime() <= tx.now)),
      settings: row === null ? null : (JSON.parse(row.settings) as Record<string, unknown>),
    }];
  }));
}
