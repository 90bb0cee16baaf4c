import { User, endUnvouchedSessions, enqueue, pluginJob, record } from '../../core/plugin.ts';
import type { Tx } from '../../core/plugin.ts';
import type { Settings } from './settings.ts';

const ALARM_JOB = { name: 'sso.mail_alarm', input: { person: 'id' } } as const;
/** One mail each, so that one that fails is tried again without the others being sent twice. */
export const mailAlarm = pluginJob({ ...ALARM_JOB, run: async (deps, scope, { person }) => void (await deps.alarm(scope, person)) });

/**
 * The emergency way in was used: on the record, on the start page for a week, and by mail to every administrator and security officer. Of one act one mail
 * an hour: whoever has that password and not the second factor may try it on and on.
 */
export async function soundAlarm(tx: Tx, userId: string, act: string): Promise<void> {
  const isTold = await wasUsedThisHour(tx, act);
  record(tx, { action: 'sso.break_glass.used', target: { type: 'user', id: userId }, detail: { act } });
  if (isTold) return;
  const told = await User.query(tx).where({ status: 'active' }).where((query) => void query.where({ role: 'ADMIN' }).orWhereRaw("'SECURITY_OFFICER' = any(designations)")).orderBy('id').select('id');
  for (const { id } of told) await enqueue(tx, ALARM_JOB, { person: id });
}

async function wasUsedThisHour(tx: Tx, act: string): Promise<boolean> {
  const { rows } = (await tx.knex.raw("select 1 from app.audit_entries where workspace_id = ? and action = 'sso.break_glass.used' and at >= date_trunc('hour', now()) and body::jsonb -> 'detail' ->> 'act' = ? limit 1", [tx.scope.workspaceId, act])) as { rows: unknown[] };
  return rows.length > 0;
}

const ALARM = '7 days';

/** When the break-glass administrator last came by password, within the days that the alarm stands. */
export async function lastBreakGlass(tx: Tx): Promise<Date | null> {
  const { rows } = (await tx.knex.raw(`select max(at) as used from app.audit_entries where workspace_id = ? and action = 'sso.break_glass.used' and at > now() - interval '${ALARM}'`, [tx.scope.workspaceId])) as { rows: { used: Date | null }[] };
  return rows[0]?.used ?? null;
}

/** With passwords and passkeys off, the sessions they opened end, but the break-glass administrator's and the one that turns them off. */
export async function endSessionsOfOldWays(tx: Tx, { enforced, breakGlass }: Settings): Promise<void> {
  if (!enforced) return;
  const keeper = await User.query(tx).findOne({ email: breakGlass ?? '', role: 'ADMIN' });
  const sessions = await endUnvouchedSessions(tx, keeper?.id ?? null);
  if (sessions > 0) record(tx, { action: 'sso.old_sessions.ended', detail: { sessions } });
}
