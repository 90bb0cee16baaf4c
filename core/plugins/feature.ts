import type { Plugin } from '@hapi/hapi';
import type { App } from '../app.ts';
import { API_PREFIX } from '../http/api/api-route.ts';
import { otherMethods, refuseMethod } from '../http/api/other-methods.ts';
import { addPluginGate, requireOn } from './gate.ts';
import type { LoadedPlugin } from './loaded-plugin.ts';
import { addNavigation } from './navigation.ts';
import { registerPlugins } from './register-routes.ts';
import { pluginRoutes } from './routes.ts';

/** Everything the host adds to the server: the gate, the page where plugins are switched, and their own routes. */
export const pluginHostFeature: Plugin<{ app: App; plugins: readonly LoadedPlugin[] }> = {
  name: 'wardkeep-plugins',
  async register(server, { app, plugins }) {
    addPluginGate(server, app, plugins);
    addNavigation(server, app, plugins);
    server.route(pluginRoutes(app, plugins));
    server.route(otherMethods(`${API_PREFIX}/plugins`, async (request) => {
      await requireOn(app, plugins, request, String(request.params['any']).split('/')[0] as string);
      return refuseMethod(request);
    }));
    await registerPlugins(server, app, plugins);
  },
};
