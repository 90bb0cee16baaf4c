import { boomify, unauthorized } from '@hapi/boom';
import type { Plugin, Request } from '@hapi/hapi';
import type { App } from '../app.ts';
import { Fault, fault } from '../errors.ts';
import { scopeOf } from '../http/credentials.ts';
import { standingOf } from './find-credentials.ts';
import { findServiceAccount } from './service-accounts/find-service-account.ts';
import { COOKIE_OPTIONS, SESSION_COOKIE } from './session/cookie.ts';
import { findSession } from './session/find-session.ts';

// Made once: a stack for every request that comes with the other of the two is work for nothing.
const NO_SESSION = unauthorized(null, 'Session');
const NO_TOKEN = unauthorized(null, 'Bearer');

/**
 * Who is asking. `session` reads the cookie and is every route's default; `token` reads a service account's bearer token (RFC 6750 §2.1,
 * header only). Both yield `credentials.wardkeep`. An API route takes either: `auth: { strategies: ['token', 'session'] }`.
 */
export const schemePlugin: Plugin<{ app: App }> = {
  name: 'wardkeep-auth-scheme',
  register(server, { app }) {
    server.state(SESSION_COOKIE, COOKIE_OPTIONS);

    server.auth.scheme('wardkeep-session', () => ({
      async authenticate(request, h) {
        const cookie: unknown = request.state[SESSION_COOKIE];
        if (cookie === undefined) return h.unauthenticated(NO_SESSION);
        const credentials = await findSession(app, cookie, { mayAnticipate: actsAtOnce(request), isUse: request.route.settings.plugins?.session?.isUse !== false });
        if (credentials !== null) return h.authenticated({ credentials: { wardkeep: credentials } });
        request.plugins.auth = { deadCookie: true };
        throw fault('session.expired');
      },
    }));
    server.auth.scheme('wardkeep-token', () => ({
      async authenticate(request, h) {
        const token = bearerOf(request);
        if (token === null) return h.unauthenticated(NO_TOKEN);
        const credentials = await findServiceAccount(app, token, { mayAnticipate: actsAtOnce(request) });
        if (credentials === null) throw fault('token.refused');
        return h.authenticated({ credentials: { wardkeep: credentials } });
      },
    }));
    server.auth.strategy('session', 'wardkeep-session');
    server.auth.strategy('token', 'wardkeep-token');
    server.auth.default('session');

    server.ext('onPreResponse', async (request, h) => {
      const credentials = request.auth.credentials?.wardkeep;
      if (credentials !== undefined) {
        // Refused before the act that would have asked, for what was sent: whoever is gone is told that, and nothing of it.
        if ('isBoom' in request.response && standingOf(credentials) === 'guessed') {
          await app.withWorkspace(scopeOf(request), async () => undefined).catch((error: Error) => (request.plugins.refusedFirst = error instanceof Fault ? error : boomify(error)));
        }
        if (credentials.actor.kind === 'user' && standingOf(credentials) === 'gone') request.plugins.auth = { deadCookie: true };
      }
      if (request.plugins.auth?.deadCookie) h.unstate(SESSION_COOKIE);
      return h.continue;
    });
  },
};

/** Routes whose handler does nothing but one act, which only reads: until that is through, the actor may be one remembered. */
function actsAtOnce({ route }: Request): boolean {
  const api = route.settings.plugins?.api;
  return api !== undefined && (api.method === 'GET' || api.readOnly === true) && 'handler' in api;
}

/**
 * What the route goes by to know who asks: of its strategies the first that finds something, good or not. Whatever else a request comes with is never
 * looked at, so it must not count as a secret either. Where nobody is asked for, the cookie.
 */
export function secretOf(request: Request): string | null {
  const { auth } = request.route.settings;
  const strategies = (typeof auth === 'object' && auth.strategies) || ['session'];
  for (const strategy of strategies) {
    const secret = strategy === 'token' ? bearerOf(request) : cookieOf(request);
    if (secret !== null) return secret;
  }
  return null;
}

function cookieOf(request: Request): string | null {
  const cookie: unknown = request.state[SESSION_COOKIE];
  return typeof cookie === 'string' ? cookie : null;
}

function bearerOf(request: Request): string | null {
  return /^bearer +(\S+)$/i.exec(String(request.headers['authorization'] ?? ''))?.[1] ?? null;
}

declare module '@hapi/hapi' {
  interface PluginSpecificConfiguration {
    /** `isUse: false`: being asked for this does not keep a session from lapsing. */
    session?: { isUse: false };
  }
  interface PluginsStates {
    auth?: { deadCookie: true };
  }
}
