import type { Request, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../../app.ts';
import type { ClinicalDocument } from '../../clinical/clinical-document.ts';
import { REPAIRS } from '../../clinical/repairs.ts';
import { apiRoutes } from '../../http/api/api-route.ts';
import { Fault } from '../../errors.ts';
import { credentialsOf, scopeOf } from '../../http/credentials.ts';
import { flash } from '../../http/flash.ts';
import { formErrors } from '../../http/form-errors.ts';
import { parse } from '../../http/refusals.ts';
import { trustHtml } from '../../http/views.ts';
import type { Feature } from '../../http/feature.ts';
import { wholeDay } from '../contacts/contact-frame.ts';
import { nameOf } from '../contacts/contact-view.ts';
import { wholeContact } from '../contacts/read-contact.ts';
import { formFields, type FormFields } from '../form-fields.ts';
import { calendarDate, id, oneId } from '../schemas.ts';
import { DOCUMENT_API } from './api.ts';
import { chooseContactPage, searchContact } from './choose-contact.ts';
import { clinicalTab, documentsTab } from './contact-tabs.ts';
import { writtenText } from './document-date.ts';
import { dayText, itemOf } from './item-line.ts';
import { readOneDocument, readOriginal } from './read-documents.ts';
import { keepApart, listWaiting, resolveDocument } from './reviews.ts';

const SEXES = [{ value: 'female', label: 'Female' }, { value: 'male', label: 'Male' }, { value: 'other', label: 'Other' }];

export const documentsFeature: Feature = {
  name: 'wardkeep-documents',
  register(server, { app }) {
    server.route([
      ...apiRoutes(app, DOCUMENT_API),
      { method: 'GET', path: '/contacts/{id}/documents', handler: (request, h) => documentsTab(app, request, h) },
      { method: 'GET', path: '/contacts/{id}/clinical', handler: (request, h) => clinicalTab(app, request, h) },
      { method: 'GET', path: '/documents/waiting', handler: (request, h) => waitingPage(app, request, h) },
      { method: 'POST', path: '/documents/waiting/pairs/{id}', handler: (request, h) => decidePair(app, request, h) },
      { method: 'GET', path: '/documents/{id}', handler: (request, h) => documentPage(app, request, h) },
      { method: 'GET', path: '/documents/{id}/original', handler: (request, h) => download(app, request, h) },
      { method: 'GET', path: '/documents/{id}/contact', handler: (request, h) => chooseContactPage(app, request, h) },
      { method: 'POST', path: '/documents/{id}/contact', handler: (request, h) => searchContact(app, request, h) },
      { method: 'POST', path: '/documents/{id}/resolve', handler: (request, h) => resolve(app, request, h) },
    ]);
  },
};

async function documentPage(app: App, request: Request, h: ResponseToolkit) {
  const { id } = parse(oneId, request.params);
  const context = await app.withWorkspace(scopeOf(request), async (tx) => {
    const { document, parsed } = await readOneDocument(tx, id);
    const contactName = document.contactId === null ? null : nameOf(await wholeContact(tx, document.contactId));
    const written = writtenText(parsed?.header.effectiveTime ?? null, document.documentDate, credentialsOf(request).workspace.timeZone);
    return { document: { ...document, written, pending: document.status === 'pending' }, contactName, ...bodyOf(parsed) };
  });
  return h.page('documents/document', context);
}

async function download(app: App, request: Request, h: ResponseToolkit) {
  const { id } = parse(oneId, request.params);
  const { document, bytes } = await app.withWorkspace(scopeOf(request), (tx) => readOriginal(tx, id));
  // Never shown inside our origin: an original may hold anything. The name is ours; the file's own may be PHI and stays out of headers.
  return h.response(bytes).type('application/octet-stream').header('content-disposition', `attachment; filename="document-${id}.${document.kind === 'pdf' ? 'pdf' : 'xml'}"`);
}

/** `refused`: what was typed for one document and why it could not be filed so. */
async function waitingPage(app: App, request: Request, h: ResponseToolkit, refused: { id: string; fields: FormFields; refusal: Fault } | null = null) {
  const { documents, pairs, waiting } = await app.withWorkspace(scopeOf(request), (tx) => listWaiting(tx));
  const more = { pairs: pairs.length < waiting.pairs, documents: documents.length < waiting.documents };
  const errors = refused === null ? {} : formErrors(refused.refusal);
  return h.page('documents/waiting', {
    pairs: pairs.map(({ contact, candidate, ...pair }) => ({ ...pair, contact: withWholeDay(contact), candidate: withWholeDay(candidate) })), waiting, more, sexes: SEXES,
    errors: Object.fromEntries(Object.entries(errors).map(([name, text]) => [`${refused?.id}-${name}`, text])),
    documents: documents.map(({ suggested, ...document }) => {
      const isRefused = document.id === refused?.id;
      return { ...document, form: { ...suggested, ...(isRefused ? refused.fields : {}) }, errors: isRefused ? errors : {} };
    }),
  }).code(refused === null ? 200 : 400);
}

const withWholeDay = <T extends { birthDate: string | null }>(person: T): T => ({ ...person, birthDate: wholeDay(person.birthDate) });

async function decidePair(app: App, request: Request, h: ResponseToolkit) {
  const { id } = parse(oneId, request.params);
  parse(Joi.object({ decision: Joi.string().valid('different').required() }), request.payload);
  await app.withWorkspace(scopeOf(request), (tx) => keepApart(tx, id));
  flash(h, 'success', 'Kept as two people.');
  return h.redirect('/documents/waiting').code(303);
}

type ResolveForm = { act: 'create' | 'assign'; contactId?: string; givenName?: string; familyName?: string; birthDate?: string; sex?: 'female' | 'male' | 'other' };
const resolveForm = Joi.object<ResolveForm>({
  act: Joi.string().valid('create', 'assign').required(),
  contactId: Joi.when('act', { is: 'assign', then: id.required(), otherwise: Joi.forbidden() }),
  givenName: Joi.when('act', { is: 'create', then: Joi.string().trim().max(100).required(), otherwise: Joi.forbidden() }),
  familyName: Joi.when('act', { is: 'create', then: Joi.string().trim().max(100).required(), otherwise: Joi.forbidden() }),
  birthDate: Joi.when('act', { is: 'create', then: calendarDate().required(), otherwise: Joi.forbidden() }),
  sex: Joi.when('act', { is: 'create', then: Joi.string().valid('female', 'male', 'other').required(), otherwise: Joi.forbidden() }),
});

async function resolve(app: App, request: Request, h: ResponseToolkit) {
  const { id: documentId } = parse(oneId, request.params);
  const fields = formFields(request.payload);
  try {
    const form = parse(resolveForm, Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)));
    const contactId = await app.withWorkspace(scopeOf(request), (tx) => {
      if (form.act === 'create') return resolveDocument(tx, documentId, { givenName: form.givenName as string, familyName: form.familyName as string, birthDate: form.birthDate as string, sex: form.sex as 'female' });
      return resolveDocument(tx, documentId, { contactId: form.contactId as string });
    });
    flash(h, 'success', 'The document is filed.');
    return h.redirect(`/contacts/${contactId}/documents`).code(303);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'request.invalid' || fields['act'] !== 'create') throw error;
    return waitingPage(app, request, h, { id: documentId, fields, refusal: error });
  }
}

