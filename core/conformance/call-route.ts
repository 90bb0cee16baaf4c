import type { RequestRoute, Server, ServerInjectResponse } from '@hapi/hapi';
import { uuidv7 } from '../crypto/uuid.ts';
import { realmOf } from '../plugins/gate.ts';
import type { Subject } from './subject.ts';

/** Every route in the plugin's realm; ids in the path are ones that no row has. */
export type Route = { readonly method: string; readonly path: string; readonly isOpen: boolean; readonly settings: RequestRoute['settings'] };

export function routesOf({ server, loaded: { plugin } }: Subject): Route[] {
  return server.table().filter((route) => route.realm.plugin === realmOf(plugin.name))
    .map(({ method, path, settings }) => ({ method: method.toUpperCase(), path, settings: settings as RequestRoute['settings'], isOpen: settings.plugins?.wardkeep?.openBecause !== undefined }));
}

export function fill(path: string, slug: string): string {
  return path.replaceAll('{workspace}', slug).replaceAll(/\{[^}]+\}/g, () => uuidv7());
}

export const GET = { method: 'GET', settings: {} } as const;
const FORM = 'application/x-www-form-urlencoded';

const tokens = new WeakMap<Server, Map<string, string | undefined>>();

/** The token of that session's forms; it holds as long as the session. */
async function formToken(server: Server, cookie: string | null): Promise<string | undefined> {
  const known = tokens.get(server) ?? new Map<string, string | undefined>();
  tokens.set(server, known);
  const session = cookie ?? '';
  if (!known.has(session)) known.set(session, /name="_csrf" value="([^"]+)"/.exec((await server.inject({ url: '/api', headers: { accept: 'text/html', ...(cookie === null ? {} : { cookie }) } })).payload)?.[1]);
  return known.get(session);
}

export async function call({ server }: Subject, { method, settings }: Pick<Route, 'method' | 'settings'>, url: string, cookie: string | null): Promise<ServerInjectResponse> {
  // A change is sent as a script of our own page would, so that what refuses it is the route and not the guard against forged forms.
  const headers: Record<string, string> = { accept: 'application/json', 'sec-fetch-site': 'same-origin', ...(cookie === null ? {} : { cookie }) };
  if (method === 'GET') return server.inject({ method, url, headers });
  const token = await formToken(server, cookie);
  const type = [settings.payload?.allow ?? []].flat().includes(FORM) ? FORM : 'application/json'; // hapi refuses other types before it asks whether the plugin is on
  return server.inject({ method: method as 'POST', url, headers: { ...headers, 'content-type': type, ...(token === undefined ? {} : { 'x-csrf-token': token }) }, payload: type === FORM ? '' : '{}' });
}

