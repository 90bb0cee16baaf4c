import Joi from 'joi';
import { authorize } from '../../access/authorize.ts';
import { ENTRY_COLUMNS, entryOf } from '../../audit/entry-of.ts';
import { record } from '../../audit/record.ts';
import { readPage } from '../../audit/store/log-page.ts';
import type { StoredEntry } from '../../audit/stored-log.ts';
import type { Tx } from '../../db/scope.ts';
import { instant } from '../schemas.ts';
import { apiRoute, type ApiRoute } from './api-route.ts';

type AuditQuery = { from?: Date; to?: Date; actorKind?: string; action?: string; cursor?: number; limit: number };

const entrySchema = Joi.object({
  entry: Joi.object({ seq: Joi.number().integer().required(), at: Joi.string().isoDate().required(), action: Joi.string().required() }).unknown().required().description('The signed entry; docs/audit.md names its fields.'),
  hash: Joi.string().hex().length(64).required(), keyId: Joi.string().required(), signature: Joi.string().base64().required(),
});

export const AUDIT_API: readonly ApiRoute[] = [
  apiRoute({
    operation: 'listAuditEntries', method: 'GET', path: '/audit', tag: 'Audit', capability: 'audit.read',
    summary: 'Audit entries, newest first', description: 'Each as it was hashed and signed, so that a reader can verify it. `to` is exclusive.',
    query: Joi.object<AuditQuery>({
      from: instant, to: instant, actorKind: Joi.string().valid('user', 'agent', 'patient', 'system'), action: Joi.string().max(100).pattern(/^[a-z][A-Za-z0-9_.-]*$/),
      cursor: Joi.number().integer().min(1), limit: Joi.number().integer().min(1).max(500).default(100),
    }),
    responses: { 200: { description: 'One page', name: 'AuditPage', schema: Joi.object({ items: Joi.array().items(entrySchema).required(), nextCursor: Joi.number().integer().allow(null).required() }) } },
    handler: async (tx, { query }) => ({ body: await listAuditEntries(tx, query) }),
  }),
];

async function listAuditEntries(tx: Tx, { cursor, limit, ...wanted }: AuditQuery): Promise<object> {
  authorize(tx, 'audit.read');
  const rows = await readPage<StoredEntry>(tx, [...ENTRY_COLUMNS, 'hash', 'key_id', 'signature'], wanted, { before: cursor }, limit + 1);
  const shown = rows.slice(0, limit);
  record(tx, { action: 'audit.listed', detail: { count: shown.length } });
  return {
    items: shown.map((row) => ({ entry: entryOf(row, tx.scope.workspaceId), hash: row.hash.toString('hex'), keyId: row.key_id, signature: row.signature.toString('base64') })),
    nextCursor: rows.length > limit ? (shown.at(-1)?.seq ?? null) : null,
  };
}
