import { Readable } from 'node:stream';
import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import { authorize, can } from '../../access/authorize.ts';
import type { App } from '../../app.ts';
import { apiRoutes } from '../../http/api/api-route.ts';
import { credentialsOf, scopeOf } from '../../http/credentials.ts';
import type { Feature } from '../../http/feature.ts';
import { parse } from '../../http/refusals.ts';
import { colleaguesOf } from '../colleagues.ts';
import { STATUSES, tag } from '../contacts/contact-schema.ts';
import { nameOf } from '../contacts/contact-view.ts';
import { readContact } from '../contacts/read-contact.ts';
import type { Contact } from '../contacts/model.ts';
import { id, oneId } from '../schemas.ts';
import { EXPORT_API } from './api.ts';
import { CONTACT_FORMATS, exportContactCcda, exportContactJson, type ContactFormat } from './export-contact.ts';
import { countForExport, exportContacts, LIST_FORMATS, type ListFormat, type ListSelection } from './export-contacts.ts';

type Handler = (app: App, request: Request, h: ResponseToolkit) => Promise<ResponseObject>;
type Search = { q?: string; status?: Contact['status']; owner?: string; tag?: string };

const SEARCH = { q: Joi.string().trim().max(100).empty(''), status: Joi.string().valid(...STATUSES).empty(''), owner: id.empty(''), tag: tag.empty(''), cursor: Joi.any().strip() };
const searchForm = Joi.object<Search>(SEARCH);
const listForm = Joi.object<Search & { format: ListFormat }>({ ...SEARCH, format: Joi.string().valid(...LIST_FORMATS).required() });
const contactForm = Joi.object<{ format: ContactFormat }>({ format: Joi.string().valid(...CONTACT_FORMATS).required() });

/**
 * Exports: a page that says what leaves and that it leaves the encryption, then the file. A fresh second factor is asked for when the form
 * is sent, which the step-up carries through.
 */
export const exportsFeature: Feature = {
  name: 'wardkeep-exports',
  register(server, { app }) {
    server.route([
      ...apiRoutes(app, EXPORT_API),
      { method: 'GET', path: '/contacts/export', handler: (request, h) => reviewList(app, request, h) },
      { method: 'POST', path: '/contacts/export', handler: (request, h) => reviewList(app, request, h) },
      { method: 'POST', path: '/contacts/export/file', handler: (request, h) => downloadList(app, request, h) },
      { method: 'GET', path: '/contacts/{id}/export', handler: (request, h) => reviewContact(app, request, h) },
      { method: 'POST', path: '/contacts/{id}/export', handler: (request, h) => downloadContact(app, request, h) },
    ]);
  },
};

const selectionOf = ({ q, status, owner, tag: label }: Search): ListSelection => ({ q: q ?? null, status: status ?? null, ownerId: owner ?? null, tag: label ?? null });

const reviewList: Handler = async (app, request, h) => {
  const search = parse(searchForm, request.payload ?? {});
  return h.page('exports/list', await app.withWorkspace(scopeOf(request), async (tx) => {
    const count = await countForExport(tx, selectionOf(search));
    const owner = search.owner === undefined ? null : ((await colleaguesOf(tx)).find((colleague) => colleague.id === search.owner)?.name ?? null);
    const named = [['Search', search.q], ['Status', search.status], ['Owner', owner], ['Tag', search.tag]].flatMap(([term, text]) => (text ? [{ term, text }] : []));
    return { count, filters: named, fields: Object.entries(search).map(([name, value]) => ({ name, value: String(value) })), formats: FORMATS(LIST_FORMATS) };
  }));
};

const downloadList: Handler = async (app, request, h) => {
  const { format, ...search } = parse(listForm, request.payload);
  const { mediaType, pieces } = await exportContacts(app, scopeOf(request), format, selectionOf(search));
  return attachment(h.response(Readable.from(pieces, { objectMode: false })), mediaType, `${credentialsOf(request).workspace.slug}-contacts.${format}`);
};

const reviewContact: Handler = async (app, request, h) => {
  const { id: contactId } = parse(oneId, request.params);
  return h.page('exports/contact', await app.withWorkspace(scopeOf(request), async (tx) => {
    if (!can(tx.scope.actor, 'contact.export')) authorize(tx, 'contact.export', { type: 'contact', id: contactId });
    const view = await readContact(tx, contactId);
    return { contact: { id: contactId, name: nameOf(view) }, formats: FORMATS(CONTACT_FORMATS) };
  }));
};

const downloadContact: Handler = async (app, request, h) => {
  const [{ id: contactId }, { format }] = [parse(oneId, request.params), parse(contactForm, request.payload)];
  const { workspace } = credentialsOf(request);
  const text = await app.withWorkspace(scopeOf(request), async (tx) => (format === 'ccda' ? exportContactCcda(tx, contactId, workspace.name) : `${JSON.stringify(await exportContactJson(tx, contactId), null, 2)}\n`));
  return format === 'ccda' ? attachment(h.response(text), 'application/xml', `contact-${contactId}.xml`) : attachment(h.response(text), 'application/json', `contact-${contactId}.json`);
};

const WORDS: Readonly<Record<ContactFormat | ListFormat, { label: string; hint: string }>> = {
  ccda: { label: 'C-CDA document', hint: 'For another practice’s or hospital’s system: demographics and the clinical record (HL7 C-CDA R2.1)' },
  json: { label: 'JSON', hint: 'For programs: every field that you see' },
  csv: { label: 'CSV', hint: 'For a spreadsheet: one line a contact' },
};
const FORMATS = (formats: readonly (ContactFormat | ListFormat)[]): object[] => formats.map((value, at) => ({ value, ...WORDS[value], checked: at === 0 }));

/** File names hold ids: a name in one would be kept in the browser's history. */
function attachment(response: ResponseObject, mediaType: string, fileName: string): ResponseObject {
  return response.type(mediaType).header('content-disposition', `attachment; filename="${fileName}"`);
}
