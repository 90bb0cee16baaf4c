import Hapi, { type Request, type Server } from '@hapi/hapi';
import type { App } from './app.ts';
import { can } from './access/authorize.ts';
import { schemePlugin, secretOf } from './auth/scheme.ts';
import { accountRoutes } from './auth/account/routes.ts';
import { sessionRoutes } from './auth/session/routes.ts';
import { passkeySignInRoutes } from './auth/passkey/sign-in-routes.ts';
import { passwordResetRoutes } from './auth/password/reset-routes.ts';
import { enrolRoutes } from './auth/sign-in/enrol-routes.ts';
import { choiceRoutes } from './auth/sign-in/choice-routes.ts';
import { signInRoutes } from './auth/sign-in/routes.ts';
import { stepUpRoutes } from './auth/step-up/routes.ts';
import { fault } from './errors.ts';
import { apiFeature } from './http/api/feature.ts';
import { assetsPlugin } from './http/assets.ts';
import { clientAddressPlugin } from './http/client-address.ts';
import { csrfPlugin } from './http/csrf.ts';
import { activitiesFeature } from './practice/activities/feature.ts';
import { appointmentsFeature } from './practice/appointments/feature.ts';
import { contactsFeature } from './practice/contacts/feature.ts';
import { exportsFeature } from './practice/exports/routes.ts';
import { documentsFeature } from './practice/documents/routes.ts';
import { importRoutes } from './practice/imports/routes.ts';
import type { Feature } from './http/feature.ts';
import { headersPlugin } from './http/headers.ts';
import { healthFeature } from './http/health.ts';
import { TLS_OPTIONS } from './http/tls.ts';
import { rateLimitPlugin } from './http/rate-limit.ts';
import { refusalsPlugin } from './http/refusals.ts';
import { requestIdPlugin } from './http/request-id.ts';
import { trustFeature } from './trust/feature.ts';
import type { LoadedPlugin } from './plugins/loaded-plugin.ts';
import { pluginHostFeature } from './plugins/feature.ts';
import { demoMailFeature } from './demo/mail-pages.ts';
import { createViews, viewsPlugin, type LayoutSource } from './http/views.ts';
import { auditRoutes } from './security/audit/routes.ts';
import { invitationRoutes } from './workspaces/people/invitation-routes.ts';
import { peopleRoutes } from './workspaces/people/routes.ts';
import { serviceAccountRoutes } from './workspaces/service-accounts/routes.ts';
import { settingsRoutes } from './workspaces/settings/routes.ts';
import { setupRoutes } from './workspaces/setup/routes.ts';

/** Every feature of the core, in no order that matters. A feature's folder adds its line here. */
export const FEATURES: readonly Feature[] = [
  signInRoutes,
  choiceRoutes,
  enrolRoutes,
  passkeySignInRoutes,
  passwordResetRoutes,
  stepUpRoutes,
  accountRoutes,
  sessionRoutes,
  setupRoutes,
  invitationRoutes,
  peopleRoutes,
  serviceAccountRoutes,
  settingsRoutes,
  importRoutes,
  documentsFeature,
  trustFeature,
  apiFeature,
  contactsFeature,
  exportsFeature,
  activitiesFeature,
  appointmentsFeature,
  auditRoutes,
  demoMailFeature,
  healthFeature,
];

const DEFAULT_BODY_BYTES = 256 * 1024;

/** Boot order on one screen: transport, edges (headers, refusals, forms), who is asking, then the features. */
export async function composeServer(app: App, options: { tls: { key: string; cert: string } | null; host: string; port: number; features?: readonly Feature[]; plugins?: readonly LoadedPlugin[] }): Promise<Server> {
  const { tls, host, port, features = FEATURES, plugins = [] } = options;
  const server = Hapi.server({
    host,
    port,
    ...(tls === null ? {} : { tls: { ...tls, ...TLS_OPTIONS } }),
    debug: false,
    routes: {
      payload: { maxBytes: DEFAULT_BODY_BYTES },
      validate: { options: { abortEarly: false } },
    },
    router: { stripTrailingSlash: true },
  });
  await server.register([
    { plugin: requestIdPlugin },
    { plugin: schemePlugin, options: { app } },
    { plugin: clientAddressPlugin, options: { trustProxy: app.config.trustProxy } },
    { plugin: rateLimitPlugin, options: { limits: app.config.rateLimits, log: app.log, secretOf } },
    { plugin: refusalsPlugin, options: { app } },
    { plugin: headersPlugin },
    { plugin: csrfPlugin, options: { key: app.formKey, origin: app.config.origin, sessionId: (request: Request) => request.auth.credentials?.wardkeep?.actor.sessionId ?? null } },
    { plugin: viewsPlugin, options: { views: createViews(new Map(plugins.flatMap(({ templates }) => [...templates]))), layout: layoutFor(app) } },
    { plugin: assetsPlugin },
  ]);
  for (const plugin of features) await server.register({ plugin, options: { app } });
  await server.register({ plugin: pluginHostFeature, options: { app, plugins } });
  server.route({ method: 'GET', path: '/', handler: (_request, h) => h.redirect('/contacts') });
  // Unknown addresses are refused like foreign rows: same status, same words.
  server.route({ method: '*', path: '/{any*}', options: { auth: { mode: 'try' }, plugins: {} }, handler: () => { throw fault('route.not_found'); } });
  return server;
}

function layoutFor(app: App): LayoutSource {
  return (request) => {
    const { actor, workspace, email, idleMinutes } = request.auth.credentials?.wardkeep ?? { actor: null, workspace: null, email: null, idleMinutes: null };
    return {
      person: actor === null ? null : { name: actor.name ?? '', email: email ?? '', role: actor.role ?? '' },
      workspace,
      idleSeconds: idleMinutes === null ? null : idleMinutes * 60,
      can: actor === null ? {} : {
        contacts: can(actor, 'contact.read'), appointments: can(actor, 'appointment.read'), tasks: can(actor, 'activity.read'), documents: can(actor, 'document.import'), waiting: can(actor, 'document.resolve'),
        audit: can(actor, 'audit.read'), trust: can(actor, 'trust.read'), admin: can(actor, 'person.read'), manage: can(actor, 'person.manage'),
      },
      pluginLinks: request.plugins.navigation ?? { main: [], admin: [] },
      csrfToken: request.csrfToken(),
      timeZone: workspace?.timeZone ?? 'UTC',
      demo: app.config.mode === 'demo',
    };
  };
}
