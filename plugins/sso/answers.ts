import { User, record } from '../../core/plugin.ts';
import type { Answers, Tx } from '../../core/plugin.ts';
import { BASE, slugOf } from './connections.ts';
import { openFlow } from './flow.ts';
import { ProviderSession } from './models.ts';
import type { Settings } from './settings.ts';

/** The plugin's part in the core's sign-in. */
export const answers: Answers<Settings> = {
  signInMethods: async (tx, { next }, { label }) => ({ label, href: `${BASE}/${await slugOf(tx)}/start${next === null ? '' : `?next=${encodeURIComponent(next)}`}` }),

  /** Enforced: passwords and passkeys are for the one break-glass administrator, and each use of them raises an alarm. */
  signInPolicy: async (tx, { userId, role }, { enforced, breakGlass }) => {
    if (!enforced) return null;
    const user = await User.query(tx).findById(userId);
    if (user?.email !== breakGlass || role !== 'ADMIN') return { allowed: false, href: `${BASE}/${await slugOf(tx)}/start` };
    record(tx, { action: 'sso.break_glass.used', target: { type: 'user', id: userId } });
    return { allowed: true };
  },

  signOut: async (tx, { userId }) => {
    const session = await ProviderSession.query(tx).where({ user_id: userId }).orderBy('begun_at', 'desc').first();
    if (session === undefined) return null;
    const handle = await openFlow(tx, { kind: 'sign_out', sessionId: session.id, next: '', isTest: false });
    return { redirect: `${BASE}/${await slugOf(tx)}/sign-out?handle=${handle}` };
  },

  dashboardCard: async (tx) => {
    const used = await lastBreakGlass(tx);
    return used === null ? null : { title: 'Break-glass sign-in', template: 'sso/alarm', context: { used } };
  },
};

const ALARM = '7 days';

/** When the break-glass administrator last came by password, within the days that the alarm stands. */
export async function lastBreakGlass(tx: Tx): Promise<Date | null> {
  const { rows } = (await tx.knex.raw(`select max(at) as used from app.audit_entries where workspace_id = ? and action = 'sso.break_glass.used' and at > now() - interval '${ALARM}'`, [tx.scope.workspaceId])) as { rows: { used: Date | null }[] };
  return rows[0]?.used ?? null;
}
