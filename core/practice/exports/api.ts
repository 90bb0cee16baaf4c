import Joi from 'joi';
import { apiRoute, type ApiRoute } from '../../http/api/api-route.ts';
import { credentialsOf } from '../../http/credentials.ts';
import { seenBy, shownFilters } from '../contacts/api.ts';
import { exportedJson, exportedSchemaFor, moment, pageSchema } from '../contacts/contact-json.ts';
import { STATUSES, tag } from '../contacts/contact-schema.ts';
import type { ContactGate } from '../contacts/field-gate.ts';
import type { ListInput } from '../contacts/list-contacts.ts';
import { documentSchema } from '../documents/api.ts';
import { cursor, id, limit, oneId } from '../schemas.ts';
import { ITEM_KINDS } from './clinical-record.ts';
import { exportContactCcda, exportContactJson } from './export-contact.ts';
import { exportPage } from './export-contacts.ts';

const statements = Joi.object(Object.fromEntries(ITEM_KINDS.map((kind) => [kind, Joi.array().items(Joi.object().unknown()).required()]))).required();
const recordFor = (gate: ContactGate | null) => Joi.object({ exportedAt: moment, contact: exportedSchemaFor(gate).required(), clinical: statements, documents: Joi.array().items(documentSchema).required() });
const FILTERS = { status: Joi.string().valid(...STATUSES), ownerId: id, tag, cursor, limit };
const whoMay = (reads: 'contact.read' | 'document.read'): string =>
  `A person needs a second factor confirmed in the last ten minutes; a service account needs the scopes \`contact.export\` and \`${reads}\`, and \`contact.all\` for any but own and shared contacts.`;
const pageFor = (gate: ContactGate | null) => ({ 200: { description: 'One page', name: 'ExportedContactPage', schema: pageSchema(exportedSchemaFor(gate)) } });
const oneFor = (gate: ContactGate | null) => ({ 200: { description: 'The contact, what its clinical documents state, and the list of its documents', name: 'ExportedContact', schema: recordFor(gate) } });

export const EXPORT_API: readonly ApiRoute[] = [
  apiRoute({
    operation: 'exportContacts', method: 'POST', path: '/contacts/export', tag: 'Exports', capability: 'contact.export', summary: 'Whole contacts, a page at a time',
    description: `Last made first; a contact that is changed between two pages is in one of them. ${whoMay('contact.read')} POST, so that a tag stays out of URLs.`,
    body: Joi.object<ListInput>(FILTERS), asSeenIn: seenBy((gate) => ({ body: Joi.object(shownFilters(FILTERS, gate)), responses: pageFor(gate) })), responses: pageFor(null), refusals: ['access.step_up_required'],
    handler: async (tx, { body }) => {
      const { items, next } = await exportPage(tx, body);
      return { body: { items: items.map(exportedJson), nextCursor: next } };
    },
  }),
  apiRoute({
    operation: 'exportContact', method: 'GET', path: '/contacts/{id}/export', tag: 'Exports', capability: 'contact.export', summary: 'One contact with its clinical record', description: whoMay('document.read'),
    params: oneId, asSeenIn: seenBy((gate) => ({ responses: oneFor(gate) })), responses: oneFor(null), refusals: ['contact.not_found', 'access.step_up_required'],
    handler: async (tx, { params }) => ({ body: await exportContactJson(tx, params.id) }),
  }),
  apiRoute({
    operation: 'exportContactCcda', method: 'GET', path: '/contacts/{id}/export/ccda', tag: 'Exports', capability: 'contact.export', summary: 'One contact as a C-CDA R2.1 document',
    description: `A Continuity of Care Document. What the caller does not see is left out; where the standard demands an element it says nullFlavor MSK. ${whoMay('document.read')}`, params: oneId,
    responses: { 200: { description: 'The document, base64', name: 'ExportedDocument', schema: Joi.object({ fileName: Joi.string().required(), mediaType: Joi.string().required(), contentBase64: Joi.string().base64().required() }) } },
    refusals: ['contact.not_found', 'access.step_up_required'],
    handler: async (tx, { params, request }) => {
      const text = await exportContactCcda(tx, params.id, credentialsOf(request).workspace.name);
      return { body: { fileName: `contact-${params.id}.xml`, mediaType: 'application/xml', contentBase64: Buffer.from(text, 'utf8').toString('base64') } };
    },
  }),
];
