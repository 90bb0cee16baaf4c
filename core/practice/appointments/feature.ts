import type { Plugin } from '@hapi/hapi';
import type { App } from '../../app.ts';
import { apiRoutes } from '../../http/api/api-route.ts';
import { APPOINTMENT_API } from './api.ts';

export const appointmentsFeature: Plugin<{ app: App }> = {
  name: 'wardkeep-appointments',
  register(server, { app }) {
    server.route(apiRoutes(app, APPOINTMENT_API));
  },
};
