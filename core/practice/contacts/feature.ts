import type { Plugin } from '@hapi/hapi';
import type { App } from '../../app.ts';
import { apiRoutes } from '../../http/api/api-route.ts';
import { CONTACT_API } from './api.ts';
import { MERGE_API } from './merge-api.ts';
import { SHARE_API } from './sharing-api.ts';

export const contactsFeature: Plugin<{ app: App }> = {
  name: 'wardkeep-contacts',
  register(server, { app }) {
    server.route(apiRoutes(app, [...CONTACT_API, ...SHARE_API, ...MERGE_API]));
  },
};
