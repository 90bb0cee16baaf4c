import type { Request, Server } from '@hapi/hapi';
import type { App } from '../app.ts';
import { isSuspended } from '../auth/suspension.ts';
import { systemScope, type Scope } from '../db/scope.ts';
import { Fault, fault } from '../errors.ts';
import { originOf, scopeOf } from '../http/credentials.ts';
import { findWorkspace } from '../workspaces/find-workspace.ts';
import type { LoadedPlugin } from './loaded-plugin.ts';
import { statesOf } from './states.ts';

const REALM = 'plugin:';

/** Name under which a plugin's routes are registered, so that the gate knows them by their realm. */
export const realmOf = (plugin: string): string => REALM + plugin;

/**
 * Lets a request through to a plugin's route only where the plugin is on. It sits on onPostAuth, which runs for open routes too
 * (onCredentials does not). Off is 404, as if the route were not there.
 */
export function addPluginGate(server: Server, app: App, plugins: readonly LoadedPlugin[]): void {
  const slugs = new Map<string, string>();
  server.ext('onPostAuth', async (request, h) => {
    const owner = request.route.realm.plugin;
    if (owner === undefined || !owner.startsWith(REALM)) return h.continue;
    const name = owner.slice(REALM.length);
    if (request.route.settings.plugins?.wardkeep?.openBecause !== undefined) request.plugins.openTo = await openScope(app, slugs, request, name);
    const { openTo } = request.plugins;
    const state = await app.withWorkspace(openTo ?? scopeOf(request), async (tx) => (openTo !== undefined && (await isSuspended(tx)) ? undefined : (await statesOf(tx, plugins)).get(name)));
    if (state === undefined || !state.isOn) throw fault('route.not_found');
    const changes = request.method !== 'get' && request.method !== 'head';
    if (!state.isEntitled && changes && request.route.settings.plugins?.wardkeep?.evenWhenLapsed !== true) throw fault('plugin.lapsed');
    return h.continue;
  });
}

/** For an address below a plugin's that is none of its routes, so that nothing shows where the plugin is off. @throws Fault route.not_found */
export async function requireOn(app: App, plugins: readonly LoadedPlugin[], request: Request, name: string): Promise<void> {
  const isOn = request.auth.isAuthenticated && (await app.withWorkspace(scopeOf(request), async (tx) => (await statesOf(tx, plugins)).get(name)?.isOn));
  if (isOn !== true) throw fault('route.not_found');
}

/** On a route without sign-in the path names the workspace, and the system acts there in the plugin's name. */
async function openScope(app: App, slugs: Map<string, string>, request: Request, plugin: string): Promise<Scope> {
  const slug = String(request.params['workspace']);
  let id = slugs.get(slug);
  if (id === undefined) {
    const found = await findWorkspace(app, slug).catch((error: unknown) => {
      if (error instanceof Fault) throw fault('route.not_found');
      throw error;
    });
    if (found.status === 'terminated') throw fault('route.not_found');
    slugs.set(slug, (id = found.id)); // a slug never changes its workspace; one that is not there is not remembered
  }
  return { ...systemScope(id, plugin), ...originOf(request) };
}
