import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import { capabilityNames } from '../../access/capabilities.ts';
import type { App } from '../../app.ts';
import { createServiceAccount, LIFE_DAYS_MAX, listServiceAccounts, revokeServiceAccount, rotateServiceAccount, type NewServiceAccount } from '../../auth/service-accounts/actions.ts';
import { Fault } from '../../errors.ts';
import { scopeOf } from '../../http/credentials.ts';
import type { Feature } from '../../http/feature.ts';
import { flash } from '../../http/flash.ts';
import { formErrors } from '../../http/form-errors.ts';
import { parse } from '../../http/refusals.ts';
import { oneId } from '../../http/schemas.ts';
import { ROLE_OPTIONS } from '../people/roles.ts';

const days = Joi.number().integer().min(1).max(LIFE_DAYS_MAX).required();
const form = Joi.object({
  name: Joi.string().trim().max(60).required().messages({ 'string.empty': 'Enter a name.' }),
  role: Joi.string().valid(...ROLE_OPTIONS.map(({ value }) => value)).required(),
  scopes: Joi.array().items(Joi.string().max(100)).single().min(1).required().messages({ 'any.required': 'Choose at least one scope.' }),
  days,
});
const DEFAULT_DAYS = 90;

type Form = { name?: string; role?: string; scopes?: readonly string[]; days?: number };
type Fresh = { name: string; token: string };

/** /admin/service-accounts: programs that work for the workspace. */
export const serviceAccountRoutes: Feature = {
  name: 'wardkeep-service-accounts',
  register(server, { app }) {
    server.route([
      { method: 'GET', path: '/admin/service-accounts', handler: (request, h) => show(app, request, h, {}) },
      { method: 'POST', path: '/admin/service-accounts', handler: (request, h) => create(app, request, h) },
      { method: 'POST', path: '/admin/service-accounts/{id}/rotate', handler: (request, h) => rotate(app, request, h) },
      { method: 'POST', path: '/admin/service-accounts/{id}/revoke', handler: (request, h) => revoke(app, request, h) },
    ]);
  },
};

async function show(app: App, request: Request, h: ResponseToolkit, over: { form?: Form; errors?: object; fresh?: Fresh }): Promise<ResponseObject> {
  const accounts = (await app.withWorkspace(scopeOf(request), listServiceAccounts)).map((account) => ({
    id: account.id, name: account.name, role: account.role, prefix: account.token_prefix, scopes: account.scopes, expiresAt: account.expires_at, expired: account.expires_at.getTime() <= Date.now(), lastUsedAt: account.last_used_at,
  }));
  const values: Form = { role: 'READONLY', days: DEFAULT_DAYS, ...over.form };
  const scopes = capabilityNames().map((value) => ({ value, label: value, checked: values.scopes?.includes(value) ?? false }));
  return h.page('admin/service-accounts', { accounts, scopes, roles: ROLE_OPTIONS, form: values, errors: over.errors ?? {}, fresh: over.fresh ?? null });
}

async function create(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  try {
    const input = parse<NewServiceAccount>(form, request.payload);
    const { token } = await app.withWorkspace(scopeOf(request), (tx) => createServiceAccount(tx, input));
    return await show(app, request, h, { fresh: { name: input.name, token } });
  } catch (error) {
    if (!(error instanceof Fault) || error.fields.length === 0) throw error;
    const { name, role, scopes = [], days } = request.payload as { name: string; role: string; scopes?: string | string[]; days: number };
    return (await show(app, request, h, { form: { name, role, scopes: [scopes].flat(), days }, errors: formErrors(error, (path) => path.split('.')[0] as string) })).code(error.status);
  }
}

async function rotate(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const fresh = await app.withWorkspace(scopeOf(request), (tx) => rotateServiceAccount(tx, parse(oneId, request.params).id, DEFAULT_DAYS));
  return show(app, request, h, { fresh });
}

async function revoke(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  await app.withWorkspace(scopeOf(request), (tx) => revokeServiceAccount(tx, parse(oneId, request.params).id));
  flash(h, 'success', 'Revoked. Its token no longer works.');
  return h.redirect('/admin/service-accounts').code(303);
}
