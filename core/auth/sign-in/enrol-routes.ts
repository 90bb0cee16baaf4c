import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../../app.ts';
import { Fault } from '../../errors.ts';
import { originOf } from '../../http/credentials.ts';
import { parse } from '../../http/refusals.ts';
import type { Feature } from '../../http/feature.ts';
import type { Answer } from '../passkey/ceremony.ts';
import { CHALLENGE_COOKIE } from './challenge.ts';
import { enrolPasskey, enrolPasskeyOptions, enrolTotp, showEnrolment } from './enrol.ts';
import { browserState, localNext, OPEN, setSession, START_PAGE, withNext } from './routes.ts';

const codeForm = Joi.object({ code: Joi.string().trim().max(20).required(), setup: Joi.string().max(2000).required(), next: Joi.string().max(2000).allow('').default('') });
/** What core/http/public/js/passkey.js sends. */
export const passkeyAnswer = Joi.object({ response: Joi.object().unknown(true).required(), name: Joi.string().trim().max(60).allow('').default(''), next: Joi.string().max(2000).allow('').default('') });
export type PasskeyAnswer = { response: Answer; name: string; next: string };

/** Setting up the first second factor: /sign-in/enrol. Recovery codes come next, on the account pages. */
export const enrolRoutes: Feature = {
  name: 'wardkeep-enrol',
  register(server, { app }) {
    server.route([
      { method: 'GET', path: '/sign-in/enrol', options: OPEN, handler: (request, h) => show(app, request, h, localNext(request), null, {}) },
      { method: 'POST', path: '/sign-in/enrol', options: OPEN, handler: (request, h) => takeCode(app, request, h) },
      { method: 'POST', path: '/sign-in/enrol/passkey/options', options: OPEN, handler: (request) => enrolPasskeyOptions(app, originOf(request), request.state[CHALLENGE_COOKIE]) },
      { method: 'POST', path: '/sign-in/enrol/passkey/verify', options: OPEN, handler: (request, h) => takePasskey(app, request, h) },
    ]);
  },
};

async function show(app: App, request: Request, h: ResponseToolkit, next: string, sealed: string | null, errors: object): Promise<ResponseObject> {
  const setup = await showEnrolment(app, originOf(request), request.state[CHALLENGE_COOKIE], sealed);
  return h.page('auth/enrol', { action: '/sign-in/enrol', setup, errors, passkey: { optionsUrl: '/sign-in/enrol/passkey/options', verifyUrl: '/sign-in/enrol/passkey/verify' }, next });
}

async function takeCode(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const form = parse<{ code: string; setup: string; next: string }>(codeForm, request.payload);
  try {
    const signedIn = await enrolTotp(app, originOf(request), request.state[CHALLENGE_COOKIE], { sealed: form.setup, code: form.code }, browserState(app, request));
    await setSession(app, request, h, signedIn);
    return h.redirect(toRecoveryCodes(form.next)).code(303);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'code.refused') throw error;
    return (await show(app, request, h, form.next, form.setup, { code: error.message })).code(error.status);
  }
}

async function takePasskey(app: App, request: Request, h: ResponseToolkit): Promise<object> {
  const { response, name, next } = parse<PasskeyAnswer>(passkeyAnswer, request.payload);
  const signedIn = await enrolPasskey(app, originOf(request), request.state[CHALLENGE_COOKIE], { answer: response, name: name || 'Passkey' }, browserState(app, request));
  await setSession(app, request, h, signedIn);
  return { redirect: toRecoveryCodes(next) };
}

function toRecoveryCodes(next: string): string {
  return withNext('/account/recovery-codes', next === '' ? START_PAGE : next);
}
