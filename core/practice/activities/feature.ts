import type { Feature } from '../../http/feature.ts';
import { apiRoutes } from '../../http/api/api-route.ts';
import { ACTIVITY_API } from './api.ts';
import { activityPage, addToContact, editActivity, markDone, newActivityPage, tasksPage } from './routes.ts';

/** Calls, notes, tasks and letters: their API and their pages. */
export const activitiesFeature: Feature = {
  name: 'wardkeep-activities',
  register(server, { app }) {
    server.route([
      ...apiRoutes(app, ACTIVITY_API),
      { method: 'GET', path: '/contacts/{id}/activities/new', handler: (request, h) => newActivityPage(app, request, h) },
      { method: 'POST', path: '/contacts/{id}/activities', handler: (request, h) => addToContact(app, request, h) },
      { method: 'GET', path: '/activities/{id}', handler: (request, h) => activityPage(app, request, h) },
      { method: 'POST', path: '/activities/{id}', handler: (request, h) => editActivity(app, request, h) },
      { method: 'POST', path: '/activities/{id}/done', handler: (request, h) => markDone(app, request, h) },
      { method: 'GET', path: '/tasks', handler: (request, h) => tasksPage(app, request, h) },
    ]);
  },
};