function bodyOf(parsed: ClinicalDocument | null): object {
  if (parsed === null) return { facts: [], repairs: [], sections: [], attachments: [] };
  const { header, patient } = parsed;
  const facts = [
    { term: 'Type', text: header.typeCode?.display }, { term: 'Author', text: header.authors.join(', ') }, { term: 'Custodian', text: header.custodian }, { term: 'Patient', text: [patient.name.given, patient.name.family].filter(Boolean).join(' ') },
    { term: 'Born', text: patient.birthDate === null ? null : dayText(patient.birthDate) }, { term: 'Sex', text: patient.sex }, { term: 'Document id', text: header.id },
  ].flatMap(({ term, text }) => (text ? [{ term, text }] : []));
  return {
    facts,
    repairs: parsed.repairs.map(({ code, line }) => `${REPAIRS[code]}${line > 0 ? ` (line ${line})` : ''}`),
    attachments: parsed.attachments.map(({ mediaType, sizeBytes }) => ({ mediaType, bytes: sizeBytes })),
    sections: parsed.sections.map((section, at) => ({
      id: String(at), title: section.title, items: section.items.map(itemOf),
      // Built from an allow-list by core/clinical/ccda/narrative.ts, every character of the document escaped.
      narrative: section.narrativeHtml === '' ? null : trustHtml(section.narrativeHtml),
    })),
  };
}
