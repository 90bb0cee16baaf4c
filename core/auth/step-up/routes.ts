import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../../app.ts';
import { Fault } from '../../errors.ts';
import { scopeOf } from '../../http/credentials.ts';
import { localPath } from '../../http/local-path.ts';
import { isApi, parse } from '../../http/refusals.ts';
import type { Feature } from '../../http/feature.ts';
import { SESSION_COOKIE } from '../session/cookie.ts';
import { passkeyAnswer, type PasskeyAnswer } from '../sign-in/enrol-routes.ts';
import { stepUpMethods, stepUpPasskeyOptions, stepUpWithCode, stepUpWithPasskey } from './actions.ts';
import { holdForm, readHeldForm, type HeldForm } from './held-form.ts';

const codeForm = Joi.object({ code: Joi.string().trim().max(20).required(), next: Joi.string().max(2000).allow('').default(''), held: Joi.string().max(128 * 1024).allow('').default('') });

/** /step-up, and the way there: a page that refuses for want of a fresh second factor leads here and back. */
export const stepUpRoutes: Feature = {
  name: 'wardkeep-step-up',
  register(server, { app }) {
    // Runs before the refusal becomes an error page, since the scheme's and this plugin's routes are known first (core/server.ts).
    server.ext('onPreResponse', async (request, h) => {
      const { response } = request;
      if (!(response instanceof Fault) || response.code !== 'access.step_up_required' || isApi(request) || !request.auth.isAuthenticated) return h.continue;
      if (request.method === 'get') return h.redirect(`/step-up?next=${encodeURIComponent(request.path + request.url.search)}`);
      return (await stepUpPage(app, request, h, { next: '/', held: holdForm(request), errors: {} })).code(403);
    }, { before: 'wardkeep-refusals' });

    server.route([
      { method: 'GET', path: '/step-up', handler: (request, h) => stepUpPage(app, request, h, { next: localPath(request.query['next']), held: null, errors: {} }) },
      { method: 'POST', path: '/step-up', handler: (request, h) => takeCode(app, request, h) },
      { method: 'POST', path: '/step-up/passkey/options', handler: (request) => stepUpPasskeyOptions(app, scopeOf(request)) },
      { method: 'POST', path: '/step-up/passkey/verify', handler: (request, h) => takePasskey(app, request, h) },
    ]);
  },
};

async function takeCode(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const form = parse<{ code: string; next: string; held: string }>(codeForm, request.payload);
  const held = readHeldForm(form.held);
  try {
    h.state(SESSION_COOKIE, await stepUpWithCode(app, scopeOf(request), form.code));
  } catch (error) {
    if (!(error instanceof Fault) || (error.code !== 'code.refused' && error.code !== 'request.rate_limited')) throw error;
    return (await stepUpPage(app, request, h, { next: form.next, held, errors: { code: error.message } })).code(error.status);
  }
  return held === null ? h.redirect(localPath(form.next)).code(303) : h.page('auth/step-up-done', { held });
}

async function takePasskey(app: App, request: Request, h: ResponseToolkit): Promise<object> {
  const { response, next } = parse<PasskeyAnswer>(passkeyAnswer, request.payload);
  h.state(SESSION_COOKIE, await stepUpWithPasskey(app, scopeOf(request), response));
  return { redirect: localPath(next) };
}

async function stepUpPage(app: App, request: Request, h: ResponseToolkit, { next, held, errors }: { next: string; held: HeldForm | null; errors: object }): Promise<ResponseObject> {
  const methods = await app.withWorkspace(scopeOf(request), stepUpMethods);
  return h.page('auth/step-up', {
    methods, errors, next, held, heldText: held === null ? '' : JSON.stringify(held), passkey: { optionsUrl: '/step-up/passkey/options', verifyUrl: '/step-up/passkey/verify' },
  });
}
