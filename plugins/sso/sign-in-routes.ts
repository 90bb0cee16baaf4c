import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import { Fault, authorize, fault, localPath, record, scopeOf } from '../../core/plugin.ts';
import type { PluginDeps, PluginRoute, PluginServer, Scope } from '../../core/plugin.ts';
import { admitPerson } from './admit-person.ts';
import { BASE, oidcConnection, oidcProvider, samlConnection, serviceProvider, slugOf } from './connections.ts';
import { FLOW_COOKIE, FLOW_LIFE_MS, openFlow, takeFlow } from './flow.ts';
import type { PendingFlow } from './flow.ts';
import { provenByOidc, provenBySaml } from './proven-identity.ts';
import type { ProvenIdentity } from './proven-identity.ts';
import { SsoRefusal, refuse } from './refusal.ts';
import { writeMetadata } from './saml/write-metadata.ts';
import { roleFor } from './settings.ts';
import type { Settings } from './settings.ts';
import { usedTokens } from './used-tokens.ts';

const OPEN = (openBecause: string): NonNullable<PluginRoute['options']> => ({ auth: false, plugins: { wardkeep: { openBecause, evenWhenLapsed: true } } });
const FORM_BYTES_MAX = 512 * 1_024;

/** Away to the provider and back: `/plugins/sso/{workspace}/…`. */
export function registerSignIn(server: PluginServer, deps: PluginDeps): void {
  server.state(FLOW_COOKIE, { isSecure: true, isHttpOnly: true, isSameSite: 'None', ttl: FLOW_LIFE_MS, encoding: 'none', ignoreErrors: true });
  server.route([
    { method: 'GET', path: '/{workspace}/start', options: OPEN('People who are about to sign in have not.'), handler: (request, h) => showingRefusal(deps, request, h, () => start(deps, scopeOf(request), request, h, false)) },
    { method: 'GET', path: '/{workspace}/oidc/return', options: OPEN('The provider sends people back here to be signed in.'), handler: (request, h) => takeReturn(deps, request, h, () => proveByOidc(deps, request)) },
    {
      method: 'POST', path: '/{workspace}/saml/acs', options: { ...OPEN('The provider posts its answer here to sign people in.'), payload: { maxBytes: FORM_BYTES_MAX, allow: 'application/x-www-form-urlencoded' } },
      handler: (request, h) => takeReturn(deps, request, h, () => proveBySaml(deps, request)),
    },
    { method: 'GET', path: '/{workspace}/saml/in', options: OPEN('Who was proved a moment ago comes on with the cookies of their browser.'), handler: (request, h) => takeAdmitted(deps, request, h) },
    { method: 'GET', path: '/{workspace}/saml/metadata', options: OPEN('Our keys and addresses, which providers read.'), handler: (request, h) => showMetadata(deps, request, h) },
    { method: 'GET', path: '/test', handler: (request, h) => startTest(deps, request, h) },
  ]);
}

/** The whole way as a person would go it, but nobody is signed in: what was proved is shown. */
async function startTest(deps: PluginDeps, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const scope = scopeOf(request);
  await deps.withWorkspace(scope, async (tx) => authorize(tx, 'plugin.manage', { type: 'plugin', id: 'sso' }));
  return start(deps, scope, request, h, true);
}

async function start(deps: PluginDeps, scope: Scope, request: Request, h: ResponseToolkit, isTest: boolean): Promise<ResponseObject> {
  const [settings, slug] = await contextOf(deps, scope);
  const next = localPath(request.query['next']);
  const more = { next: next === '/' ? '' : next, isTest };
  const { url, pending } = await refusing(deps, scope, () => beginFlow(deps, scope, slug, settings, { ...more, isAnew: request.query['anew'] !== undefined }));
  h.state(FLOW_COOKIE, await deps.withWorkspace(scope, (tx) => openFlow(tx, pending)));
  return h.redirect(url).code(303);
}

async function beginFlow(deps: PluginDeps, scope: Scope, slug: string, settings: Settings, { isAnew, ...more }: { next: string; isTest: boolean; isAnew: boolean }): Promise<{ url: string; pending: PendingFlow }> {
  if (settings.protocol === 'oidc') {
    const { beginSignIn } = await import('./oidc/begin-sign-in.ts'); // as everywhere here: a protocol's library is loaded once somebody signs in by it
    const connection = oidcConnection(deps, scope, slug, settings);
    const begun = await beginSignIn(await oidcProvider(connection, scope), connection, isAnew);
    return { url: begun.url, pending: { ...more, kind: 'oidc', oidc: begun.pending } };
  }
  const { createAuthnRequest } = await import('./saml/authn-request.ts');
  const { url, id } = await createAuthnRequest(await samlConnection(deps, scope, slug, settings), '', isAnew);
  return { url, pending: { ...more, kind: 'saml', requestId: id } };
}

type Proof = { readonly identity: ProvenIdentity; readonly flow: PendingFlow | null };

