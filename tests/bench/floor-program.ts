import { randomUUID } from 'node:crypto';
import Hapi, { type Server } from '@hapi/hapi';
import type pg from 'pg';
import { TLS_OPTIONS } from '../../core/http/tls.ts';

/** The floor's program: hapi and pg as their manuals show them, statements prepared, one audit row per act, nothing else. */
export const AUDIT_INSERT = `insert into app.audit_entries (workspace_id, id, at, actor_kind, actor_id, action, outcome, target_type, target_id, body, hash, key_id, signature)
values ($1, $2, now(), 'user', $3, $4, 'ok', 'contact', $5, $6, $7, '0123456789abcdef', $8)`;

const BODY = JSON.stringify({
  action: 'contact.read', actor: { id: randomUUID(), kind: 'user', name: 'Marta Kowalska' }, at: new Date(0).toISOString(), detail: {}, id: randomUUID(), ip: '127.0.0.1', outcome: 'ok',
  prev: '0'.repeat(64), requestId: '1760000000000:host:123:abcdefgh:10000', seq: 100_000, target: { id: randomUUID(), type: 'contact' }, userAgent: null, v: 1, workspace: randomUUID(),
});

export const auditRow = (workspaceId: string, action: string, targetId: string | null): unknown[] =>
  [workspaceId, randomUUID(), '00000000-0000-7000-8000-000000000001', action, targetId, BODY, Buffer.alloc(32, 7), Buffer.alloc(64, 9)];

const parts = (table: string, columns: string): string =>
  `(select coalesce(json_agg(json_build_object(${columns.split(' ').map((column) => `'${column}', p.${column}`).join(', ')}) order by p.id), '[]') from app.${table} p where p.workspace_id = c.workspace_id and p.contact_id = c.id)`;

const WHOLE = `select c.*, ${parts('contact_points', 'id kind use value')} as points, ${parts('contact_addresses', 'id use lines city state postal_code country')} as addresses,
  ${parts('contact_identifiers', 'id system value')} as identifiers from app.contacts c where c.workspace_id = $1 and c.id = $2`;

const point = (kind: string): string => `(select p.value from app.contact_points p where p.workspace_id = c.workspace_id and p.contact_id = c.id and p.kind = '${kind}' order by p.rank, p.id limit 1)`;
const SUMMARY = `select c.id, c.given_name, c.middle_name, c.family_name, c.name_suffix, c.preferred_name, c.birth_date, c.sex, c.status, c.owner_id, c.tags, c.updated_at, ${point('phone')} as phone, ${point('email')} as email
  from app.contacts c where c.workspace_id = $1 and c.status <> 'merged' and`;

/** Lookups on plaintext B-trees. */
export const LOOKUPS = {
  point: `${SUMMARY} c.id in (select contact_id from app.contact_points where workspace_id = $1 and value = $2) order by c.updated_at desc limit 25`,
  birthDate: `${SUMMARY} c.birth_date = $2 order by c.updated_at desc limit 25`,
  name: `${SUMMARY} c.id in (select id from app.contacts where workspace_id = $1 and lower(family_name) like $2 || '%' union select id from app.contacts where workspace_id = $1 and lower(given_name) like $2 || '%')
    order by c.updated_at desc limit 25`,
} as const;

export async function startFloorProgram(pool: pg.Pool, workspaceId: string, tls: { key: string; cert: string }): Promise<Server> {
  const server = Hapi.server({ host: '127.0.0.1', port: 0, tls: { key: tls.key, cert: tls.cert, ...TLS_OPTIONS } });
  const insertAudit = (action: string, targetId: string | null) => pool.query({ name: 'audit', text: AUDIT_INSERT, values: auditRow(workspaceId, action, targetId) });
  server.route([
    {
      method: 'GET', path: '/contacts/{id}',
      handler: async (request, h) => {
        const { rows } = await pool.query({ name: 'whole', text: WHOLE, values: [workspaceId, request.params['id']] });
        if (rows[0] === undefined) return h.response().code(404);
        await insertAudit('contact.read', request.params['id'] as string);
        return rows[0];
      },
    },
    {
      method: 'POST', path: '/contacts/search',
      handler: async (request) => {
        const { by, q } = request.payload as { by: keyof typeof LOOKUPS; q: string };
        const { rows } = await pool.query({ name: by, text: LOOKUPS[by], values: [workspaceId, q] });
        await insertAudit('contact.searched', null);
        return { items: rows };
      },
    },
  ]);
  await server.start();
  return server;
}
