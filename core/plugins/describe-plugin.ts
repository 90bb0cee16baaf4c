import type { Tx } from '../db/scope.ts';
import { agreementsOf } from './agreements.ts';
import type { LoadedPlugin } from './loaded-plugin.ts';
import { countParked } from './parked-jobs.ts';
import { pathOf } from './register-routes.ts';
import { statesOf, type PluginState } from './states.ts';

/** What the pages under /admin/plugins say of a plugin. */
export type PluginView = {
  readonly name: string; readonly title: string; readonly summary: string; readonly version: string; /** Who signed it; null: it came with the program, unsigned. */ readonly publisher: string | null; readonly tier: string; readonly firstPath: string | null;
  readonly state: string; readonly tone: 'good' | 'warn' | 'bad' | null; readonly isOn: boolean; readonly isEntitled: boolean;
  readonly phi: string; readonly subprocessors: readonly { name: string; purpose: string; location: string; agreement: string; tone: string | null; until: Date | null }[];
  readonly parked: number; readonly suspendedFrom: Date | null; readonly mayBeOn: boolean; readonly canTest: boolean;
};

const PHI = { none: 'None: it never sees patient data', transit: 'Passes patient data on and keeps none', store: 'Keeps patient data, sealed under this workspace’s key' } as const;
const STANDING = { 'in force': 'good', expiring: 'warn', missing: 'bad' } as const;

export async function describePlugins(tx: Tx, plugins: readonly LoadedPlugin[]): Promise<PluginView[]> {
  const states = [...(await statesOf(tx, plugins)).values()];
  const views = await Promise.all(states.map((state) => describePlugin(tx, state)));
  return views.sort((a, b) => (a.title < b.title ? -1 : 1));
}

export async function describePlugin(tx: Tx, state: PluginState): Promise<PluginView> {
  const { loaded: { plugin, publisher }, isOn, isEntitled } = state;
  const [agreements, parked] = await Promise.all([agreementsOf(tx, plugin), countParked(tx, plugin.name)]);
  const missing = agreements.some(({ standing }) => standing === 'missing');
  const standings = new Map(agreements.map((each) => [each.subprocessor.name, each]));
  return {
    name: plugin.name, title: plugin.title, summary: plugin.summary, version: plugin.version, publisher, tier: plugin.tier,
    firstPath: isOn && plugin.nav?.[0] !== undefined ? `${pathOf(plugin.name)}${plugin.nav[0].path === '/' ? '' : plugin.nav[0].path}` : null,
    ...wordFor(state, missing), isOn, isEntitled, phi: PHI[plugin.phi], parked,
    suspendedFrom: state.suspendedFrom, mayBeOn: isEntitled && !missing, canTest: plugin.test !== undefined,
    subprocessors: plugin.subprocessors.map(({ name, purpose, location }) => {
      const known = standings.get(name);
      return { name, purpose, location, agreement: known?.standing ?? 'not needed', tone: known === undefined ? null : STANDING[known.standing], until: lastMoment(known?.agreement?.until ?? null) };
    }),
  };
}

/** An agreement ends at a midnight; the day people know is the one before it. */
const lastMoment = (until: Date | null): Date | null => (until === null ? null : new Date(until.getTime() - 1));

function wordFor({ isOn, isSuspended, isEntitled }: PluginState, missing: boolean): Pick<PluginView, 'state' | 'tone'> {
  if (!isOn) return { state: 'off', tone: null };
  if (isSuspended) return { state: 'suspended', tone: 'bad' };
  if (missing) return { state: 'agreement missing', tone: 'bad' };
  return isEntitled ? { state: 'on', tone: 'good' } : { state: 'plan ended', tone: 'warn' };
}
