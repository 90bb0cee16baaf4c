import pg from 'pg';
import type { TestDatabase } from './database.ts';

/** What the database holds, seen past every policy and trigger: for asserting on it, or for moving a row's time. */
export async function rows<R extends object>(database: TestDatabase, sql: string, values: unknown[] = []): Promise<R[]> {
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  try {
    await client.query('set session_replication_role = replica');
    return (await client.query(sql, values)).rows as R[];
  } finally {
    await client.end();
  }
}

export type AuditLine = { action: string; outcome: string; target: string | null; detail: Record<string, unknown>; actor: { kind: string; id: string | null } };

/** A workspace's audit from `after` on, oldest first. */
export async function auditOf(database: TestDatabase, workspaceId: string, after = 0): Promise<AuditLine[]> {
  const found = await rows<{ body: string }>(database, 'select body from app.audit_entries where workspace_id = $1 and seq > $2 order by seq', [workspaceId, after]);
  return found.map(({ body }) => JSON.parse(body)).map(({ action, outcome, target, detail, actor }) => ({ action, outcome, target: target?.id ?? null, detail, actor: { kind: actor.kind, id: actor.id } }));
}

export async function auditLength(database: TestDatabase, workspaceId: string): Promise<number> {
  return Number((await rows<{ seq: string }>(database, 'select coalesce(max(seq), 0) as seq from app.audit_entries where workspace_id = $1', [workspaceId]))[0]?.seq);
}
