import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../../app.ts';
import { record } from '../../audit/record.ts';
import { normalizeEmail } from '../../crypto/normalize.ts';
import { Fault } from '../../errors.ts';
import { originOf, scopeOf, type WardkeepCredentials } from '../../http/credentials.ts';
import { localPath } from '../../http/local-path.ts';
import { parse } from '../../http/refusals.ts';
import type { Feature } from '../../http/feature.ts';
import { ask, type SignInMethod } from '../../hooks.ts';
import { COOKIE_OPTIONS, SESSION_COOKIE } from '../session/cookie.ts';
import { endSessions, type HeldSession } from '../session/actions.ts';
import { Session } from '../session/model.ts';
import { BROWSER_COOKIE, BROWSER_COOKIE_LIFE_MS, knownBrowser, rememberBrowser } from './known-browser.ts';
import { CHALLENGE_COOKIE, CHALLENGE_LIFE_MS, ENROL_LIFE_MS, readChallenge, scopeBeforeSession, type OpenChallenge } from './challenge.ts';
import { CHOICE_COOKIE } from './choice.ts';
import { takeFirstStep, type FirstStepTaken } from './first-step.ts';
import { leaveTo } from './onward.ts';
import { takeSecondStep, type BrowserState, type CodeMethod, type SignedIn } from './second-step.ts';

/** Where people land after signing in without a page to go back to. */
export const START_PAGE = '/contacts';

/** Reachable without a session; one that is there is known. */
export const OPEN = { auth: { mode: 'try' as const, strategy: 'session' } };

const passwordForm = Joi.object({
  email: Joi.string().trim().max(254).required(), password: Joi.string().max(1024).required(),
  workspace: Joi.string().trim().lowercase().max(40).allow('').default(''), next: Joi.string().max(2000).allow('').default(''),
});
const codeForm = Joi.object({ method: Joi.string().valid('totp', 'recovery').required(), code: Joi.string().trim().max(100).required(), next: Joi.string().max(2000).allow('').default('') });

/** Sign-in as people see it: /sign-in, /sign-in/second, /sign-out. Passkeys and enrolment have files of their own. */
export const signInRoutes: Feature = {
  name: 'wardkeep-sign-in',
  register(server, { app }) {
    server.state(CHALLENGE_COOKIE, { ...COOKIE_OPTIONS, ttl: Math.max(CHALLENGE_LIFE_MS, ENROL_LIFE_MS) });
    server.state(BROWSER_COOKIE, { ...COOKIE_OPTIONS, ttl: BROWSER_COOKIE_LIFE_MS });

    server.route([
      { method: 'GET', path: '/sign-in', options: OPEN, handler: (request, h) => showSignIn(app, request, h) },
      { method: 'POST', path: '/sign-in', options: OPEN, handler: (request, h) => takePassword(app, request, h) },
      { method: 'GET', path: '/sign-in/second', options: OPEN, handler: (request, h) => showSecond(app, request, h) },
      { method: 'POST', path: '/sign-in/second', options: OPEN, handler: (request, h) => takeCode(app, request, h) },
      { method: 'POST', path: '/sign-out', handler: (request, h) => signOut(app, request, h) },
    ]);
  },
};

const PASSKEY_ALONE = { optionsUrl: '/sign-in/passkey/options', verifyUrl: '/sign-in/passkey/verify' };
const PASSKEY_SECOND = { optionsUrl: '/sign-in/second/passkey/options', verifyUrl: '/sign-in/second/passkey/verify' };

async function showSignIn(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const next = localNext(request);
  if (request.auth.isAuthenticated) return h.redirect(next || START_PAGE).code(303);
  const workspace = typeof request.query['workspace'] === 'string' ? request.query['workspace'] : '';
  return h.page('auth/sign-in', { form: { email: '', workspace, next }, errors: {}, passkey: PASSKEY_ALONE, otherWays: await otherWays(app, request, workspace, next) });
}

/** Of a page whose address names its workspace; one that is not there has none either. */
async function otherWays(app: App, request: Request, slug: string, next: string): Promise<readonly SignInMethod[]> {
  if (slug === '') return [];
  const id = await app.withSystem('sign_in', async (tx) => ((await tx.knex('sys.workspaces').where({ slug, status: 'active' }).first('id')) as { id: string } | undefined)?.id);
  return id === undefined ? [] : app.withWorkspace(scopeBeforeSession(id, originOf(request)), (tx) => ask(tx, 'signInMethods', { next: next === '' ? null : next }));
}

async function takePassword(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { password, ...form } = parse<{ email: string; password: string; workspace: string; next: string }>(passwordForm, request.payload);
  const email = normalizeEmail(form.email);
  try {
    const step = await takeFirstStep(app, originOf(request), { email, password, workspace: form.workspace || null, browserOf: browserState(app, request).browser });
    if (!('choice' in step)) return goOn(h, step, form.next);
    h.state(CHOICE_COOKIE, step.choice);
    return h.redirect(withNext('/sign-in/practice', form.next)).code(303);
  } catch (error) {
    if (!(error instanceof Fault) || (error.status !== 401 && error.status !== 429)) throw error;
    return h.page('auth/sign-in', { form, errors: { form: error.message }, passkey: PASSKEY_ALONE, otherWays: await otherWays(app, request, form.workspace, form.next) }).code(error.status);
  }
}

