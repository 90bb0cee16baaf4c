import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import { Fault, Joi, authorize, flash, parse, record, scopeOf, type PluginDeps, type PluginServer, type Role, type Tx } from '../../../core/plugin.ts';
import { gateFor, ROLES } from '../answer.ts';
import { Property } from '../models.ts';
import { addProperty, listProperty, retireProperty } from '../properties/actions.ts';
import { changeRules, changesOf, effectOf, fingerprintOf, peopleByRole, readMatrix, WRITERS, type Row } from './matrix.ts';

const BASE = '/plugins/field-gates';
const WORDS: Readonly<Record<Role, string>> = { ADMIN: 'Administrators', MANAGER: 'Managers', AGENT: 'Agents', READONLY: 'Read-only' };
const oneId = Joi.object<{ id: string }>({ id: Joi.string().uuid({ separator: '-', wrapper: false }).required() });

/** The matrix, what a change of it would do, what a role sees, and the workspace's own properties. */
export function registerPages(server: PluginServer, deps: PluginDeps): void {
  server.route([
    { method: 'GET', path: '/', handler: (request, h) => matrixPage(deps, request, h, null) },
    { method: 'POST', path: '/review', handler: (request, h) => review(deps, request, h) },
    { method: 'POST', path: '/', handler: (request, h) => save(deps, request, h) },
    { method: 'GET', path: '/as/{role}', handler: (request, h) => seeAs(deps, request, h) },
    { method: 'POST', path: '/properties', handler: (request, h) => add(deps, request, h) },
    { method: 'POST', path: '/properties/{id}/list', handler: (request, h) => list(deps, request, h, true) },
    { method: 'POST', path: '/properties/{id}/unlist', handler: (request, h) => list(deps, request, h, false) },
    { method: 'POST', path: '/properties/{id}/retire', handler: (request, h) => retire(deps, request, h, true) },
    { method: 'POST', path: '/properties/{id}/restore', handler: (request, h) => retire(deps, request, h, false) },
  ]);
}

async function matrixPage(deps: PluginDeps, request: Request, h: ResponseToolkit, refusal: Fault | null, form: Record<string, unknown> = {}): Promise<ResponseObject> {
  const context = await deps.withWorkspace(scopeOf(request), async (tx) => {
    authorize(tx, 'field-gates.rule.read');
    const [rows, properties] = [await readMatrix(tx), await Property.query(tx).orderBy('name')];
    record(tx, { action: 'field-gates.rule.read', detail: { fields: rows.length } });
    return { rows: rows.map(boxesOf), seen: fingerprintOf(rows), properties: properties.map(({ id, name, label, type, is_indexed: isIndexed, is_listed: isListed, is_retired: isRetired }) => ({ id, name: `custom.${name}`, label, type, isIndexed, isListed, isRetired })) };
  });
  const errors = refusal === null ? {} : Object.fromEntries((refusal.fields.length === 0 ? [{ path: 'form', text: refusal.message }] : refusal.fields).map(({ path, text }) => [path, text]));
  return h.page('field-gates/matrix', {
    ...context, errors, roles: ROLES.map((role) => ({ role, label: WORDS[role] })), types: ['text', 'number', 'date', 'boolean', 'choice'].map((value) => ({ value, label: value })),
    form: { name: null, label: null, type: 'text', choices: null, ...form },
  }).code(refusal === null ? 200 : refusal.status);
}

function boxesOf({ field, label, readers, writers }: Row): object {
  const boxes = ROLES.map((role) => ({ role, label: WORDS[role], reads: readers.includes(role), writes: writers.includes(role), mayWrite: WRITERS.includes(role) }));
  return { field, label, boxes, isGated: readers.length < ROLES.length || writers.length < WRITERS.length };
}

/** What saving would do, counted in people, before it is done. */
async function review(deps: PluginDeps, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { _csrf: _token, ...form } = (request.payload ?? {}) as Record<string, string>;
  try {
    const context = await deps.withWorkspace(scopeOf(request), async (tx) => {
      authorize(tx, 'field-gates.rule.read');
      const rows = await readMatrix(tx);
      const changes = changesOf(rows, form);
      const people = await peopleByRole(tx);
      const after = rows.map((row) => ({ ...row, ...changes.find(({ field }) => field === row.field)?.to }));
      return {
        changes: changes.map((change) => ({ label: change.label, readers: wordsOf(change.to.readers), writers: wordsOf(change.to.writers), ...effectOf(change, people) })),
        views: ROLES.map((role) => ({ role: WORDS[role], people: people[role], hidden: hiddenLabels(after, role) })),
      };
    });
    return h.page('field-gates/review', { ...context, fields: Object.entries(form).map(([name, value]) => ({ name, value })) });
  } catch (error) {
    return refusedOn(deps, request, h, error);
  }
}

