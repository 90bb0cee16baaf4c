import type { Feature } from '../../http/feature.ts';
import { apiRoutes } from '../../http/api/api-route.ts';
import { CONTACT_API } from './api.ts';
import { MERGE_API } from './merge-api.ts';
import { create, editPage, foundPage, listPage, newPage, search, suggest, timelinePage, update } from './routes.ts';
import { SHARE_API } from './sharing-api.ts';
import { askAgain, comparePage, detailsPage, duplicatesPage, merge, separate, share, sharesPage, undo, unshare } from './tab-routes.ts';

/** Contacts: their API and their pages. What somebody searches for travels in bodies, in addresses only sealed. */
export const contactsFeature: Feature = {
  name: 'wardkeep-contacts',
  register(server, { app }) {
    server.route([
      ...apiRoutes(app, [...CONTACT_API, ...SHARE_API, ...MERGE_API]),
      { method: 'GET', path: '/contacts', handler: (request, h) => listPage(app, request, h) },
      { method: 'GET', path: '/contacts/search', handler: (request, h) => foundPage(app, request, h) },
      { method: 'POST', path: '/contacts/search', handler: (request, h) => search(app, request, h) },
      { method: 'POST', path: '/contacts/suggest', handler: (request, h) => suggest(app, request, h) },
      { method: 'GET', path: '/contacts/new', handler: (request, h) => newPage(app, request, h) },
      { method: 'POST', path: '/contacts', handler: (request, h) => create(app, request, h) },
      { method: 'GET', path: '/contacts/duplicates', handler: (request, h) => duplicatesPage(app, request, h) },
      { method: 'POST', path: '/contacts/duplicates/apart', handler: (request, h) => separate(app, request, h) },
      { method: 'POST', path: '/contacts/duplicates/again', handler: (request, h) => askAgain(app, request, h) },
      { method: 'GET', path: '/contacts/{id}', handler: (request, h) => timelinePage(app, request, h) },
      { method: 'POST', path: '/contacts/{id}', handler: (request, h) => update(app, request, h) },
      { method: 'GET', path: '/contacts/{id}/edit', handler: (request, h) => editPage(app, request, h) },
      { method: 'GET', path: '/contacts/{id}/details', handler: (request, h) => detailsPage(app, request, h) },
      { method: 'GET', path: '/contacts/{id}/shares', handler: (request, h) => sharesPage(app, request, h) },
      { method: 'POST', path: '/contacts/{id}/shares', handler: (request, h) => share(app, request, h) },
      { method: 'POST', path: '/contacts/{id}/shares/{shareId}/remove', handler: (request, h) => unshare(app, request, h) },
      { method: 'GET', path: '/contacts/{id}/merge', handler: (request, h) => comparePage(app, request, h) },
      { method: 'POST', path: '/contacts/{id}/merge', handler: (request, h) => merge(app, request, h) },
      { method: 'POST', path: '/contacts/{id}/merge/undo', handler: (request, h) => undo(app, request, h) },
    ]);
  },
};