/** To the second step, to setting one up, or to where the workspace wants this person to sign in. */
export function goOn(h: ResponseToolkit, step: Exclude<FirstStepTaken, { choice: string }>, next: string): ResponseObject {
  if ('elsewhere' in step) return leaveTo(h, step.elsewhere, 'One moment', 'Your workspace signs in with its own provider, not with this password.');
  h.state(CHALLENGE_COOKIE, step.cookie);
  return h.redirect(withNext(step.purpose === 'enrol' ? '/sign-in/enrol' : '/sign-in/second', next)).code(303);
}

async function showSecond(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const challenge = await readChallenge(app, originOf(request), request.state[CHALLENGE_COOKIE], 'sign_in');
  return secondPage(h, challenge, methodOf(challenge, request.query['method']), localNext(request), {});
}

async function takeCode(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const input = parse<{ method: CodeMethod; code: string; next: string }>(codeForm, request.payload);
  try {
    return await letIn(app, request, h, await takeSecondStep(app, originOf(request), request.state[CHALLENGE_COOKIE], input, browserState(app, request)), input.next);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'code.refused') throw error;
    const challenge = await readChallenge(app, originOf(request), request.state[CHALLENGE_COOKIE], 'sign_in');
    return secondPage(h, challenge, input.method, input.next, { code: error.message }).code(error.status);
  }
}

async function signOut(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const scope = scopeOf(request);
  const { sessionId, id: userId } = scope.actor;
  const [further] = await app.withWorkspace(scope, async (tx) => {
    const session = await Session.query(tx).findById(sessionId as string);
    await endSessions(tx, { id: sessionId as string }, 'signed_out');
    record(tx, { action: 'auth.signed_out', target: { type: 'session', id: sessionId } });
    return ask(tx, 'signOut', { sessionId: sessionId as string, userId: userId as string, vouchedBy: session?.vouched_by ?? null });
  });
  h.unstate(SESSION_COOKIE);
  if (further !== undefined) return leaveTo(h, further.redirect, 'You are signed out', 'Your session at your provider ends now, too.');
  return h.redirect('/sign-in').code(303);
}

type SecondMethod = CodeMethod | 'passkey';

function secondPage(h: ResponseToolkit, { factors, expiresAt }: OpenChallenge, method: SecondMethod, next: string, errors: object): ResponseObject {
  return h.page('auth/second-factor', { method, methods: factors, errors, passkey: PASSKEY_SECOND, expiresAt, next });
}

/** The asked-for method if the person has it, else the strongest they have. */
function methodOf({ factors }: OpenChallenge, asked: unknown): SecondMethod {
  const has: readonly SecondMethod[] = (['passkey', 'totp', 'recovery'] as const).filter((method) => factors[method]);
  return has.find((method) => method === asked) ?? has[0] ?? 'recovery';
}

async function letIn(app: App, request: Request, h: ResponseToolkit, signedIn: SignedIn, next: string): Promise<ResponseObject> {
  await setSession(app, request, h, signedIn);
  return h.redirect(landingPage(next)).code(303);
}

export function landingPage(next: string): string {
  return localPath(next) === '/' ? START_PAGE : localPath(next);
}

/**
 * Puts the session and the known-browser cookie on the answer, forgets the challenge and ends the session that this browser had in another workspace;
 * one in the same ended as the new one was opened.
 */
export async function setSession(app: App, request: Request, h: ResponseToolkit, { cookie, account }: SignedIn, before = heldSession(request.auth.credentials?.wardkeep)): Promise<void> {
  if (before !== null && before.workspaceId !== account.workspaceId) {
    await app.withWorkspace(scopeBeforeSession(before.workspaceId, originOf(request)), (tx) => endSessions(tx, { id: before.id }, 'replaced'));
  }
  h.state(SESSION_COOKIE, cookie);
  h.state(BROWSER_COOKIE, rememberBrowser(app.formKey, request.state[BROWSER_COOKIE], account));
  h.unstate(CHALLENGE_COOKIE);
}

export function browserState(app: App, request: Request): BrowserState {
  return { browser: (account) => knownBrowser(app.formKey, request.state[BROWSER_COOKIE], account), session: heldSession(request.auth.credentials?.wardkeep) };
}

export function heldSession(found: WardkeepCredentials | null | undefined): HeldSession | null {
  return !found || found.actor.sessionId === null ? null : { workspaceId: found.workspace.id, id: found.actor.sessionId };
}

/** Where to go back to: `next` of our own links, `return` of the redirect that refusals make. */
export function localNext(request: Request): string {
  const asked: unknown = request.query['next'] ?? request.query['return'];
  const path = asked === undefined ? '' : localPath(asked);
  return /^\/sign-in\b/.test(path) ? '' : path; // a step of a sign-in that is over leads back here, and so on
}

export function withNext(path: string, next: string): string {
  return next === '' ? path : `${path}?next=${encodeURIComponent(next)}`;
}