const wordsOf = (roles: readonly Role[]): string => roles.map((role) => WORDS[role]).join(', ') || 'nobody';

function hiddenLabels(rows: readonly Row[], role: Role): string[] {
  const { hidden } = gateFor(role, rows.map(({ field, readers, writers }) => ({ field, readers: [...readers], writers: [...writers] })));
  return rows.filter(({ field }) => hidden.has(field)).map(({ label }) => label);
}

async function save(deps: PluginDeps, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { _csrf: _token, ...form } = (request.payload ?? {}) as Record<string, string>;
  try {
    const changed = await deps.withWorkspace(scopeOf(request), (tx) => changeRules(tx, form));
    flash(h, 'success', changed === 0 ? 'Nothing was changed.' : `Saved: ${changed} ${changed === 1 ? 'field' : 'fields'}. It holds from the next request on.`);
    return h.redirect(BASE).code(303);
  } catch (error) {
    return refusedOn(deps, request, h, error);
  }
}

/** What exists for a role, field by field. */
async function seeAs(deps: PluginDeps, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { role } = parse(Joi.object<{ role: Role }>({ role: Joi.string().valid(...ROLES).required() }), request.params);
  return h.page('field-gates/see-as', await deps.withWorkspace(scopeOf(request), async (tx) => {
    authorize(tx, 'field-gates.rule.read');
    const [rows, people] = [await readMatrix(tx), await peopleByRole(tx)];
    record(tx, { action: 'field-gates.rule.read', detail: { as: role } });
    const fields = rows.map(({ label, readers, writers }) => ({ label, standing: !readers.includes(role) ? 'does not exist' : writers.includes(role) ? 'reads and changes' : 'reads', tone: !readers.includes(role) ? 'bad' : writers.includes(role) ? 'good' : 'calm' }));
    return { role: WORDS[role], people: people[role], fields, tabs: ROLES.map((one) => ({ href: `${BASE}/as/${one}`, label: WORDS[one], current: one === role, count: null })) };
  }));
}

async function add(deps: PluginDeps, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { _csrf: _token, ...form } = (request.payload ?? {}) as Record<string, unknown>;
  return done(deps, request, h, (tx) => addProperty(tx, form), 'Added. It stands on the contact form.', form);
}

async function list(deps: PluginDeps, request: Request, h: ResponseToolkit, isListed: boolean): Promise<ResponseObject> {
  const { id } = parse(oneId, request.params);
  return done(deps, request, h, (tx) => listProperty(tx, id, isListed), isListed ? 'It stands in lists of contacts now, for whoever reads it.' : 'It is out of lists.');
}

async function retire(deps: PluginDeps, request: Request, h: ResponseToolkit, isRetired: boolean): Promise<ResponseObject> {
  const { id } = parse(oneId, request.params);
  return done(deps, request, h, (tx) => retireProperty(tx, id, isRetired), isRetired ? 'Retired. What stood in it is kept.' : 'Back in use.');
}

async function done(deps: PluginDeps, request: Request, h: ResponseToolkit, work: (tx: Tx) => Promise<void>, said: string, form: Record<string, unknown> = {}): Promise<ResponseObject> {
  try {
    await deps.withWorkspace(scopeOf(request), work);
  } catch (error) {
    return refusedOn(deps, request, h, error, form);
  }
  flash(h, 'success', said);
  return h.redirect(BASE).code(303);
}

function refusedOn(deps: PluginDeps, request: Request, h: ResponseToolkit, error: unknown, form: Record<string, unknown> = {}): Promise<ResponseObject> {
  if (!(error instanceof Fault) || !(error.code === 'request.invalid' || error.code.startsWith('field-gates.'))) throw error;
  return matrixPage(deps, request, h, error, form);
}
