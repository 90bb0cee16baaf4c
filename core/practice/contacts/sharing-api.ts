import Joi from 'joi';
import { apiRoute, type ApiRoute } from '../../http/api/api-route.ts';
import { id, oneId } from '../schemas.ts';
import { moment, uuid } from './contact-json.ts';
import type { ShareAccess } from './model.ts';
import { endShare, listShares, shareContact, type ShareView } from './shares.ts';

const shareJson = (share: ShareView): object => ({ ...share, createdAt: share.createdAt.toISOString() });
const shareSchema = Joi.object({ id: uuid, userId: uuid, access: Joi.string().valid('READ', 'WRITE').required(), sharedBy: uuid.allow(null), createdAt: moment });

export const SHARE_API: readonly ApiRoute[] = [
  apiRoute({
    operation: 'listShares', method: 'GET', path: '/contacts/{id}/shares', tag: 'Shares', capability: 'contact.read', summary: 'Who beyond the owner has this contact',
    params: oneId, refusals: ['contact.not_found'],
    responses: { 200: { description: 'All shares', schema: Joi.object({ items: Joi.array().items(shareSchema).required() }), name: 'ShareList' } },
    handler: async (tx, { params }) => ({ body: { items: (await listShares(tx, params.id)).map(shareJson) } }),
  }),
  apiRoute({
    operation: 'shareContact', method: 'POST', path: '/contacts/{id}/shares', tag: 'Shares', capability: 'contact.share', summary: 'Give a colleague READ or WRITE, or change what they have',
    params: oneId, body: Joi.object<{ userId: string; access: ShareAccess }>({ userId: id.required(), access: Joi.string().valid('READ', 'WRITE').required() }),
    refusals: ['contact.not_found', 'contact.not_owner', 'contact.merged'],
    responses: { 200: { description: 'The share', schema: shareSchema, name: 'Share' } },
    handler: async (tx, { params, body }) => ({ body: shareJson(await shareContact(tx, { contactId: params.id, ...body })) }),
  }),
  apiRoute({
    operation: 'endShare', method: 'DELETE', path: '/contacts/{id}/shares/{shareId}', tag: 'Shares', capability: 'contact.share', summary: 'End a share',
    params: Joi.object<{ id: string; shareId: string }>({ id: id.required(), shareId: id.required() }),
    refusals: ['contact.not_found', 'contact.not_owner', 'contact.merged', 'share.not_found'],
    responses: { 204: { description: 'It has ended' } },
    handler: async (tx, { params }) => {
      await endShare(tx, { contactId: params.id, shareId: params.shareId });
      return {};
    },
  }),
];
