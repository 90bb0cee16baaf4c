import type { Request } from '@hapi/hapi';
import type { Actor, Scope } from '../db/scope.ts';
import { fault } from '../errors.ts';

/** What every authentication scheme (cookie session, bearer token, plugins' own) yields as `request.auth.credentials`. */
export type WardkeepCredentials = {
  readonly workspace: { readonly id: string; readonly name: string; readonly slug: string; readonly timeZone: string };
  readonly actor: Actor;
  /** Staff e-mail, for the page header; null for service accounts. */
  readonly email: string | null;
  /** How long the session lasts unused; null for service accounts. */
  readonly idleMinutes: number | null;
};

declare module '@hapi/hapi' {
  interface AuthCredentials {
    wardkeep?: WardkeepCredentials;
  }
}

/** @throws Fault session.required */
export function credentialsOf(request: Request): WardkeepCredentials {
  const credentials = request.auth.isAuthenticated ? request.auth.credentials.wardkeep : undefined;
  if (credentials === undefined) throw fault('session.required');
  return credentials;
}

/** The scope that the door binds a request's transaction to. */
export function scopeOf(request: Request): Scope {
  const { workspace, actor } = credentialsOf(request);
  return { workspaceId: workspace.id, actor, ...originOf(request) };
}

/** Where a request came from, for the audit. `remoteAddress` is the proxy's word only when the configuration trusts one (see server.ts). */
export function originOf(request: Request): Pick<Scope, 'ip' | 'userAgent' | 'requestId'> {
  return { ip: request.plugins.client?.ip ?? request.info.remoteAddress, userAgent: String(request.headers['user-agent'] ?? '').slice(0, 300) || null, requestId: request.info.id };
}

declare module '@hapi/hapi' {
  interface PluginsStates {
    client?: { ip: string };
  }
}
