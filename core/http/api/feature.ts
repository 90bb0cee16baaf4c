import type { Plugin, Request, Server } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../../app.ts';
import { apiRoute, apiRoutes, apiRoutesOf, API_PREFIX, type ApiRoute } from './api-route.ts';
import { AUDIT_API } from './audit-api.ts';
import { describeApi, refusalsOf } from './openapi.ts';
import { otherMethods, refuseMethod } from './other-methods.ts';
import { credentialsOf, scopeOf } from '../credentials.ts';

const ME = apiRoute({
  operation: 'readMe', method: 'GET', path: '/me', tag: 'Me', capability: null, summary: 'Who is asking',
  responses: {
    200: {
      description: 'The person or service account, and the workspace', name: 'Me',
      schema: Joi.object({
        id: Joi.string().guid().required(), kind: Joi.string().valid('user', 'agent').required(), name: Joi.string().allow(null).required(), role: Joi.string().allow(null).required(),
        designations: Joi.array().items(Joi.string()).required(), scopes: Joi.array().items(Joi.string()).allow(null).required(),
        workspace: Joi.object({ id: Joi.string().guid().required(), name: Joi.string().required(), slug: Joi.string().required(), timeZone: Joi.string().required() }).required(),
      }),
    },
  },
  process: async ({ request }) => {
    const { actor: { id, kind, name, role, designations, scopes }, workspace } = credentialsOf(request);
    return { body: { id, kind, name, role, designations, scopes, workspace: { id: workspace.id, name: workspace.name, slug: workspace.slug, timeZone: workspace.timeZone } } };
  },
});

/** What is the API's own rather than a noun's: who is asking, the audit, and the description of it all. */
export const apiFeature: Plugin<{ app: App }> = {
  name: 'wardkeep-api',
  register(server, { app }) {
    server.route([
      ...apiRoutes(app, [ME, ...AUDIT_API]),
      {
        method: 'GET', path: `${API_PREFIX}/openapi.json`, options: { auth: { mode: 'try', strategies: ['token', 'session'] } },
        handler: async (request, h) => h.response(describeApi(await routesFor(app, server, request))).type('application/json'),
      },
      otherMethods(API_PREFIX, refuseMethod),
      { method: 'GET', path: '/api', handler: async (request, h) => h.page('api/reference', { groups: referenceGroups(await routesFor(app, server, request)) }) },
    ]);
  },
};

/** Operations as whoever asks sees them; before anybody has signed in, as the program has them. */
async function routesFor(app: App, server: Server, request: Request): Promise<ApiRoute[]> {
  const routes = apiRoutesOf(server);
  if (!request.auth.isAuthenticated) return routes;
  return app.withWorkspace(scopeOf(request), (tx) => Promise.all(routes.map(async (route) => ({ ...route, ...(await route.asSeenIn?.(tx)) }))));
}

function referenceGroups(routes: readonly ApiRoute[]): object[] {
  const tags = [...new Set(routes.map((route) => route.tag))];
  return tags.map((title) => ({
    title,
    operations: routes.filter((route) => route.tag === title).map((route) => ({
      id: route.operation, method: route.method, path: API_PREFIX + route.path, summary: route.summary, description: route.description ?? null, capability: route.capability,
      needs: [...(route.ifMatch ? ['If-Match'] : []), ...(route.idempotent ? ['Idempotency-Key (optional)'] : [])],
      query: route.query === undefined ? [] : Object.keys(route.query.describe().keys ?? {}),
      body: route.body === undefined ? [] : Object.keys(route.body.describe().keys ?? {}),
      answers: Object.entries(route.responses).map(([status, { description }]) => ({ status, description })),
      refusals: refusalsOf(route).flatMap(([status, codes]) => codes.map(({ code }) => ({ status, code }))),
    })),
  }));
}
