import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../../app.ts';
import { CHALLENGE_COOKIE } from '../../auth/sign-in/challenge.ts';
import { OPEN } from '../../auth/sign-in/routes.ts';
import { Fault } from '../../errors.ts';
import { originOf } from '../../http/credentials.ts';
import { parse } from '../../http/refusals.ts';
import type { Feature } from '../../http/feature.ts';
import { formErrors } from '../../http/form-errors.ts';
import { timeZone, TIME_ZONE_OPTIONS } from '../time-zones.ts';
import { readSetupLink, setUpInstallation, type Setup } from './setup-link.ts';

/** As the database checks it. */
const SLUG = /^[a-z][a-z0-9-]{1,38}$/;

const form = Joi.object({
  workspaceName: Joi.string().trim().max(120).required().messages({ 'string.empty': 'Enter the name of the practice or hospital.' }),
  slug: Joi.string().trim().custom((value: string, { message }) => (SLUG.test(value) ? value : message({ custom: 'Use 2 to 39 lower-case letters, digits and hyphens, a letter first.' }))).required().messages({ 'string.empty': 'Enter a short name.' }),
  timeZone: timeZone.required(),
  name: Joi.string().trim().max(120).required().messages({ 'string.empty': 'Enter your name.' }),
  email: Joi.string().trim().email({ tlds: false }).max(254).required().messages({ 'string.empty': 'Enter your e-mail.', 'string.email': 'Enter an e-mail address.' }),
  password: Joi.string().max(1024).required().messages({ 'string.empty': 'Enter a password.' }),
});

/** /setup/{token}: the first administrator of an empty installation. */
export const setupRoutes: Feature = {
  name: 'wardkeep-setup',
  register(server, { app }) {
    server.route([
      { method: 'GET', path: '/setup/{token}', options: OPEN, handler: (request, h) => show(app, request, h, { timeZone: 'America/New_York' }, {}) },
      { method: 'POST', path: '/setup/{token}', options: OPEN, handler: (request, h) => take(app, request, h) },
    ]);
  },
};

async function show(app: App, request: Request, h: ResponseToolkit, values: object, errors: object): Promise<ResponseObject> {
  const expiresAt = await readSetupLink(app, request.params['token']);
  return h.page('auth/setup', { action: request.path, form: values, errors, timeZones: TIME_ZONE_OPTIONS, expiresAt });
}

async function take(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  try {
    const input = parse<Setup>(form, request.payload);
    h.state(CHALLENGE_COOKIE, await setUpInstallation(app, originOf(request), request.params['token'], input));
    return h.redirect('/sign-in/enrol').code(303);
  } catch (error) {
    if (!(error instanceof Fault) || error.fields.length === 0) throw error;
    const { password: _password, ...values } = request.payload as Record<string, string>;
    return (await show(app, request, h, values, formErrors(error))).code(error.status);
  }
}
