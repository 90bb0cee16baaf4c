import { flash, Joi, parse, scopeOf, type PluginDeps, type PluginRoute } from '../../../core/plugin.ts';
import { oneId, orAgain, posted, type Handler } from '../form.ts';
import { decideNotice, decisionForm, noticeForm, recordNotice } from '../notices/actions.ts';
import { reviewForm, signReview } from '../reviews/actions.ts';
import { addAttestation, addSubprocessor, attestationForm, changeSubprocessor, reachSubprocessor, subprocessorChange, subprocessorForm } from './actions.ts';
import { subprocessorContext, subprocessorFormContext } from './pages.ts';

const HOME = '/plugins/baa-tracker';
/** What a plugin's line in the register suggests for the form; checked when it is sent. */
const suggested = Joi.object<Record<string, string>>(Object.fromEntries(['name', 'service', 'purpose', 'location', 'phiClass'].map((name) => [name, Joi.string().max(200)])));

export function subprocessorRoutes(deps: PluginDeps): PluginRoute[] {
  const formPage: Handler = async (request, h) => {
    const form = parse(suggested, request.query);
    return h.page('baa-tracker/subprocessor-form', await deps.withWorkspace(scopeOf(request), (tx) => subprocessorFormContext(tx, null, form, {})));
  };

  const create: Handler = (request, h) => orAgain(async () => {
    const id = await deps.withWorkspace(scopeOf(request), (tx) => addSubprocessor(tx, parse(subprocessorForm, posted(request.payload))));
    flash(h, 'success', 'Added to the register.');
    return h.redirect(`${HOME}/subprocessors/${id}`).code(303);
  }, async (errors) => h.page('baa-tracker/subprocessor-form', await deps.withWorkspace(scopeOf(request), (tx) => subprocessorFormContext(tx, null, posted(request.payload), errors))));

  const page: Handler = async (request, h) => {
    const { id } = parse(oneId, request.params);
    return h.page('baa-tracker/subprocessor', await deps.withWorkspace(scopeOf(request), (tx) => subprocessorContext(tx, id)));
  };

  const changePage: Handler = async (request, h) => {
    const { id } = parse(oneId, request.params);
    return h.page('baa-tracker/subprocessor-form', await deps.withWorkspace(scopeOf(request), async (tx) => subprocessorFormContext(tx, await reachSubprocessor(tx, id), null, {})));
  };

  const change: Handler = (request, h) => {
    const { id } = parse(oneId, request.params);
    return orAgain(async () => {
      await deps.withWorkspace(scopeOf(request), (tx) => changeSubprocessor(tx, id, parse(subprocessorChange, posted(request.payload))));
      flash(h, 'success', 'Saved.');
      return h.redirect(`${HOME}/subprocessors/${id}`).code(303);
    }, async (errors) => h.page('baa-tracker/subprocessor-form', await deps.withWorkspace(scopeOf(request), async (tx) => subprocessorFormContext(tx, await reachSubprocessor(tx, id), posted(request.payload), errors))));
  };

  /** Forms on a subprocessor's own page, which comes back with the complaint. */
  const onPage = (said: string, work: (...args: [tx: Parameters<typeof subprocessorContext>[0], id: string, form: unknown]) => Promise<unknown>): Handler => (request, h) => {
    const { id } = parse(oneId, request.params);
    const form = posted(request.payload);
    return orAgain(async () => {
      await deps.withWorkspace(scopeOf(request), (tx) => work(tx, id, form));
      flash(h, 'success', said);
      return h.redirect(`${HOME}/subprocessors/${id}`).code(303);
    }, async (errors) => h.page('baa-tracker/subprocessor', { ...(await deps.withWorkspace(scopeOf(request), (tx) => subprocessorContext(tx, id))), form, errors }));
  };

  const decide: Handler = async (request, h) => {
    const { id } = parse(oneId, request.params);
    const subprocessorId = await deps.withWorkspace(scopeOf(request), (tx) => decideNotice(tx, id, parse(decisionForm, posted(request.payload))));
    flash(h, 'success', 'Your answer is on the record.');
    return h.redirect(`${HOME}/subprocessors/${subprocessorId}`).code(303);
  };

  return [
    { method: 'GET', path: '/subprocessors/new', handler: formPage },
    { method: 'POST', path: '/subprocessors', handler: create },
    { method: 'GET', path: '/subprocessors/{id}', handler: page },
    { method: 'GET', path: '/subprocessors/{id}/change', handler: changePage },
    { method: 'POST', path: '/subprocessors/{id}', handler: change },
    { method: 'POST', path: '/subprocessors/{id}/attestations', handler: onPage('Attestation added.', (tx, id, form) => addAttestation(tx, id, parse(attestationForm, form))) },
    { method: 'POST', path: '/subprocessors/{id}/notices', handler: onPage('Notice recorded; its owner and the security officers are told.', (tx, id, form) => recordNotice(tx, id, parse(noticeForm, form))) },
    { method: 'POST', path: '/subprocessors/{id}/reviews', handler: onPage('Review signed.', (tx, id, form) => signReview(tx, id, parse(reviewForm, form))) },
    { method: 'POST', path: '/notices/{id}', handler: decide },
  ];
}
