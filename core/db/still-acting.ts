import type { Actor } from './scope.ts';

/**
 * Asks whether whoever was found at the door of a request may still act: a body may be long on its way, and meanwhile a session is ended, a token
 * revoked or rotated, a workspace suspended, a person disabled, given another role or relieved of a designation. No row: they may not. `null`: nothing to ask about (the system; an actor without a session).
 */
export function stillActing(actor: Actor): { readonly text: string; readonly values: readonly unknown[] } | null {
  if (actor.kind === 'agent') return { text: AGENT, values: [actor.id, actor.role, actor.tokenHash ?? null] };
  return actor.sessionId === null ? null : { text: SESSION, values: [actor.sessionId, actor.id, actor.role, actor.designations] };
}

const SESSION = `select s.id from app.sessions s join app.users u on u.workspace_id = s.workspace_id and u.id = s.user_id
  where s.id = $1 and s.ended_at is null and u.id = $2 and u.status = 'active' and u.role = $3 and u.designations @> $4::text[]`;
// A suspended workspace ends its sessions; its tokens stay, to be good again when it opens.
const AGENT = `select a.id from app.service_accounts a join app.workspaces w on w.workspace_id = a.workspace_id and w.suspended_at is null
  where a.id = $1 and a.role = $2 and a.token_hash = $3 and a.revoked_at is null and a.expires_at > now()`;
