import type { Plugin } from '@hapi/hapi';
import type { App } from '../../app.ts';
import { apiRoutes } from '../../http/api/api-route.ts';
import { CONTACT_API } from './api.ts';

export const contactsFeature: Plugin<{ app: App }> = {
  name: 'wardkeep-contacts',
  register(server, { app }) {
    server.route(apiRoutes(app, CONTACT_API));
  },
};
