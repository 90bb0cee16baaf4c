import type { App } from '../../app.ts';
import type { Designation, Role } from '../../db/scope.ts';
import type { WardkeepCredentials } from '../../http/credentials.ts';
import { findCredentials, type FindOptions } from '../find-credentials.ts';
import { readOpaqueToken } from '../opaque-token.ts';
import { IDLE, WITHIN_LIMITS } from './limits.ts';

type Row = {
  token_id: string; is_due: boolean; assured_at: Date; user_id: string; email: string; name: string; role: Role; designations: Designation[];
  workspace_name: string; slug: string; time_zone: string; idle_minutes: number;
};

/**
 * Whose session a cookie names, or null. Role, designations and status are read from the person's own row each time, so a change or a
 * killed session takes effect with the next request, in every process. `last_seen_at` moves once a minute at most.
 */
const FIND = `select s.id as token_id, s.assured_at, s.last_seen_at < now() - interval '1 minute' as is_due, u.id as user_id, u.email, u.name, u.role, u.designations,
         w.name as workspace_name, w.slug, coalesce(u.time_zone, w.time_zone) as time_zone, ${IDLE} as idle_minutes
    from app.sessions s
    join app.users u on u.workspace_id = s.workspace_id and u.id = s.user_id and u.status = 'active'
    join app.workspaces w on w.workspace_id = s.workspace_id
   where s.workspace_id = $1 and s.token_hash = $2 and ${WITHIN_LIMITS}`;
export const NOTE = "update app.sessions set last_seen_at = now() where workspace_id = $1 and id = $2 and last_seen_at < now() - interval '1 minute'";

export async function findSession(app: App, cookie: unknown, options?: FindOptions): Promise<WardkeepCredentials | null> {
  const token = readOpaqueToken(cookie);
  if (token === null) return null;
  return findCredentials<Row>(app, token, { find: FIND, note: NOTE }, (row) => ({
    workspace: { id: token.workspaceId, name: row.workspace_name, slug: row.slug, timeZone: row.time_zone },
    actor: {
      kind: 'user', id: row.user_id, name: row.name, role: row.role, designations: row.designations, scopes: null,
      sessionId: row.token_id, assuredAt: row.assured_at.getTime(),
    },
    email: row.email,
    idleMinutes: row.idle_minutes,
  }), options);
}
