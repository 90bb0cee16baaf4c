import { Fault, flash, Joi, parse, scopeOf, type PluginDeps, type PluginRoute, type Tx } from '../../../core/plugin.ts';
import { id, oneId, orAgain, posted, type Handler, type Question } from '../form.ts';
import type { Agreement, Subprocessor } from '../models.ts';
import { acknowledgeReminders } from '../reminders/remind.ts';
import { reachSubprocessor } from '../subprocessors/actions.ts';
import { agreementChange, agreementForm, changeAgreement, draftAgreement, reachAgreement, stepAgreement, stepForm } from './actions.ts';
import { agreementContext, agreementFormContext } from './pages.ts';
import { STATUS_WORDS } from './states.ts';

const HOME = '/plugins/baa-tracker';
const following = Joi.object<{ after?: string }>({ after: id });

export function agreementRoutes(deps: PluginDeps): PluginRoute[] {
  const newPage: Handler = async (request, h) => {
    const { id: subprocessorId } = parse(oneId, request.params);
    const { after } = parse(following, request.query);
    return h.page('baa-tracker/agreement-form', await deps.withWorkspace(scopeOf(request), async (tx) => agreementFormContext(tx, await reachSubprocessor(tx, subprocessorId), null, after === undefined ? null : await reachAgreement(tx, after), null, {})));
  };

  const create: Handler = (request, h) => {
    const { id: subprocessorId } = parse(oneId, request.params);
    return orAgain(async () => {
      const agreementId = await deps.withWorkspace(scopeOf(request), (tx) => draftAgreement(tx, subprocessorId, parse(agreementForm, posted(request.payload))));
      flash(h, 'success', 'Draft saved.');
      return h.redirect(`${HOME}/agreements/${agreementId}`).code(303);
    }, async (errors) => h.page('baa-tracker/agreement-form', await deps.withWorkspace(scopeOf(request), async (tx) => agreementFormContext(tx, await reachSubprocessor(tx, subprocessorId), null, null, posted(request.payload), errors))));
  };

  const page: Handler = async (request, h) => {
    const { id: agreementId } = parse(oneId, request.params);
    return h.page('baa-tracker/agreement', await deps.withWorkspace(scopeOf(request), (tx) => agreementContext(tx, agreementId)));
  };

  const changePage: Handler = async (request, h) => {
    const { id: agreementId } = parse(oneId, request.params);
    return h.page('baa-tracker/agreement-form', await deps.withWorkspace(scopeOf(request), async (tx) => { const { row, subprocessor } = await reachBoth(tx, agreementId); return agreementFormContext(tx, subprocessor, row, null, null, {}); }));
  };

  const change: Handler = (request, h) => {
    const { id: agreementId } = parse(oneId, request.params);
    return orAgain(async () => {
      await deps.withWorkspace(scopeOf(request), (tx) => changeAgreement(tx, agreementId, parse(agreementChange, posted(request.payload))));
      flash(h, 'success', 'Saved.');
      return h.redirect(`${HOME}/agreements/${agreementId}`).code(303);
    }, async (errors) => h.page('baa-tracker/agreement-form', await deps.withWorkspace(scopeOf(request), async (tx) => { const { row, subprocessor } = await reachBoth(tx, agreementId); return agreementFormContext(tx, subprocessor, row, null, posted(request.payload), errors); })));
  };

  const step: Handler = async (request, h) => {
    const { id: agreementId } = parse(oneId, request.params);
    const form = parse(stepForm, posted(request.payload));
    const scope = scopeOf(request);
    if (form.to === 'terminated' && form.confirmed === undefined) return h.page('pages/confirm', await deps.withWorkspace(scope, (tx) => questionBeforeEnd(tx, agreementId, form.note)));
    try {
      const status = await deps.withWorkspace(scope, (tx) => stepAgreement(tx, agreementId, form));
      flash(h, 'success', `This agreement is ${STATUS_WORDS[status]} now.`);
      return h.redirect(`${HOME}/agreements/${agreementId}`).code(303);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'baa-tracker.agreement.unsigned') throw error;
      const context = await deps.withWorkspace(scope, (tx) => agreementContext(tx, agreementId));
      return h.page('baa-tracker/agreement', { ...context, errors: { file: error.message } }).code(error.status);
    }
  };

  const seen: Handler = async (request, h) => {
    const { id: agreementId } = parse(oneId, request.params);
    await deps.withWorkspace(scopeOf(request), (tx) => acknowledgeReminders(tx, agreementId));
    flash(h, 'success', 'It is on the record that you have seen it.');
    return h.redirect(`${HOME}/agreements/${agreementId}`).code(303);
  };

  return [
    { method: 'GET', path: '/subprocessors/{id}/agreements/new', handler: newPage },
    { method: 'POST', path: '/subprocessors/{id}/agreements', handler: create },
    { method: 'GET', path: '/agreements/{id}', handler: page },
    { method: 'GET', path: '/agreements/{id}/change', handler: changePage },
    { method: 'POST', path: '/agreements/{id}', handler: change },
    { method: 'POST', path: '/agreements/{id}/step', handler: step },
    { method: 'POST', path: '/agreements/{id}/seen', handler: seen },
  ];
}

async function reachBoth(tx: Tx, agreementId: string): Promise<{ row: Agreement; subprocessor: Subprocessor }> {
  const row = await reachAgreement(tx, agreementId);
  return { row, subprocessor: await reachSubprocessor(tx, row.subprocessor_id) };
}

async function questionBeforeEnd(tx: Tx, agreementId: string, note: string | undefined): Promise<Question> {
  const { row, subprocessor } = await reachBoth(tx, agreementId);
  return {
    title: `Terminate “${row.title}”?`, text: `The agreement with ${subprocessor.name} ends today and cannot be taken up again.`,
    consequences: ['A plugin that hands patients’ data to them has no agreement from this moment, unless another is in force; it is suspended after its grace.', 'Its documents, terms and history stay in the register.'],
    action: `${HOME}/agreements/${agreementId}/step`, word: 'Terminate', cancelHref: `${HOME}/agreements/${agreementId}`, hidden: { to: 'terminated', ...(note === undefined ? {} : { note }) },
  };
}
