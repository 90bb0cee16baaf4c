import { Readable } from 'node:stream';
import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import { authorize, can } from '../../access/authorize.ts';
import type { App } from '../../app.ts';
import type { Place } from '../../audit/store/log-page.ts';
import { Fault } from '../../errors.ts';
import { credentialsOf, scopeOf } from '../../http/credentials.ts';
import type { Feature } from '../../http/feature.ts';
import { parse } from '../../http/refusals.ts';
import { readAsset } from '../../read-asset.ts';
import { activityOf } from './activity.ts';
import { keepCheckpoint, listCheckpoints } from './checkpoints.ts';
import { namesOfMarks } from '../../practice/contacts/field-gate.ts';
import { entryView, lineOf, proofView } from './entry-view.ts';
import { exportLog, EXPORT_FORMATS, type ExportFormat } from './export-log.ts';
import { ACTOR_KINDS, filterFields, OUTCOMES, queryOf, type Filters } from './filters.ts';
import { actorChoices, listEntries } from './list-entries.ts';
import { keepProof, readEntry } from './read-entry.ts';
import { actionChoices } from './sentences.ts';
import { readKept, recentOutcomes, verificationsOf, type Verifications } from './verification.ts';

const seqField = Joi.number().integer().min(1).max(Number.MAX_SAFE_INTEGER);
const listQuery = Joi.object<Filters & Place>({ ...filterFields, before: seqField, after: seqField }).oxor('before', 'after');
const seqParam = Joi.object<{ seq: number }>({ seq: seqField.required() });
const sizeParam = Joi.object<{ size: number }>({ size: Joi.number().integer().min(0).max(Number.MAX_SAFE_INTEGER).required() });
const exportForm = Joi.object<{ from?: string; to?: string; format: ExportFormat }>({ from: filterFields.from, to: filterFields.to, format: Joi.string().valid(...EXPORT_FORMATS).required() });
const verifyForm = Joi.object<{ extent: 'since-checkpoint' | 'whole' }>({ extent: Joi.string().valid('since-checkpoint', 'whole').default('since-checkpoint') });
const keptForm = Joi.object<{ checkpoint: string }>({ checkpoint: Joi.string().max(8192).allow('').required() });

const OUTCOMES_SHOWN = 12;
const VERIFIER_PAGE = 'core/audit/verifier-page/verify.html';

/** /audit: the security officer's room. */
export const auditRoutes: Feature = {
  name: 'wardkeep-audit',
  register(server, { app }) {
    const verifications = verificationsOf(app);
    server.route([
      { method: 'GET', path: '/audit', handler: (request, h) => listPage(app, request, h) },
      { method: 'GET', path: '/audit/{seq}', handler: (request, h) => entryPage(app, request, h) },
      { method: 'GET', path: '/audit/{seq}/proof.json', handler: (request, h) => downloadProof(app, request, h) },
      { method: 'GET', path: '/audit/export', handler: (request, h) => exportPage(app, request, h) },
      { method: 'POST', path: '/audit/export', handler: (request, h) => download(app, request, h) },
      { method: 'GET', path: '/audit/verify', handler: (request, h) => verifyPage(app, verifications, request, h) },
      { method: 'POST', path: '/audit/verify', handler: (request, h) => verify(verifications, request, h) },
      { method: 'POST', path: '/audit/verify/kept', handler: (request, h) => verifyKept(app, verifications, request, h) },
      { method: 'GET', path: '/audit/checkpoints', handler: (request, h) => checkpointsPage(app, request, h) },
      { method: 'GET', path: '/audit/checkpoints/{size}', handler: (request, h) => downloadCheckpoint(app, request, h) },
      // Our own policy forbids its inline script, so it is a file to take away; it runs where this server has no say.
      { method: 'GET', path: '/audit/verifier.html', handler: (_request, h) => attachment(h.response(readAsset(VERIFIER_PAGE)), 'text/html; charset=utf-8', 'wardkeep-audit-verifier.html') },
    ]);
  },
};

async function listPage(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { before, after, ...filters } = parse(listQuery, request.query);
  const { actor: viewer, workspace: { timeZone } } = credentialsOf(request);
  const page = await app.withWorkspace(scopeOf(request), async (tx) => ({
    ...(await listEntries(tx, filters, { before, after }, timeZone)),
    actors: await actorChoices(tx), activity: await activityOf(tx, filters, timeZone), last: (await recentOutcomes(tx, 1))[0] ?? null,
  }));
  const [newest, oldest] = [page.entries[0], page.entries.at(-1)];
  return h.page('audit/list', {
    filters, actors: page.actors, actions: actionChoices(), actorKinds: choices(ACTOR_KINDS), outcomes: choices(OUTCOMES), ...page.activity, last: page.last,
    entries: page.entries.map((entry) => lineOf(entry, viewer)), refusedHref: queryOf({ ...filters, outcome: 'not-ok' }),
    previousHref: page.hasNewer && newest !== undefined ? queryOf(filters, { after: newest.seq }) : null, nextHref: page.hasOlder && oldest !== undefined ? queryOf(filters, { before: oldest.seq }) : null,
    can: { verify: can(viewer, 'audit.verify'), export: can(viewer, 'audit.export') },
  });
}

