import type { App } from '../../app.ts';
import type { Role } from '../../db/scope.ts';
import type { WardkeepCredentials } from '../../http/credentials.ts';
import { findCredentials } from '../find-credentials.ts';
import { readAccessToken } from './access-token.ts';

type Row = { token_id: string; name: string; role: Role; scopes: string[]; workspace_name: string; slug: string; time_zone: string; is_due: boolean };

const UNNOTED = "(last_used_at is null or last_used_at < now() - interval '1 minute')";
const FIND = `select a.id as token_id, a.name, a.role, a.scopes, ${UNNOTED} as is_due, w.name as workspace_name, w.slug, w.time_zone
    from app.service_accounts a join app.workspaces w on w.workspace_id = a.workspace_id
   where a.workspace_id = $1 and a.token_hash = $2 and a.revoked_at is null and a.expires_at > now() and w.suspended_at is null`;
const NOTE = `update app.service_accounts set last_used_at = now() where workspace_id = $1 and id = $2 and ${UNNOTED}`;

/** The service account a bearer token belongs to, or null when it is mistyped, unknown, revoked or past its end. */
export async function findServiceAccount(app: App, text: string, options?: { readonly mayAnticipate: boolean }): Promise<WardkeepCredentials | null> {
  const token = readAccessToken(text);
  if (token === null) return null;
  return findCredentials<Row>(app, token, { find: FIND, note: NOTE }, (row) => ({
    workspace: { id: token.workspaceId, name: row.workspace_name, slug: row.slug, timeZone: row.time_zone },
    actor: { kind: 'agent', id: row.token_id, name: row.name, role: row.role, designations: [], scopes: row.scopes, sessionId: null, assuredAt: 0, tokenHash: token.hash },
    email: null,
    idleMinutes: null,
  }), options);
}
