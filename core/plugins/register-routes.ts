import type { Server } from '@hapi/hapi';
import type { App } from '../app.ts';
import { apiRoutes } from '../http/api/api-route.ts';
import type { Plugin, PluginRoute, PluginServer } from '../plugin.ts';
import { depsOf } from './deps.ts';
import { realmOf } from './gate.ts';
import type { LoadedPlugin } from './loaded-plugin.ts';
import { PluginError } from './plugin-error.ts';

/** Where a plugin's pages are. Its operations are at the same place below /api/v1. */
export const pathOf = (plugin: string): `/plugins/${string}` => `/plugins/${plugin}`;

/** Registers each plugin's pages and operations in a realm of its own. @throws PluginError for a route that breaks the contract */
export async function registerPlugins(server: Server, app: App, plugins: readonly LoadedPlugin[]): Promise<void> {
  for (const { plugin } of plugins) {
    await server.register({
      name: realmOf(plugin.name),
      async register(own: Server) {
        own.route(apiRoutes(app, (plugin.api ?? []).map((route) => ({ ...route, path: `${pathOf(plugin.name)}${route.path}` as const }))));
        await plugin.register?.(facadeOf(own, plugin), depsOf(app, plugins, plugin));
      },
    });
  }
}

function facadeOf(server: Server, plugin: Plugin): PluginServer {
  return {
    route(routes) {
      for (const route of [routes].flat() as PluginRoute[]) {
        checkRoute(plugin, route);
        // An open route acts as the system, never for the cookie's owner, so another site gains nothing by posting to it: providers must.
        const options = route.options?.auth === false ? { ...route.options, plugins: { ...route.options.plugins, csrf: { from: 'anywhere' } } } : route.options;
        server.route({ ...route, options, path: `${pathOf(plugin.name)}${route.path === '/' ? '' : route.path}` } as Parameters<Server['route']>[0]);
      }
    },
    state(name, options) {
      if (!name.startsWith(`__Host-${plugin.name}`)) throw new PluginError(plugin.name, `its cookie ${name} does not begin with __Host-${plugin.name}.`);
      server.state(name, { ...options, isSecure: true, path: '/' });
    },
  };
}

function checkRoute({ name }: Plugin, { path, method, options }: PluginRoute): void {
  const at = `${String(method)} ${path}`;
  const auth: unknown = options?.auth;
  const { openBecause } = options?.plugins?.wardkeep ?? {};
  if (!path.startsWith('/') || path.includes('..')) throw new PluginError(name, `${at} is no path below ${pathOf(name)}.`);
  if (method === '*') throw new PluginError(name, `${at} names no method.`);
  if (auth === false) {
    if (openBecause === undefined || openBecause.trim() === '') throw new PluginError(name, `${at} asks nobody to sign in and does not say why: options.plugins.wardkeep.openBecause.`);
    if (!path.includes('{workspace}')) throw new PluginError(name, `${at} asks nobody to sign in, so its path must hold {workspace}: it is 404 where the plugin is off.`);
  } else {
    if (options?.plugins?.csrf !== undefined) throw new PluginError(name, `${at} signs people in and takes forms from elsewhere.`);
    if (openBecause !== undefined) throw new PluginError(name, `${at} says why it is open and is not.`);
    const strategies = auth === undefined ? [] : typeof auth === 'string' ? [auth] : [(auth as { strategies?: string[]; strategy?: string }).strategies ?? (auth as { strategy?: string }).strategy ?? []].flat();
    if (typeof auth === 'object' && auth !== null && 'mode' in auth && auth.mode !== 'required') throw new PluginError(name, `${at} lets people in without signing in.`);
    if (!strategies.every((strategy) => strategy === 'session' || strategy === 'token')) throw new PluginError(name, `${at} signs people in by a way of its own.`);
  }
}