async function entryPage(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { seq } = parse(seqParam, request.params);
  const { proved, named } = await app.withWorkspace(scopeOf(request), async (tx) => ({ proved: await readEntry(tx, app, seq), named: await namesOfMarks(tx) }));
  return h.page('audit/entry', { entry: entryView(proved, credentialsOf(request).actor, named), proof: proofView(proved) });
}

async function downloadProof(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { seq } = parse(seqParam, request.params);
  const proof = await app.withWorkspace(scopeOf(request), (tx) => keepProof(tx, app, seq));
  return attachment(h.response(`${JSON.stringify(proof, null, 2)}\n`), 'application/json', `audit-entry-${seq}-proof.json`);
}

/** Where the form shows what is refused for more than its own sake. */
const FIELD_OF: Readonly<Record<string, string>> = { 'audit.not_sound': 'format', 'audit.span_reversed': 'to' };

/** A fresh second factor is asked for when the form is sent, which the step-up carries through. */
async function exportPage(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const scope = scopeOf(request);
  if (!can(scope.actor, 'audit.export')) await app.withWorkspace(scope, async (tx) => authorize(tx, 'audit.export'));
  return h.page('audit/export', { form: { format: 'bundle' }, errors: {} });
}

async function download(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { workspace: { slug } } = credentialsOf(request);
  try {
    const { format, from, to } = parse(exportForm, request.payload);
    const { mediaType, fileEnding, pieces } = await exportLog(app, scopeOf(request), format, { from, to });
    const name = [slug, 'audit', ...(from === undefined ? [] : ['from', from]), ...(to === undefined ? [] : ['to', to])].join('-');
    return attachment(h.response(Readable.from(pieces, { objectMode: false })), mediaType, `${name}.${fileEnding}`);
  } catch (error) {
    if (!(error instanceof Fault) || (error.code !== 'request.invalid' && !Object.hasOwn(FIELD_OF, error.code))) throw error;
    const field = FIELD_OF[error.code];
    const errors = field !== undefined ? { [field]: error.message } : Object.fromEntries(error.fields.map(({ path }) => [path, path === 'format' ? 'Choose a format.' : 'Enter a day that exists.']));
    return h.page('audit/export', { form: request.payload as object, errors }).code(error.status);
  }
}

async function verifyPage(app: App, verifications: Verifications, request: Request, h: ResponseToolkit, kept: { text: string; refused: string } | null = null): Promise<ResponseObject> {
  const scope = scopeOf(request);
  const outcomes = await app.withWorkspace(scope, (tx) => recentOutcomes(tx, OUTCOMES_SHOWN));
  const progress = verifications.progressOf(scope.workspaceId);
  return h.page('audit/verify', {
    running: progress === null ? null : { ...progress, of: Math.max(1, progress.of) }, last: outcomes[0] ?? null, outcomes, canVerify: can(scope.actor, 'audit.verify'),
    form: { checkpoint: kept?.text ?? '' }, errors: kept === null ? {} : { checkpoint: kept.refused },
  });
}

async function verify(verifications: Verifications, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { extent } = parse(verifyForm, request.payload ?? {});
  await verifications.start(scopeOf(request), extent);
  return h.redirect('/audit/verify').code(303);
}

async function verifyKept(app: App, verifications: Verifications, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { checkpoint } = parse(keptForm, request.payload);
  const kept = await app.withWorkspace(scopeOf(request), (tx) => readKept(tx, app, checkpoint));
  if ('refused' in kept) return (await verifyPage(app, verifications, request, h, { text: checkpoint, refused: kept.refused })).code(422);
  await verifications.start(scopeOf(request), 'whole', kept);
  return h.redirect('/audit/verify').code(303);
}

async function checkpointsPage(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { before } = parse(Joi.object<{ before?: number }>({ before: seqField }), request.query);
  const { checkpoints, hasOlder } = await app.withWorkspace(scopeOf(request), (tx) => listCheckpoints(tx, before));
  return h.page('audit/checkpoints', {
    newest: before === undefined ? (checkpoints[0] ?? null) : null, checkpoints: before === undefined ? checkpoints.slice(1) : checkpoints,
    nextHref: hasOlder ? `/audit/checkpoints?before=${checkpoints.at(-1)?.size}` : null, previousHref: before === undefined ? null : '/audit/checkpoints',
  });
}

async function downloadCheckpoint(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { size } = parse(sizeParam, request.params);
  const note = await app.withWorkspace(scopeOf(request), (tx) => keepCheckpoint(tx, size));
  return attachment(h.response(note), 'text/plain; charset=utf-8', `${credentialsOf(request).workspace.slug}-checkpoint-${size}.txt`);
}

function attachment(response: ResponseObject, type: string, name: string): ResponseObject {
  return response.type(type).header('content-disposition', `attachment; filename="${name}"`);
}

function choices(values: readonly string[]): { value: string; label: string }[] {
  return values.map((value) => ({ value, label: value === 'not-ok' ? 'refused or failed' : value }));
}
