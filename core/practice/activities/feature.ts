import type { Plugin } from '@hapi/hapi';
import type { App } from '../../app.ts';
import { apiRoutes } from '../../http/api/api-route.ts';
import { ACTIVITY_API } from './api.ts';

export const activitiesFeature: Plugin<{ app: App }> = {
  name: 'wardkeep-activities',
  register(server, { app }) {
    server.route(apiRoutes(app, ACTIVITY_API));
  },
};
