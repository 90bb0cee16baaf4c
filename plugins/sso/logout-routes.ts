import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import { endVouched, fault, record, scopeOf } from '../../core/plugin.ts';
import type { PluginDeps, PluginRoute, PluginServer, Scope, Tx } from '../../core/plugin.ts';
import { oidcConnection, oidcProvider, samlConnection, slugOf } from './connections.ts';
import { takeFlow } from './flow.ts';
import { ProviderSession } from './models.ts';
import { SsoRefusal } from './refusal.ts';
import type { SamlConnection } from './saml/settings.ts';
import type { LogoutRequest, LogoutResponse } from './saml/verify-logout.ts';
import type { Settings } from './settings.ts';
import { usedTokens } from './used-tokens.ts';

const OPEN = (openBecause: string): NonNullable<PluginRoute['options']> => ({ auth: false, plugins: { wardkeep: { openBecause, evenWhenLapsed: true } }, payload: { maxBytes: 512 * 1_024, allow: 'application/x-www-form-urlencoded' } });
const OPEN_GET = (openBecause: string): NonNullable<PluginRoute['options']> => ({ auth: false, plugins: { wardkeep: { openBecause } } });

/** Signing out in either direction. */
export function registerLogout(server: PluginServer, deps: PluginDeps): void {
  server.route([
    { method: 'POST', path: '/{workspace}/oidc/back-channel', options: OPEN('The provider tells us of a sign-out; its signed token proves it.'), handler: (request, h) => takeLogoutToken(deps, request, h) },
    { method: 'GET', path: '/{workspace}/saml/slo', options: OPEN_GET('The provider tells us of a sign-out, signed.'), handler: (request, h) => takeSamlLogout(deps, request, h) },
    { method: 'POST', path: '/{workspace}/saml/slo', options: OPEN('The provider tells us of a sign-out, signed.'), handler: (request, h) => takeSamlLogout(deps, request, h) },
    { method: 'GET', path: '/{workspace}/sign-out', options: OPEN_GET('Whoever just signed out here goes on to the provider; a handle for one use says who.'), handler: (request, h) => signOutThere(deps, request, h) },
  ]);
}

/** OpenID Connect Back-Channel Logout 1.0, 2.8: 200, or 400; never cached. */
async function takeLogoutToken(deps: PluginDeps, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const scope = scopeOf(request);
  const settings = await deps.settings<Settings>(scope);
  const connection = oidcConnection(deps, scope, await deps.withWorkspace(scope, slugOf), settings);
  const { subject, sessionId } = await refusing(deps, scope, async () => {
    if (settings.protocol !== 'oidc') throw new SsoRefusal('oidc.logout_token');
    const { verifyLogoutToken } = await import('./oidc/verify-logout-token.ts');
    return verifyLogoutToken(await oidcProvider(connection, scope), connection, (request.payload as { logout_token?: unknown } | null)?.logout_token, usedTokens(deps, scope));
  });
  await deps.withWorkspace(scope, (tx) => endThere(tx, { issuer: connection.issuer, subject, sessionKeys: sessionId === null ? [] : [sessionId] }));
  return h.response().code(200).header('cache-control', 'no-store');
}

async function takeSamlLogout(deps: PluginDeps, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const scope = scopeOf(request);
  const { connection, message } = await refusing(deps, scope, () => readSamlLogout(deps, scope, request));
  if (message.kind === 'response') return h.redirect('/sign-in').code(303);
  await deps.withWorkspace(scope, (tx) => endThere(tx, { issuer: connection.provider.entityId, subject: message.nameId, sessionKeys: message.sessionIndexes }));
  const { createLogoutResponse } = await import('./saml/logout.ts');
  return h.redirect((await createLogoutResponse(connection, message.id, message.relayState, true)) ?? '/sign-in').code(303);
}

