import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../../app.ts';
import { CHALLENGE_COOKIE } from '../../auth/sign-in/challenge.ts';
import { askNoPassword } from '../../auth/sign-in/onward.ts';
import { OPEN } from '../../auth/sign-in/routes.ts';
import { Fault } from '../../errors.ts';
import { originOf } from '../../http/credentials.ts';
import { parse } from '../../http/refusals.ts';
import type { Feature } from '../../http/feature.ts';
import { formErrors } from '../../http/form-errors.ts';
import { acceptInvitation, readInvitation } from './invitation.ts';
import { roleLabel } from './roles.ts';

const form = Joi.object({
  name: Joi.string().trim().max(120).required().messages({ 'string.empty': 'Enter your name.' }), password: Joi.string().max(1024).required().messages({ 'string.empty': 'Enter a password.' }),
  email: Joi.string().max(254), // for password managers alone; the link says who it is
});

/** /invitation/{token}. */
export const invitationRoutes: Feature = {
  name: 'wardkeep-invitation',
  register(server, { app }) {
    server.route([
      { method: 'GET', path: '/invitation/{token}', options: OPEN, handler: (request, h) => show(app, request, h, {}, {}) },
      { method: 'POST', path: '/invitation/{token}', options: OPEN, handler: (request, h) => take(app, request, h) },
    ]);
  },
};

async function show(app: App, request: Request, h: ResponseToolkit, values: object, errors: object): Promise<ResponseObject> {
  const { workspaceName, role, email, expiresAt, elsewhere } = await readInvitation(app, originOf(request), request.params['token']);
  if (elsewhere !== null) return askNoPassword(h, elsewhere, 'Welcome');
  return h.page('auth/invitation', { action: request.path, workspaceName, role: roleLabel(role), email, form: values, errors, expiresAt });
}

async function take(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  try {
    const { name, password } = parse<{ name: string; password: string }>(form, request.payload);
    h.state(CHALLENGE_COOKIE, await acceptInvitation(app, originOf(request), request.params['token'], { name, password }));
    return h.redirect('/sign-in/enrol').code(303);
  } catch (error) {
    if (!(error instanceof Fault) || error.fields.length === 0) throw error;
    const { name } = request.payload as Record<string, string>;
    return (await show(app, request, h, { name }, formErrors(error))).code(error.status);
  }
}
