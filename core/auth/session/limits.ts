/**
 * How long a session lives. NIST SP 800-63B-4 §2.2.3 (AAL2) asks for re-authentication after 24 hours at most and after an hour idle;
 * a shift at a front desk is longer than an hour, so the idle default is 8 hours and a workspace sets its own down to minutes
 * (docs/sign-in.md gives the reasoning that ASVS 5.0 V7.1.1 asks for).
 */
export type SessionLimits = { readonly idleMinutes: number; readonly absoluteHours: number };

export const DEFAULT_SESSION_LIMITS: SessionLimits = { idleMinutes: 480, absoluteHours: 24 };
export const IDLE_MINUTES = { min: 5, max: 480 } as const;
export const ABSOLUTE_HOURS = { min: 1, max: 24 } as const;

/** Minutes, in SQL, of a workspace row `w`. */
export const IDLE = `coalesce((w.settings->>'idleMinutes')::int, ${DEFAULT_SESSION_LIMITS.idleMinutes})`;
const ABSOLUTE = `coalesce((w.settings->>'absoluteHours')::int, ${DEFAULT_SESSION_LIMITS.absoluteHours})`;

/** When a session row `s` lapses unused, and when it ends however much it is used. */
export const IDLE_END = `s.last_seen_at + make_interval(mins => ${IDLE})`;
export const ABSOLUTE_END = `s.created_at + make_interval(hours => ${ABSOLUTE})`;

/** SQL conditions that a session row `s` of a workspace row `w` is still within its limits, by PostgreSQL's clock, and its workspace not suspended. */
export const WITHIN_LIMITS = `s.ended_at is null and w.suspended_at is null
  and ${IDLE_END} > now() and ${ABSOLUTE_END} > now()`;
