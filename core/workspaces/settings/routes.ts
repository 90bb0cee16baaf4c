import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import { authorize } from '../../access/authorize.ts';
import type { App } from '../../app.ts';
import { ABSOLUTE_HOURS, IDLE_MINUTES } from '../../auth/session/limits.ts';
import { Fault } from '../../errors.ts';
import { scopeOf } from '../../http/credentials.ts';
import type { Feature } from '../../http/feature.ts';
import { flash } from '../../http/flash.ts';
import { formErrors } from '../../http/form-errors.ts';
import { parse } from '../../http/refusals.ts';
import { timeZone, TIME_ZONE_OPTIONS } from '../time-zones.ts';
import { changeSettings, readSettings, type WorkspaceSettings } from './actions.ts';

const form = Joi.object({
  name: Joi.string().trim().max(120).required().messages({ 'string.empty': 'Enter a name.' }),
  timeZone: timeZone.required(),
  idleMinutes: Joi.number().integer().min(IDLE_MINUTES.min).max(IDLE_MINUTES.max).required(),
  absoluteHours: Joi.number().integer().min(ABSOLUTE_HOURS.min).max(ABSOLUTE_HOURS.max).required(),
});

/** /admin/settings. */
export const settingsRoutes: Feature = {
  name: 'wardkeep-settings',
  register(server, { app }) {
    server.route([
      { method: 'GET', path: '/admin/settings', handler: (request, h) => show(app, request, h) },
      { method: 'POST', path: '/admin/settings', handler: (request, h) => take(app, request, h) },
    ]);
  },
};

async function show(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const settings = await app.withWorkspace(scopeOf(request), (tx) => {
    authorize(tx, 'person.read'); // who sees the administration sees its settings
    return readSettings(tx);
  });
  return h.page('admin/settings', { form: settings, timeZones: TIME_ZONE_OPTIONS, errors: {} });
}

async function take(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  try {
    const settings = parse<WorkspaceSettings>(form, request.payload);
    await app.withWorkspace(scopeOf(request), (tx) => changeSettings(tx, settings));
  } catch (error) {
    if (!(error instanceof Fault) || error.fields.length === 0) throw error;
    return h.page('admin/settings', { form: request.payload, timeZones: TIME_ZONE_OPTIONS, errors: formErrors(error) }).code(error.status);
  }
  flash(h, 'success', 'Saved.');
  return h.redirect('/admin/settings').code(303);
}
