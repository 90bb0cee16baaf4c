import { X509Certificate } from 'node:crypto';
import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import { Joi, authorize, flash, parse, scopeOf } from '../../core/plugin.ts';
import type { PluginDeps, PluginServer } from '../../core/plugin.ts';
import { BASE, addressesFor, serviceProvider, slugOf } from './connections.ts';
import { makeNextKey, retireKey } from './keys.ts';
import { ServiceKey } from './models.ts';
import { listScimTokens, makeScimToken, revokeScimToken } from './scim/tokens.ts';
import type { Settings } from './settings.ts';

const oneId = Joi.object<{ id: string }>({ id: Joi.string().uuid({ separator: '-', wrapper: false }).required() });

/** What an administrator needs while setting a provider up: our addresses and keys, a sign-in to try, the provisioning token. */
export function registerPages(server: PluginServer, deps: PluginDeps): void {
  server.route([
    { method: 'GET', path: '/', handler: (request, h) => showPage(deps, request, h, null) },
    { method: 'POST', path: '/keys', handler: (request, h) => nextKey(deps, request, h) },
    { method: 'POST', path: '/keys/{id}/retire', handler: (request, h) => retire(deps, request, h) },
    { method: 'POST', path: '/scim-tokens', handler: (request, h) => newToken(deps, request, h) },
    { method: 'POST', path: '/scim-tokens/{id}/revoke', handler: (request, h) => revoke(deps, request, h) },
  ]);
}

async function showPage(deps: PluginDeps, request: Request, h: ResponseToolkit, token: string | null): Promise<ResponseObject> {
  const scope = scopeOf(request);
  const slug = await deps.withWorkspace(scope, async (tx) => {
    authorize(tx, 'sso.page.read', { type: 'plugin', id: 'sso' });
    return slugOf(tx);
  });
  const { protocol, enforced, breakGlass = null } = await deps.settings<Settings>(scope);
  await serviceProvider(deps, scope, slug); // whose first key is made when first asked for
  const [keys, tokens] = await deps.withWorkspace(scope, async (tx) => [await ServiceKey.query(tx).whereNull('retired_at').orderBy('made_at').orderBy('id'), await listScimTokens(tx)] as const);
  const at = `${deps.origin}${BASE}/${slug}`;
  return h.page('sso/page', {
    protocol, enforced, breakGlass, token, tokens,
    addresses: addressesFor(deps.origin, slug)[protocol].map((each, index) => ({ ...each, id: `address-${index}` })),
    start: `${at}/start`, scim: `${at}/scim/v2`,
    keys: keys.map((row, index) => ({ id: row.id, standing: index === 0 ? 'signs' : 'coming', until: new X509Certificate(row.certificate).validToDate, mayRetire: keys.length > 1 && index === 0 })),
  });
}

async function nextKey(deps: PluginDeps, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  await deps.withWorkspace(scopeOf(request), (tx) => makeNextKey(tx, new URL(deps.origin).hostname));
  flash(h, 'success', 'The next certificate stands in the metadata. Retire the old one when the provider has read it.');
  return h.redirect(BASE).code(303);
}

async function retire(deps: PluginDeps, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { id } = parse(oneId, request.params);
  await deps.withWorkspace(scopeOf(request), (tx) => retireKey(tx, id));
  flash(h, 'success', 'Retired. The next certificate signs from now on.');
  return h.redirect(BASE).code(303);
}

/** Shown this once. */
async function newToken(deps: PluginDeps, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  return showPage(deps, request, h, await deps.withWorkspace(scopeOf(request), (tx) => makeScimToken(tx)));
}

async function revoke(deps: PluginDeps, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { id } = parse(oneId, request.params);
  await deps.withWorkspace(scopeOf(request), (tx) => revokeScimToken(tx, id));
  flash(h, 'success', 'The token is void.');
  return h.redirect(BASE).code(303);
}
