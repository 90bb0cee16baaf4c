import type { ResponseObject } from '@hapi/hapi';
import { authorize, Fault, flash, Joi, parse, record, scopeOf, type PluginDeps, type PluginRoute } from '../../../core/plugin.ts';
import { agreementContext } from '../agreements/pages.ts';
import { codes, oneId, type Handler } from '../form.ts';
import { DOCUMENT_KINDS, type DocumentKind } from '../vocabulary.ts';
import { addDocument, LINK_LIFE_MS, openDocument, prepareLink, purposeOf } from './actions.ts';
import { checkPdf, PDF_BYTES_MAX } from './check-pdf.ts';

const HOME = '/plugins/baa-tracker';
const kindForm = Joi.object<{ kind: DocumentKind }>({ kind: codes(DOCUMENT_KINDS).required() });
const linkParams = Joi.object<{ id: string; ticket: string }>({ id: oneId.extract('id'), ticket: Joi.string().max(80).required() });

type Upload = { readonly name: string; readonly bytes: Buffer };

export function documentRoutes(deps: PluginDeps): PluginRoute[] {
  const add: Handler = async (request, h) => {
    const { id } = parse(oneId, request.params);
    const scope = scopeOf(request);
    const { file, fields } = readUpload(request.payload);
    const again = async (text: string, status: number) => h.page('baa-tracker/agreement', { ...(await deps.withWorkspace(scope, (tx) => agreementContext(tx, id))), errors: { file: text } }).code(status);
    if (file === null) return again('Choose a PDF.', 422);
    await deps.withWorkspace(scope, async (tx) => authorize(tx, 'baa-tracker.register.write', { type: 'agreement', id })); // before the work of looking through it
    const { kind } = parse(kindForm, fields);
    try {
      await checkPdf(file.bytes);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      await deps.withWorkspace(scope, async (tx) => record(tx, { action: 'baa-tracker.document.refused', outcome: 'refused', target: { type: 'agreement', id }, detail: { code: error.code, bytes: file.bytes.length } }));
      return again(error.message, error.status);
    }
    await deps.withWorkspace(scope, (tx) => addDocument(tx, id, { kind, fileName: file.name, bytes: file.bytes }));
    flash(h, 'success', 'Document added, sealed under this workspace’s key.');
    return h.redirect(`${HOME}/agreements/${id}`).code(303);
  };

  const link: Handler = async (request, h) => {
    const { id } = parse(oneId, request.params);
    const scope = scopeOf(request);
    await deps.withWorkspace(scope, (tx) => prepareLink(tx, id));
    return h.redirect(`${HOME}/documents/${id}/${deps.issueTicket(scope, purposeOf(id), LINK_LIFE_MS)}`).code(303);
  };

  const open: Handler = async (request, h) => {
    const { id, ticket } = parse(linkParams, request.params);
    const scope = scopeOf(request);
    const { document, bytes } = await deps.withWorkspace(scope, (tx) => openDocument(tx, id, deps.checkTicket(scope, purposeOf(id), ticket)));
    return attachment(h.response(bytes), 'application/pdf', `agreement-${document.agreement_id.slice(0, 8)}-${document.number}.pdf`);
  };

  return [
    { method: 'POST', path: '/agreements/{id}/documents', options: { payload: { maxBytes: PDF_BYTES_MAX + 64 * 1024, output: 'data', parse: true, multipart: { output: 'annotated' }, timeout: 60_000 } }, handler: add },
    { method: 'POST', path: '/documents/{id}/link', handler: link },
    { method: 'GET', path: '/documents/{id}/{ticket}', handler: open },
  ];
}

/** Always to be saved, never shown inside our origin. */
export function attachment(response: ResponseObject, type: string, name: string): ResponseObject {
  return response.type(type).header('content-disposition', `attachment; filename="${name}"`).header('x-content-type-options', 'nosniff');
}

/** hapi's annotated multipart: files are objects, other fields text. A browser sends an unnamed empty part when nothing was chosen. */
export function readUpload(payload: unknown): { file: Upload | null; fields: Record<string, string> } {
  const parts = Object.entries((payload ?? {}) as Record<string, unknown>);
  const fields = Object.fromEntries(parts.filter((part): part is [string, string] => typeof part[1] === 'string'));
  const given = parts.find(([name]) => name === 'file')?.[1];
  const { filename, payload: content } = ((Array.isArray(given) ? given[0] : given) ?? {}) as { filename?: string; payload?: unknown };
  if (filename === undefined || filename === '') return { file: null, fields };
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(typeof content === 'string' ? content : JSON.stringify(content ?? ''), 'utf8');
  return { file: { name: filename.replace(/^.*[\\/]/, '').replace(/\p{C}/gu, '').slice(0, 200), bytes }, fields };
}
