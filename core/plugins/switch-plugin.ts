import { authorize } from '../access/authorize.ts';
import { record } from '../audit/record.ts';
import type { Tx } from '../db/scope.ts';
import { fault, type FaultCode } from '../errors.ts';
import { agreementsOf } from './agreements.ts';
import type { LoadedPlugin } from './loaded-plugin.ts';
import { PluginSwitch } from './model.ts';
import { countParked, releaseParked } from './parked-jobs.ts';
import { diffSettings, readSettings, type Settings } from './settings.ts';
import { forgetStates, statesOf, type PluginState } from './states.ts';

type Form = Readonly<Record<string, unknown>>;

/**
 * Switches a plugin on in the workspace: plan, agreements and settings first, then the plugin's own onEnable, all in one transaction.
 * What was kept while it was off goes back into the queue.
 * @throws Fault plugin.not_found · plugin.is_on · plugin.not_entitled · plugin.no_agreement · request.invalid
 */
export async function switchOn(tx: Tx, plugins: readonly LoadedPlugin[], name: string, form: Form): Promise<void> {
  const state = await stateFor(tx, plugins, name, 'plugin.manage');
  const { plugin } = state.loaded;
  if (state.isOn) throw refusal('plugin.is_on', name);
  if (!state.isEntitled) throw refusal('plugin.not_entitled', name);
  if ((await agreementsOf(tx, plugin)).some(({ standing }) => standing === 'missing')) throw refusal('plugin.no_agreement', name);
  const settings = readSettings(plugin, form, state.settings);
  await writeSwitch(tx, state, { is_on: true, settings, agreement_missing_since: null, is_suspended: false });
  await plugin.onEnable?.(tx, settings);
  const released = await releaseParked(tx, plugin);
  record(tx, {
    action: 'plugin.switched_on', target: { type: 'plugin', id: name },
    detail: { version: plugin.version, phi: plugin.phi, subprocessors: plugin.subprocessors.map((each) => each.name), released, changes: { isOn: { from: false, to: true }, ...diffSettings(plugin, state.settings, settings) } },
  });
}

/** Off: its routes are 404, its jobs and answers silent; rows and settings stay. @throws Fault plugin.not_found · plugin.is_off */
export async function switchOff(tx: Tx, plugins: readonly LoadedPlugin[], name: string): Promise<void> {
  const state = await stateFor(tx, plugins, name, 'plugin.manage');
  if (!state.isOn || state.settings === null) throw refusal('plugin.is_off', name);
  await state.loaded.plugin.onDisable?.(tx);
  await writeSwitch(tx, state, { is_on: false, settings: state.settings, agreement_missing_since: null, is_suspended: false });
  record(tx, { action: 'plugin.switched_off', target: { type: 'plugin', id: name }, detail: { parked: await countParked(tx, name), changes: { isOn: { from: true, to: false } } } });
}

/** @throws Fault plugin.not_found · plugin.is_off · plugin.lapsed · request.invalid */
export async function changeSettings(tx: Tx, plugins: readonly LoadedPlugin[], name: string, form: Form): Promise<void> {
  const state = await stateFor(tx, plugins, name, 'plugin.manage');
  if (!state.isOn) throw refusal('plugin.is_off', name);
  if (!state.isEntitled) throw refusal('plugin.lapsed', name);
  const settings = readSettings(state.loaded.plugin, form, state.settings);
  const changes = diffSettings(state.loaded.plugin, state.settings, settings);
  if (Object.keys(changes).length === 0) return;
  await writeSwitch(tx, state, { is_on: true, settings });
  await state.loaded.plugin.onChange?.(tx, settings);
  record(tx, { action: 'plugin.settings_changed', target: { type: 'plugin', id: name }, detail: { changes } });
}

/** The state of one plugin for whoever may see it, or change it. @throws Fault plugin.not_found */
export async function stateFor(tx: Tx, plugins: readonly LoadedPlugin[], name: string, capability: 'plugin.read' | 'plugin.manage'): Promise<PluginState> {
  authorize(tx, capability, { type: 'plugin', id: name });
  const state = (await statesOf(tx, plugins)).get(name);
  if (state === undefined) throw fault('plugin.not_found');
  return state;
}

async function writeSwitch(tx: Tx, { row, loaded }: PluginState, change: Omit<Partial<PluginSwitch>, 'settings'> & { is_on: boolean; settings: Settings }): Promise<void> {
  const columns = { ...change, settings: JSON.stringify(change.settings), changed_at: new Date(tx.now) };
  if (row === null) await PluginSwitch.query(tx).insert({ plugin: loaded.plugin.name, ...columns } as Partial<PluginSwitch>);
  else await row.$query(tx).patch(columns as Partial<PluginSwitch>);
  forgetStates(tx);
}

function refusal(code: FaultCode, plugin: string): Error {
  return fault(code, { refused: { action: 'plugin.switch_refused', target: { type: 'plugin', id: plugin }, detail: {} } });
}
