import { User, can } from '../../core/plugin.ts';
import type { Answers } from '../../core/plugin.ts';
import { lastBreakGlass, soundAlarm } from './break-glass.ts';
import { BASE, slugOf } from './connections.ts';
import { openFlow } from './flow.ts';
import { ProviderSession } from './models.ts';
import type { Settings } from './settings.ts';

/** The plugin's part in the core's sign-in. */
export const answers: Answers<Settings> = {
  signInMethods: async (tx, { next }, { label, enforced }) => ({ label, comesFirst: enforced, href: `${BASE}/${await slugOf(tx)}/start${next === null ? '' : `?next=${encodeURIComponent(next)}`}` }),

  /** Enforced: passwords and passkeys are for the one break-glass administrator; a right one, or a new one, raises an alarm. */
  signInPolicy: async (tx, { userId, role, act }, { enforced, breakGlass }) => {
    if (!enforced) return null;
    const user = await User.query(tx).findById(userId);
    if (user?.email !== breakGlass || role !== 'ADMIN') return { allowed: false, href: `${BASE}/${await slugOf(tx)}/start` };
    if (act === 'begin' || act === 'set_password') await soundAlarm(tx, userId, act);
    return { allowed: true };
  },

  /** Only a session that came by the provider takes the provider's session with it. */
  signOut: async (tx, { vouchedBy }) => {
    const session = vouchedBy === null ? undefined : await ProviderSession.query(tx).findById(vouchedBy);
    if (session === undefined) return null;
    const handle = await openFlow(tx, { kind: 'sign_out', sessionId: session.id, next: '', isTest: false });
    return { redirect: `${BASE}/${await slugOf(tx)}/sign-out?handle=${handle}` };
  },

  dashboardCard: async (tx) => {
    const used = can(tx.scope.actor, 'sso.page.read') ? await lastBreakGlass(tx) : null;
    return used === null ? null : { title: 'Break-glass sign-in', template: 'sso/alarm', context: { used } };
  },
};
