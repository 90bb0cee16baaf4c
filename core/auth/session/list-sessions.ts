import { authorize } from '../../access/authorize.ts';
import type { Tx } from '../../db/scope.ts';
import { deviceOf } from './device.ts';
import { WITHIN_LIMITS } from './limits.ts';
import { methodLabel } from './method.ts';

/** A live session as pages show it; `person` only where sessions of several people stand together. */
export type SessionView = { id: string; current: boolean; person: string | null; device: string; ip: string; signedInAt: Date; lastSeenAt: Date; method: string };

type Row = { id: string; name: string; ip: string | null; user_agent: string | null; created_at: Date; last_seen_at: Date; method: string };

const LIST = `select s.id, u.name, s.ip, s.user_agent, s.created_at, s.last_seen_at, s.method
  from app.sessions s join app.users u on u.workspace_id = s.workspace_id and u.id = s.user_id join app.workspaces w on w.workspace_id = s.workspace_id
 where s.workspace_id = :workspaceId and ${WITHIN_LIMITS} and (cast(:userId as uuid) is null or s.user_id = :userId) order by s.last_seen_at desc limit 500`;

export function listOwnSessions(tx: Tx): Promise<SessionView[]> {
  return list(tx, tx.scope.actor.id, false);
}

/** Everyone's, or one person's. */
export async function listSessions(tx: Tx, userId: string | null = null): Promise<SessionView[]> {
  authorize(tx, 'session.read');
  return list(tx, userId, userId === null);
}

async function list(tx: Tx, userId: string | null, isNamed: boolean): Promise<SessionView[]> {
  const { rows } = (await tx.knex.raw(LIST, { workspaceId: tx.scope.workspaceId, userId } as never)) as { rows: Row[] };
  return rows.map((row) => ({
    id: row.id, current: row.id === tx.scope.actor.sessionId, person: isNamed ? row.name : null, device: deviceOf(row.user_agent), ip: row.ip ?? '',
    signedInAt: row.created_at, lastSeenAt: row.last_seen_at, method: methodLabel(row.method),
  }));
}