async function readSamlLogout(deps: PluginDeps, scope: Scope, request: Request): Promise<{ connection: SamlConnection; message: LogoutRequest | LogoutResponse }> {
  const settings = await deps.settings<Settings>(scope);
  if (settings.protocol !== 'saml') throw new SsoRefusal('saml.logout');
  const connection = await samlConnection(deps, scope, await deps.withWorkspace(scope, slugOf), settings);
  const store = usedTokens(deps, scope);
  const { verifyPostLogout, verifyRedirectLogout } = await import('./saml/verify-logout.ts');
  const message = request.method === 'post' ? await verifyPostLogout(connection, (request.payload ?? {}) as object, store, new Date()) : await verifyRedirectLogout(connection, request.url.search.slice(1), store, new Date());
  return { connection, message };
}

/** `subject` null: whoever's the sessions are. `sessionKeys` empty: all of the subject's. */
type SignedOutThere = { readonly issuer: string; readonly subject: string | null; readonly sessionKeys: readonly string[] };

/**
 * Ends what the provider's sessions opened here and leaves the person's others (Back-Channel Logout 1.0, 2.7; saml-core-2.0-os 3.7.1). A session
 * that the provider gave no key when it began may be any of the subject's, so it ends with each.
 */
async function endThere(tx: Tx, { issuer, subject, sessionKeys }: SignedOutThere): Promise<void> {
  const ended = ProviderSession.query(tx).delete().where({ issuer });
  if (subject !== null) void ended.where({ subject });
  if (sessionKeys.length > 0) void ended.where((one) => void (subject === null ? one : one.whereNull('session_key')).orWhereIn('session_key', [...sessionKeys]));
  const rows = (await ended.returning(['id', 'user_id'])) as unknown as ProviderSession[];
  for (const userId of new Set(rows.map((row) => row.user_id))) {
    let sessions = 0;
    for (const { id } of rows.filter((row) => row.user_id === userId)) sessions += await endVouched(tx, { userId, vouchedBy: id });
    record(tx, { action: 'sso.person.signed_out', target: { type: 'user', id: userId }, detail: { issuer, sessions } });
  }
}

/** From our own sign-out (the answer to `signOut`): the session here is over already, the one there goes now. */
async function signOutThere(deps: PluginDeps, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const scope = scopeOf(request);
  const row = await deps.withWorkspace(scope, async (tx) => {
    const flow = await takeFlow(tx, request.query['handle'], 'sign_out');
    const found = flow === null ? undefined : await ProviderSession.query(tx).findById(flow.sessionId);
    if (found !== undefined) await ProviderSession.query(tx).deleteById(found.id);
    return found;
  });
  return h.redirect((row && (await refusing(deps, scope, () => addressThere(deps, scope, row)))) ?? '/sign-in').code(303);
}

async function addressThere(deps: PluginDeps, scope: Scope, row: ProviderSession): Promise<string | null> {
  const settings = await deps.settings<Settings>(scope);
  const slug = await deps.withWorkspace(scope, slugOf);
  if (settings.protocol === 'oidc') {
    const { endSessionUrl } = await import('./oidc/end-session.ts');
    const connection = oidcConnection(deps, scope, slug, settings);
    return row.hint === null ? null : endSessionUrl(await oidcProvider(connection, scope), connection, row.hint, row.id);
  }
  const { createLogoutRequest } = await import('./saml/logout.ts');
  return (await createLogoutRequest(await samlConnection(deps, scope, slug, settings), { nameId: row.subject, nameIdFormat: row.hint, sessionIndex: row.session_key }, ''))?.url ?? null;
}

async function refusing<T>(deps: PluginDeps, scope: Scope, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SsoRefusal)) throw error;
    await deps.withWorkspace(scope, async (tx) => record(tx, { action: 'sso.sign_out.refused', outcome: 'refused', detail: { reason: error.code } }));
    throw fault('sso.sign_out.refused', { cause: error });
  }
}
