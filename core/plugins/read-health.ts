import type { App } from '../app.ts';
import type { Scope } from '../db/scope.ts';
import type { Health } from '../plugin.ts';
import type { LoadedPlugin } from './loaded-plugin.ts';
import { statesOf } from './states.ts';

/**
 * How a plugin is, where it is on and says; null elsewhere. In a transaction of its own: a health check that fails is a finding about the
 * plugin and must not take the page with it that would switch it off.
 */
export async function readHealth(app: App, scope: Scope, plugins: readonly LoadedPlugin[], name: string): Promise<Health | null> {
  try {
    return await app.withWorkspace(scope, async (tx) => {
      const state = (await statesOf(tx, plugins)).get(name);
      if (state === undefined || !state.isOn || state.loaded.plugin.health === undefined) return null;
      const { ok, text } = await state.loaded.plugin.health(tx, state.settings);
      return { ok: ok === true, text: String(text) };
    });
  } catch (err) {
    app.log.error('A plugin failed to say how it is', { plugin: name, workspaceId: scope.workspaceId, err });
    return { ok: false, text: 'Its health check failed; the log says where.' };
  }
}
