import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../../app.ts';
import type { Tx } from '../../db/scope.ts';
import { Fault, fault } from '../../errors.ts';
import { credentialsOf, scopeOf } from '../../http/credentials.ts';
import { flash } from '../../http/flash.ts';
import { formErrors } from '../../http/form-errors.ts';
import { localPath } from '../../http/local-path.ts';
import { parse } from '../../http/refusals.ts';
import { oneId } from '../../http/schemas.ts';
import type { Feature } from '../../http/feature.ts';
import { registerPasskey, registrationOptions } from '../passkey/ceremony.ts';
import { endOtherSessions, endSession } from '../session/actions.ts';
import { listOwnSessions } from '../session/list-sessions.ts';
import { browserState, landingPage } from '../sign-in/routes.ts';
import { passkeyAnswer, type PasskeyAnswer } from '../sign-in/enrol-routes.ts';
import { requireFresh } from '../step-up/require-fresh.ts';
import { beginTotpSetup, continueTotpSetup } from '../totp/setup.ts';
import { tellOfChange } from '../mail/notices.ts';
import { changePassword, makeRecoveryCodes, removePasskey, removeTotp, replaceTotp, showSecurity } from './actions.ts';

const passwordForm = Joi.object({ currentPassword: Joi.string().max(1024).required(), password: Joi.string().max(1024).required() });
const totpForm = Joi.object({ code: Joi.string().trim().max(20).required(), setup: Joi.string().max(2000).required(), next: Joi.string().max(2000).allow('').default('') });

/** A person's own ways of signing in and own sessions: /account/…. */
export const accountRoutes: Feature = {
  name: 'wardkeep-account',
  register(server, { app }) {
    const inWorkspace = <T>(request: Request, act: (tx: Tx) => Promise<T>): Promise<T> => app.withWorkspace(scopeOf(request), act);
    const idOf = (request: Request): string => parse(oneId, request.params).id;
    const back = (h: ResponseToolkit, path: string, said: string): ResponseObject => {
      flash(h, 'success', said);
      return h.redirect(path).code(303);
    };

    server.route([
      { method: 'GET', path: '/account/security', handler: (request, h) => securityPage(app, request, h, {}) },
      { method: 'POST', path: '/account/password', handler: (request, h) => takePassword(app, request, h) },
      { method: 'GET', path: '/account/totp', handler: (request, h) => totpPage(app, request, h, null, {}) },
      { method: 'POST', path: '/account/totp', handler: (request, h) => takeTotp(app, request, h) },
      { method: 'POST', path: '/account/totp/remove', handler: async (request, h) => {
        await inWorkspace(request, (tx) => removeTotp(app, tx));
        return back(h, '/account/security', 'Authenticator app removed.');
      } },
      { method: 'POST', path: '/account/passkeys/options', handler: (request) => inWorkspace(request, (tx) => passkeyOptions(app, request, tx)) },
      { method: 'POST', path: '/account/passkeys/verify', handler: (request, h) => takePasskey(app, request, h) },
      { method: 'POST', path: '/account/passkeys/{id}/remove', handler: async (request, h) => {
        await inWorkspace(request, (tx) => removePasskey(app, tx, idOf(request)));
        return back(h, '/account/security', 'Passkey removed.');
      } },
      { method: 'GET', path: '/account/recovery-codes', handler: (request, h) => h.page('auth/recovery-codes', { codes: null, continueUrl: landingPage(String(request.query['next'] ?? '')) }) },
      { method: 'POST', path: '/account/recovery-codes', handler: async (request, h) => {
        const codes = await inWorkspace(request, (tx) => makeRecoveryCodes(app, tx));
        return h.page('auth/recovery-codes', { codes, continueUrl: landingPage(localPath((request.payload as Record<string, unknown>)['next'])) });
      } },
      { method: 'GET', path: '/account/sessions', handler: async (request, h) => h.page('account/sessions', { sessions: await inWorkspace(request, listOwnSessions) }) },
      { method: 'POST', path: '/account/sessions/{id}/end', handler: async (request, h) => {
        await inWorkspace(request, (tx) => endSession(tx, idOf(request)));
        return back(h, '/account/sessions', 'Session ended.');
      } },
      { method: 'POST', path: '/account/sessions/end-others', handler: async (request, h) => {
        const count = await inWorkspace(request, endOtherSessions);
        return back(h, '/account/sessions', count === 1 ? '1 session ended.' : `${count} sessions ended.`);
      } },
    ]);
  },
};

async function securityPage(app: App, request: Request, h: ResponseToolkit, errors: object): Promise<ResponseObject> {
  const view = await app.withWorkspace(scopeOf(request), showSecurity);
  return h.page('account/security', { ...view, errors, passkey: { optionsUrl: '/account/passkeys/options', verifyUrl: '/account/passkeys/verify' } });
}

async function takePassword(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { workspace, email } = credentialsOf(request);
  const form = parse<{ currentPassword: string; password: string }>(passwordForm, request.payload);
  const { workspaceId, actor } = scopeOf(request);
  const isKnownBrowser = browserState(app, request).browser({ workspaceId, userId: actor.id as string }) !== null;
  try {
    await changePassword(app, scopeOf(request), { current: form.currentPassword, next: form.password, workspaceName: workspace.name, email: email ?? '', isKnownBrowser });
  } catch (error) {
    if (!(error instanceof Fault) || error.fields.length === 0) throw error;
    return (await securityPage(app, request, h, formErrors(error))).code(error.status);
  }
  flash(h, 'success', 'Password changed. Your other sessions have ended.');
  return h.redirect('/account/security').code(303);
}

async function totpPage(app: App, request: Request, h: ResponseToolkit, sealed: string | null, errors: object): Promise<ResponseObject> {
  const { workspace, email } = credentialsOf(request);
  const setup = await app.withWorkspace(scopeOf(request), async (tx) => {
    const user = { id: requireFresh(tx), email: email ?? '' };
    return (sealed === null ? null : continueTotpSetup(tx, user, workspace.name, sealed)) ?? beginTotpSetup(tx, user, workspace.name);
  });
  return h.page('auth/enrol', { action: '/account/totp', setup, errors, passkey: null, next: '' });
}

async function takeTotp(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const form = parse<{ code: string; setup: string }>(totpForm, request.payload);
  try {
    await app.withWorkspace(scopeOf(request), (tx) => replaceTotp(app, tx, { sealed: form.setup, code: form.code }));
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'code.refused') throw error;
    return (await totpPage(app, request, h, form.setup, { code: error.message })).code(error.status);
  }
  flash(h, 'success', 'Authenticator app set up.');
  return h.redirect('/account/security').code(303);
}

function passkeyOptions(app: App, request: Request, tx: Tx): Promise<object> {
  const { actor, email } = credentialsOf(request);
  return registrationOptions(tx, app.config, { purpose: 'register', binding: actor.sessionId as string }, { id: requireFresh(tx), email: email ?? '', name: actor.name ?? '' });
}

async function takePasskey(app: App, request: Request, h: ResponseToolkit): Promise<object> {
  const { response, name } = parse<PasskeyAnswer>(passkeyAnswer, request.payload);
  const isRegistered = await app.withWorkspace(scopeOf(request), async (tx) => {
    const userId = requireFresh(tx);
    const done = await registerPasskey(tx, app.config, { purpose: 'register', binding: tx.scope.actor.sessionId as string }, userId, response, name || 'Passkey');
    if (done) await tellOfChange(app, tx, userId);
    return done;
  });
  if (!isRegistered) throw fault('passkey.refused');
  flash(h, 'success', 'Passkey added.');
  return { redirect: '/account/security' };
}
