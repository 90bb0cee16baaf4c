import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../../app.ts';
import { normalizeEmail } from '../../crypto/normalize.ts';
import { Fault } from '../../errors.ts';
import { originOf } from '../../http/credentials.ts';
import { flash } from '../../http/flash.ts';
import { parse } from '../../http/refusals.ts';
import type { Feature } from '../../http/feature.ts';
import { BROWSER_COOKIE, rememberBrowser } from '../sign-in/known-browser.ts';
import { askNoPassword } from '../sign-in/onward.ts';
import { browserState, OPEN } from '../sign-in/routes.ts';
import { readResetLink, requestPasswordReset, resetPassword } from './reset.ts';

const emailForm = Joi.object({ email: Joi.string().trim().max(254).required() });
const passwordForm = Joi.object({ password: Joi.string().max(1024).required() });

/** Forgotten passwords: /password/forgot, /password/reset/{token}. */
export const passwordResetRoutes: Feature = {
  name: 'wardkeep-password-reset',
  register(server, { app }) {
    server.route([
      { method: 'GET', path: '/password/forgot', options: OPEN, handler: (_request, h) => h.page('auth/password-forgot', { form: {}, errors: {}, sent: false, byMail: app.mail !== null }) },
      { method: 'POST', path: '/password/forgot', options: OPEN, handler: (request, h) => ask(app, request, h) },
      { method: 'GET', path: '/password/reset/{token}', options: OPEN, handler: (request, h) => show(app, request, h, {}) },
      { method: 'POST', path: '/password/reset/{token}', options: OPEN, handler: (request, h) => take(app, request, h) },
    ]);
  },
};

async function ask(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { email } = parse<{ email: string }>(emailForm, request.payload);
  await requestPasswordReset(app, originOf(request), { email: normalizeEmail(email), browserOf: browserState(app, request).browser });
  return h.page('auth/password-forgot', { form: {}, errors: {}, sent: true, byMail: app.mail !== null });
}

async function show(app: App, request: Request, h: ResponseToolkit, errors: object): Promise<ResponseObject> {
  const elsewhere = await readResetLink(app, originOf(request), request.params['token']);
  if (elsewhere !== null) return askNoPassword(h, elsewhere, 'No password needed');
  return h.page('auth/password-reset', { action: request.path, errors });
}

async function take(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { password } = parse<{ password: string }>(passwordForm, request.payload);
  try {
    const account = await resetPassword(app, originOf(request), request.params['token'], password);
    // From now on a known browser, so that no stranger's guesses hold up the one who reads the mail (OWASP, device cookies).
    h.state(BROWSER_COOKIE, rememberBrowser(app.formKey, request.state[BROWSER_COOKIE], account));
  } catch (error) {
    if (!(error instanceof Fault) || error.fields.length === 0) throw error;
    return (await show(app, request, h, { password: error.fields[0]?.text })).code(error.status);
  }
  flash(h, 'success', 'Your new password is set. Sign in with it and your second step.');
  return h.redirect('/sign-in').code(303);
}
