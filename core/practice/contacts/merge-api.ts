import Joi from 'joi';
import { apiRoute, type ApiRoute } from '../../http/api/api-route.ts';
import { id, oneId } from '../schemas.ts';
import { seenBy } from './api.ts';
import { contactJson, contactSchema, contactSchemaFor, uuid } from './contact-json.ts';
import { takeBackDistinction, tellApart } from './distinctions.ts';
import { isWritable } from './field-gate.ts';
import { mergeContacts, TAKEABLE, undoMerge, type Takeable } from './merge-contacts.ts';
import { wholeContact } from './read-contact.ts';
import { fault } from '../../errors.ts';

const mergeBody = (fields: readonly Takeable[]) => Joi.object<{ mergedId: string; take: Takeable[] }>({ mergedId: id.required(), take: Joi.array().unique().items(Joi.string().valid(...fields)).default([]) });
const APART = Joi.object<{ otherId: string }>({ otherId: id.required() });
const UNDO = Joi.object<{ mergeId: string }>({ mergeId: id.required() });
const mergeAnswer = (shown: Joi.ObjectSchema) => Joi.object({ mergeId: uuid, contact: shown.required() });
const undoAnswer = (shown: Joi.ObjectSchema) => Joi.object({ survivor: shown.required(), merged: shown.required() });
const REFUSALS = ['contact.not_found', 'contact.merged', 'contact.merge_refused'] as const;

export const MERGE_API: readonly ApiRoute[] = [
  apiRoute({
    operation: 'mergeContacts', method: 'POST', path: '/contacts/{id}/merge', tag: 'Merging', capability: 'contact.merge', idempotent: true, summary: 'Make another record part of this one',
    description: 'Everything that hangs on `mergedId` goes over; `take` names fields whose value the survivor takes from it. `mergeId` undoes all of it. Takes `contact.read` as well.',
    params: oneId, body: mergeBody(TAKEABLE), asSeenIn: seenBy((gate) => ({ body: mergeBody(TAKEABLE.filter((field) => isWritable(gate, field))), responses: { 200: { description: 'The survivor', schema: mergeAnswer(contactSchemaFor(gate)), name: 'Merge' } } })),
    refusals: REFUSALS,
    responses: { 200: { description: 'The survivor', schema: mergeAnswer(contactSchema), name: 'Merge' } },
    handler: async (tx, { params, body }) => {
      const { mergeId } = await mergeContacts(tx, { survivorId: params.id, ...body });
      return { body: { mergeId, contact: contactJson(await wholeContact(tx, params.id)) } };
    },
  }),
  apiRoute({
    operation: 'undoMerge', method: 'POST', path: '/contacts/{id}/merge/undo', tag: 'Merging', capability: 'contact.merge', summary: 'Take a merge into this contact back', description: 'Takes `contact.read` as well.',
    params: oneId, body: UNDO, asSeenIn: seenBy((gate) => ({ body: UNDO, responses: { 200: { description: 'Both records as they are again', schema: undoAnswer(contactSchemaFor(gate)), name: 'UndoneMerge' } } })),
    refusals: ['contact.not_found', 'merge.not_found', 'contact.merge_undone', 'contact.merge_buried'],
    responses: { 200: { description: 'Both records as they are again', schema: undoAnswer(contactSchema), name: 'UndoneMerge' } },
    handler: async (tx, { params, body }) => {
      const { survivorId, mergedId } = await undoMerge(tx, body.mergeId);
      if (survivorId !== params.id) throw fault('merge.not_found'); // rolls back
      return { body: { survivor: contactJson(await wholeContact(tx, survivorId)), merged: contactJson(await wholeContact(tx, mergedId)) } };
    },
  }),
  apiRoute({
    operation: 'tellApart', method: 'POST', path: '/contacts/{id}/apart', tag: 'Merging', capability: 'contact.merge', summary: 'Remember that two records are two people',
    description: 'Neither the list of duplicates nor an import asks about the two again; open questions about them are answered.',
    params: oneId, body: APART, refusals: ['contact.not_found', 'contact.merged', 'contact.merge_refused'], responses: { 204: { description: 'Remembered' } },
    handler: async (tx, { params, body }) => {
      await tellApart(tx, { firstId: params.id, secondId: body.otherId });
      return {};
    },
  }),
  apiRoute({
    operation: 'takeBackDistinction', method: 'POST', path: '/contacts/{id}/apart/undo', tag: 'Merging', capability: 'contact.merge', summary: 'Forget that two records are two people',
    params: oneId, body: APART, refusals: ['contact.not_found', 'contact.merged', 'contact.merge_refused', 'record.not_found'], responses: { 204: { description: 'Forgotten; where they look alike they are proposed again' } },
    handler: async (tx, { params, body }) => {
      await takeBackDistinction(tx, { firstId: params.id, secondId: body.otherId });
      return {};
    },
  }),
];