async function proveByOidc(deps: PluginDeps, request: Request): Promise<Proof> {
  const scope = scopeOf(request);
  const [settings, slug] = await contextOf(deps, scope);
  const flow = await deps.withWorkspace(scope, (tx) => takeFlow(tx, request.state[FLOW_COOKIE], 'oidc'));
  if (flow === null || settings.protocol !== 'oidc') throw new SsoRefusal('oidc.response');
  const { completeSignIn } = await import('./oidc/complete-sign-in.ts');
  const connection = oidcConnection(deps, scope, slug, settings);
  const identity = await completeSignIn(await oidcProvider(connection, scope), connection, request.url.search.slice(1), flow.oidc);
  return { identity: provenByOidc(identity, settings), flow };
}

async function proveBySaml(deps: PluginDeps, request: Request): Promise<Proof> {
  const scope = scopeOf(request);
  const [settings, slug] = await contextOf(deps, scope);
  if (settings.protocol !== 'saml') throw new SsoRefusal('saml.structure');
  const flow = await deps.withWorkspace(scope, (tx) => takeFlow(tx, request.state[FLOW_COOKIE], 'saml'));
  const pending = flow === null ? null : { id: flow.requestId };
  const { SAMLResponse: message } = (request.payload ?? {}) as { SAMLResponse?: unknown };
  // RelayState is not looked at: where to go on was kept with the flow, and a sign-in from the provider's side goes to the first page.
  const { verifyResponse } = await import('./saml/verify-response.ts');
  const identity = await verifyResponse(await samlConnection(deps, scope, slug, settings), message, pending, usedTokens(deps, scope), new Date());
  return { identity: provenBySaml(identity, settings), flow };
}

function takeReturn(deps: PluginDeps, request: Request, h: ResponseToolkit, prove: () => Promise<Proof>): Promise<ResponseObject> {
  h.unstate(FLOW_COOKIE);
  return showingRefusal(deps, request, h, () => letProvenIn(deps, request, h, prove));
}

async function letProvenIn(deps: PluginDeps, request: Request, h: ResponseToolkit, prove: () => Promise<Proof>): Promise<ResponseObject> {
  const scope = scopeOf(request);
  const { identity, flow } = await refusing(deps, scope, prove);
  const settings = await deps.settings<Settings>(scope);
  if (flow?.isTest) return h.page('sso/test', { identity, role: roleFor(settings, identity.groups) });
  const admitted = await refusing(deps, scope, () => deps.withWorkspace(scope, (tx) => admitPerson(tx, identity, settings)));
  const [isSecondFactorDone, next] = [identity.isSecondFactorDone, flow?.next ?? ''];
  if (settings.protocol === 'oidc') return deps.letIn(request, h, { ...admitted, protocol: 'oidc', isSecondFactorDone, next });
  const [handle, slug] = await deps.withWorkspace(scope, async (tx) => [await openFlow(tx, { kind: 'admitted', admitted, isSecondFactorDone, next, isTest: false }), await slugOf(tx)] as const);
  h.state(FLOW_COOKIE, handle);
  return h.redirect(`${BASE}/${slug}/saml/in`).code(303);
}

/**
 * SAML's answer is another site's form, and with that browsers send no cookie of ours that is Lax (RFC 6265bis 5.6.7.1): neither the session that is to
 * end nor the sign that the browser is known. The page it leads to gets both.
 */
function takeAdmitted(deps: PluginDeps, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  h.unstate(FLOW_COOKIE);
  const scope = scopeOf(request);
  return showingRefusal(deps, request, h, async () => {
    const flow = await refusing(deps, scope, () => deps.withWorkspace(scope, async (tx) => (await takeFlow(tx, request.state[FLOW_COOKIE], 'admitted')) ?? refuse('saml.replayed')));
    return deps.letIn(request, h, { ...flow.admitted, protocol: 'saml', isSecondFactorDone: flow.isSecondFactorDone, next: flow.next });
  });
}

/** One sentence for the person whatever was wrong; the reason goes on the record. */
async function refusing<T>(deps: PluginDeps, scope: Scope, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof SsoRefusal ? error.code : error instanceof Fault ? error.code : null;
    if (reason === null) throw error;
    await deps.withWorkspace(scope, async (tx) => record(tx, { action: 'sso.sign_in.refused', outcome: 'refused', detail: { reason } }));
    throw error instanceof Fault ? error : fault('sso.sign_in.refused', { cause: error });
  }
}

/** What a person who was sent away sees: why, and the way to start again, which asks the provider to as well: with the session that it has it would say the same once more. */
async function showingRefusal(deps: PluginDeps, request: Request, h: ResponseToolkit, work: () => Promise<ResponseObject>): Promise<ResponseObject> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const slug = await deps.withWorkspace(scopeOf(request), slugOf);
    return h.page('sso/refused', { text: error.message, code: error.code, start: `${BASE}/${slug}/start?anew`, signIn: `/sign-in?workspace=${slug}` }).code(error.status);
  }
}

async function contextOf(deps: PluginDeps, scope: Scope): Promise<[settings: Settings, slug: string]> {
  return [await deps.settings<Settings>(scope), await deps.withWorkspace(scope, slugOf)];
}

async function showMetadata(deps: PluginDeps, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const scope = scopeOf(request);
  const service = await serviceProvider(deps, scope, await deps.withWorkspace(scope, slugOf));
  return h.response(writeMetadata(service)).type('application/samlmetadata+xml');
}
