import type { Request, ResponseToolkit, ServerRoute } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../app.ts';
import { authorize } from '../access/authorize.ts';
import { record } from '../audit/record.ts';
import type { Tx } from '../db/scope.ts';
import { Fault } from '../errors.ts';
import { credentialsOf, scopeOf } from '../http/credentials.ts';
import { flash } from '../http/flash.ts';
import { formErrors } from '../http/form-errors.ts';
import { parse } from '../http/refusals.ts';
import { depsOf } from './deps.ts';
import { describePlugin, describePlugins } from './describe-plugin.ts';
import type { LoadedPlugin } from './loaded-plugin.ts';
import { readHealth } from './read-health.ts';
import { readSettings, settingSections } from './settings.ts';
import { changeSettings, stateFor, switchOff, switchOn } from './switch-plugin.ts';
import { readPlan } from './entitlements.ts';
import { GRACE_DAYS } from './states.ts';

const oneName = Joi.object<{ name: string }>({ name: Joi.string().max(40).required() });
type Form = Record<string, unknown>;
type Act = (tx: Tx, plugins: readonly LoadedPlugin[], name: string, form: Form) => Promise<void>;

/** /admin/plugins: what each plugin is and touches, and its switch. */
export function pluginRoutes(app: App, plugins: readonly LoadedPlugin[]): ServerRoute[] {
  const act = (path: string, said: string, work: Act): ServerRoute => ({ method: 'POST', path, handler: (request, h) => submit(app, plugins, request, h, said, work) });
  return [
    { method: 'GET', path: '/admin/plugins', handler: (request, h) => listPage(app, plugins, request, h) },
    { method: 'GET', path: '/admin/plugins/{name}', handler: (request, h) => pluginPage(app, plugins, request, h, null, {}) },
    act('/admin/plugins/{name}/on', 'Switched on.', switchOn),
    act('/admin/plugins/{name}/settings', 'Settings saved.', changeSettings),
    { method: 'POST', path: '/admin/plugins/{name}/off', handler: (request, h) => turnOff(app, plugins, request, h) },
    { method: 'POST', path: '/admin/plugins/{name}/test', handler: (request, h) => tryOut(app, plugins, request, h) },
  ];
}

async function listPage(app: App, plugins: readonly LoadedPlugin[], request: Request, h: ResponseToolkit) {
  const scope = scopeOf(request);
  const { views, plan } = await app.withWorkspace(scope, async (tx) => {
    authorize(tx, 'plugin.read');
    const [views, plan] = [await describePlugins(tx, plugins), await readPlan(tx)];
    record(tx, { action: 'plugin.listed', detail: { plugins: views.length } });
    return { views, plan };
  });
  const health = await Promise.all(views.map(({ name }) => readHealth(app, scope, plugins, name)));
  return h.page('plugins/list', { plan, plugins: views.map((view, at) => ({ ...view, health: health[at] })) });
}

async function pluginPage(app: App, plugins: readonly LoadedPlugin[], request: Request, h: ResponseToolkit, form: Form | null, errors: Record<string, string>, tested: { ok: boolean; text: string } | null = null) {
  const { name } = parse(oneName, request.params);
  const scope = scopeOf(request);
  const { plugin, ...context } = await app.withWorkspace(scope, async (tx) => {
    const state = await stateFor(tx, plugins, name, 'plugin.read');
    return {
      plugin: await describePlugin(tx, state), graceDays: GRACE_DAYS, errors, tested,
      sections: settingSections(state.loaded.plugin, state.settings, form ?? state.settings ?? {}, errors, state.loaded.plugin.addresses?.({ origin: app.config.origin, workspace: credentialsOf(request).workspace.slug }) ?? []),
    };
  });
  return h.page('plugins/plugin', { ...context, plugin: { ...plugin, health: await readHealth(app, scope, plugins, name) } }).code(Object.keys(errors).length > 0 ? 422 : 200);
}

async function submit(app: App, plugins: readonly LoadedPlugin[], request: Request, h: ResponseToolkit, said: string, work: Act) {
  const { name } = parse(oneName, request.params);
  const form = (request.payload ?? {}) as Form;
  try {
    await app.withWorkspace(scopeOf(request), (tx) => work(tx, plugins, name, form));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code === 'request.invalid') return pluginPage(app, plugins, request, h, form, formErrors(error));
    // The page says with whom there is no agreement.
    if (error.code === 'plugin.no_agreement') return (await pluginPage(app, plugins, request, h, form, {}, { ok: false, text: error.message })).code(error.status);
    throw error;
  }
  flash(h, 'success', said);
  return h.redirect(`/admin/plugins/${name}`).code(303);
}

async function turnOff(app: App, plugins: readonly LoadedPlugin[], request: Request, h: ResponseToolkit) {
  const { name } = parse(oneName, request.params);
  const { confirmed } = parse(Joi.object<{ confirmed?: string }>({ confirmed: Joi.string().valid('yes') }), request.payload ?? {});
  if (confirmed === undefined) return h.page('pages/confirm', await app.withWorkspace(scopeOf(request), (tx) => questionBeforeOff(tx, plugins, name)));
  await app.withWorkspace(scopeOf(request), (tx) => switchOff(tx, plugins, name));
  flash(h, 'success', 'Switched off. Its data and settings are kept.');
  return h.redirect(`/admin/plugins/${name}`).code(303);
}

async function questionBeforeOff(tx: Tx, plugins: readonly LoadedPlugin[], name: string): Promise<object> {
  const { loaded: { plugin } } = await stateFor(tx, plugins, name, 'plugin.manage');
  const others = plugin.answers?.subprocessorAgreement === undefined ? [] : (await describePlugins(tx, plugins)).filter((other) => other.isOn && other.name !== name && other.subprocessors.some(({ agreement }) => agreement !== 'not needed'));
  return {
    title: `Switch ${plugin.title} off?`, text: 'It stops in this workspace at once, for everybody.', hidden: {},
    consequences: [
      'Its pages are gone and its jobs wait.', 'Its data and settings are kept; switching it on again goes on where it was.',
      ...others.map(({ title }) => `${title} has no agreement on record any more, and is suspended after ${GRACE_DAYS} days.`),
    ],
    action: `/admin/plugins/${name}/off`, word: 'Switch off', cancelHref: `/admin/plugins/${name}`,
  };
}

/** "Test connection": tries what stands in the form, stores nothing. */
async function tryOut(app: App, plugins: readonly LoadedPlugin[], request: Request, h: ResponseToolkit) {
  const { name } = parse(oneName, request.params);
  const scope = scopeOf(request);
  const form = (request.payload ?? {}) as Form;
  try {
    const { plugin, settings } = await app.withWorkspace(scope, async (tx) => {
      const state = await stateFor(tx, plugins, name, 'plugin.manage');
      record(tx, { action: 'plugin.tested', target: { type: 'plugin', id: name } });
      return { plugin: state.loaded.plugin, settings: readSettings(state.loaded.plugin, form, state.settings) };
    });
    const tested = plugin.test === undefined ? null : await plugin.test(depsOf(app, plugins, plugin), scope, settings);
    return await pluginPage(app, plugins, request, h, form, {}, tested);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code === 'request.invalid') return pluginPage(app, plugins, request, h, form, formErrors(error));
    if (error.code !== 'plugin.unreachable' && error.code !== 'plugin.address_refused' && error.code !== 'plugin.suspended') throw error;
    return pluginPage(app, plugins, request, h, form, {}, { ok: false, text: error.message });
  }
}
