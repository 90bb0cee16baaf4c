import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { NOTE } from './find-session.ts';
import { ABSOLUTE_END, IDLE_END } from './limits.ts';

/** Whole seconds until the session of whoever asks ends; `mayStay`: using it puts that off. */
export type TimeLeft = { readonly seconds: number; readonly mayStay: boolean };

const LEFT = `select ceil(extract(epoch from least(${IDLE_END}, ${ABSOLUTE_END}) - now()))::int as seconds, ${IDLE_END} < ${ABSOLUTE_END} as may_stay
  from app.sessions s join app.workspaces w on w.workspace_id = s.workspace_id where s.workspace_id = $1 and s.id = $2`;

/** @throws Fault session.expired */
export async function timeLeft(tx: Tx): Promise<TimeLeft> {
  const [left] = await tx.query<{ seconds: number; may_stay: boolean }>(LEFT, [tx.scope.workspaceId, tx.scope.actor.sessionId]);
  if (left === undefined) throw fault('session.expired');
  return { seconds: left.seconds, mayStay: left.may_stay };
}

/** The same after a sign of life, which is noted here: what is noted beside a request may be seen a moment later only. @throws Fault session.expired */
export async function stayLonger(tx: Tx): Promise<TimeLeft> {
  await tx.query(NOTE, [tx.scope.workspaceId, tx.scope.actor.sessionId]);
  return timeLeft(tx);
}
