import type { Server } from '@hapi/hapi';
import type { App } from '../app.ts';
import { can } from '../access/authorize.ts';
import { credentialsOf, scopeOf } from '../http/credentials.ts';
import type { NavEntry } from '../plugin.ts';
import type { LoadedPlugin } from './loaded-plugin.ts';
import { pathOf } from './register-routes.ts';
import { statesOf } from './states.ts';

/** Links of plugins that are on and open to the person asking, for the side navigation and the tabs of Administration. */
export type PluginLink = { readonly href: string; readonly label: string; readonly icon: string };
export type Navigation = { readonly main: readonly PluginLink[]; readonly admin: readonly PluginLink[] };

/** A link that shows a few seconds too long leads to a 404; the gate asks the database each time. */
const REMEMBERED_MS = 5_000;

declare module '@hapi/hapi' {
  interface PluginsStates {
    navigation?: Navigation;
  }
}

/** Looks up the links before a page is made, since the layout is drawn without waiting. */
export function addNavigation(server: Server, app: App, plugins: readonly LoadedPlugin[]): void {
  const withLinks = plugins.filter(({ plugin }) => (plugin.nav ?? []).length > 0);
  if (withLinks.length === 0) return;
  const remembered = new Map<string, { at: number; on: ReadonlySet<string> }>();
  server.ext('onPreHandler', async (request, h) => {
    if (!request.auth.isAuthenticated || request.path.startsWith('/api/') || request.auth.credentials.wardkeep?.actor.kind !== 'user') return h.continue;
    const { actor, workspace } = credentialsOf(request);
    const isSwitching = request.path.startsWith('/admin/plugins');
    let known = isSwitching ? undefined : remembered.get(workspace.id);
    if (known === undefined || Date.now() - known.at > REMEMBERED_MS) {
      const states = await app.withWorkspace(scopeOf(request), (tx) => statesOf(tx, plugins));
      known = { at: Date.now(), on: new Set([...states.values()].filter(({ isOn }) => isOn).map(({ loaded }) => loaded.plugin.name)) };
      if (isSwitching) remembered.delete(workspace.id); // what this request changes is seen by the next one
      else remembered.set(workspace.id, known);
    }
    const { on } = known;
    const links = (place: NavEntry['place']): PluginLink[] => withLinks.filter(({ plugin }) => on.has(plugin.name)).flatMap(({ plugin }) => (plugin.nav ?? [])
      .filter((entry) => entry.place === place && can(actor, entry.capability))
      .map(({ label, path, icon = 'settings' }) => ({ label, icon, href: `${pathOf(plugin.name)}${path === '/' ? '' : path}` })));
    request.plugins.navigation = { main: links('main'), admin: links('admin') };
    return h.continue;
  });
}
