import Joi from 'joi';
import { apiRoute, type ApiRoute } from '../../http/api/api-route.ts';
import { fault } from '../../errors.ts';
import { DOCUMENT_BYTES_MAX } from '../../clinical/document-refusal.ts';
import { id, oneId } from '../schemas.ts';
import { importFile } from './import-files.ts';
import { listDocuments, readClinicalSummary, readOneDocument, readOriginal, type DocumentView } from './read-documents.ts';

const moment = Joi.string().isoDate();
export const documentSchema = Joi.object({
  id: id.required(), contactId: id.allow(null).required(), kind: Joi.string().valid('ccda', 'pdf', 'other').required(), status: Joi.string().valid('filed', 'pending').required(),
  pendingReason: Joi.string().allow(null).required(), title: Joi.string().required(), fileName: Joi.string().allow(null).required(), mediaType: Joi.string().required(), bytes: Joi.number().integer().required(),
  sha256: Joi.string().hex().length(64).required(), documentDate: moment.allow(null).required(), createdAt: moment.required(),
});
const item = Joi.object().unknown().required();
const BASE64_MAX = Math.ceil(DOCUMENT_BYTES_MAX / 3) * 4;

export function documentJson({ version: _version, documentDate, createdAt, ...view }: DocumentView): object {
  return { ...view, documentDate: documentDate?.toISOString() ?? null, createdAt: createdAt.toISOString() };
}

export const DOCUMENT_API: readonly ApiRoute[] = [
  apiRoute({
    operation: 'listDocuments', method: 'GET', path: '/contacts/{id}/documents', tag: 'Documents', capability: 'document.read', summary: 'Documents of a contact, newest first', params: oneId,
    responses: { 200: { description: 'All of them', name: 'DocumentList', schema: Joi.object({ items: Joi.array().items(documentSchema).required() }) } }, refusals: ['contact.not_found'],
    handler: async (tx, { params }) => ({ body: { items: (await listDocuments(tx, params.id)).map(documentJson) } }),
  }),
  apiRoute({
    operation: 'readClinicalSummary', method: 'GET', path: '/contacts/{id}/clinical-summary', tag: 'Documents', capability: 'document.read', summary: 'One summary over all clinical documents of a contact',
    description: 'What several documents say alike is listed once, the latest statement first. `sources` index `documents`.', params: oneId,
    responses: { 200: { description: 'The summary', name: 'ClinicalSummary', schema: Joi.object({ documents: Joi.array().items(documentSchema).required(), summary: Joi.object().pattern(Joi.string(), Joi.array().items(item)).required() }) } },
    refusals: ['contact.not_found'],
    handler: async (tx, { params }) => {
      const { summary, documents } = await readClinicalSummary(tx, params.id);
      return { body: { documents: documents.map(documentJson), summary } };
    },
  }),
  apiRoute({
    operation: 'readDocument', method: 'GET', path: '/documents/{id}', tag: 'Documents', capability: 'document.read', summary: 'One document as it was read', params: oneId,
    responses: { 200: { description: 'Header, patient, sections with coded items and safe narrative', name: 'ReadDocument', schema: Joi.object({ document: documentSchema.required(), parsed: Joi.object().unknown().allow(null).required() }) } },
    refusals: ['document.not_found'],
    handler: async (tx, { params }) => {
      const { document, parsed } = await readOneDocument(tx, params.id);
      return { body: { document: documentJson(document), parsed } };
    },
  }),
  apiRoute({
    operation: 'readOriginalDocument', method: 'GET', path: '/documents/{id}/original', tag: 'Documents', capability: 'document.read', summary: 'The original bytes', params: oneId,
    responses: { 200: { description: 'Byte for byte as it came, base64', name: 'OriginalDocument', schema: Joi.object({ mediaType: Joi.string().required(), sha256: Joi.string().hex().length(64).required(), contentBase64: Joi.string().base64().required() }) } },
    refusals: ['document.not_found'],
    handler: async (tx, { params }) => {
      const { document, bytes } = await readOriginal(tx, params.id);
      return { body: { mediaType: document.mediaType, sha256: document.sha256, contentBase64: bytes.toString('base64') } };
    },
  }),
  apiRoute({
    operation: 'importDocument', method: 'POST', path: '/documents', tag: 'Documents', capability: 'document.import', summary: 'Import a C-CDA document',
    description: 'The patient is matched by identifiers, then by name, birth date and sex; a doubtful match waits for a person. The same bytes twice are one document.', maxBytes: BASE64_MAX + 4096,
    body: Joi.object<{ fileName: string; contentBase64: string }>({ fileName: Joi.string().trim().min(1).max(200).required(), contentBase64: Joi.string().base64().max(BASE64_MAX).description('base64 (RFC 4648, section 4)').required() }),
    responses: {
      201: {
        description: 'What became of it', name: 'ImportedDocument',
        schema: Joi.object({ documentId: id.required(), contactId: id.allow(null).required(), contact: Joi.string().valid('created', 'matched', 'pending', 'unchanged').required(), missing: Joi.array().items(Joi.string()).required(), repairs: Joi.number().integer().required() }),
      },
    },
    refusals: ['document.refused'],
    process: async ({ app, scope, body }) => {
      const outcome = await importFile(app, scope, body.fileName, Buffer.from(body.contentBase64, 'base64'));
      if (outcome.status === 'refused') throw fault('document.refused', { fields: [{ path: 'contentBase64', text: `${outcome.code}: ${outcome.reason}` }] });
      const { documentId, contactId, contact, missing, repairs } = outcome;
      return { status: 201, body: { documentId, contactId, contact, missing, repairs }, location: `/documents/${documentId}` };
    },
  }),
];
