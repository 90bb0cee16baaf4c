/**
 * How many requests each caller has left: a token bucket that holds `perMinute` tokens and refills at that rate, kept as the one number of the
 * generic cell rate algorithm (ITU-T I.371), the time at which the bucket would be full again. A caller who was silent for a minute has a full
 * bucket, which is what an unknown one has, so callers are forgotten by the minute and nothing has to be swept.
 */
export type RequestBudgets = {
  /** Takes one token. Zero: there was one; else the milliseconds until there is one. */
  take(caller: string): number;
  /** Takes that many, left or not: for the trust page's trial (core/trust/claims/rate-limit.ts), on a caller that is made up. */
  spend(caller: string, requests: number): void;
  /** How many callers are remembered, for tests of the bound. */
  readonly size: number;
};

const MINUTE_MS = 60_000;
/** Beyond, the older half is forgotten early: made-up callers must not fill the memory. */
const REMEMBERED_MAX = 100_000;

export function openRequestBudgets(perMinute: number, clock: () => number = () => performance.now()): RequestBudgets {
  const costMs = MINUTE_MS / perMinute;
  let recent = new Map<string, number>();
  let earlier = new Map<string, number>();
  let turnedAt = clock();
  const fullAtAfter = (caller: string, requests: number, now: number): number => {
    if (now - turnedAt >= MINUTE_MS || recent.size >= REMEMBERED_MAX / 2) {
      earlier = now - turnedAt >= 2 * MINUTE_MS ? new Map() : recent;
      recent = new Map();
      turnedAt = now;
    }
    return Math.max(recent.get(caller) ?? earlier.get(caller) ?? now, now) + requests * costMs;
  };
  return {
    take(caller) {
      const now = clock();
      const fullAt = fullAtAfter(caller, 1, now);
      const waitMs = fullAt - now - MINUTE_MS;
      if (waitMs > 0) return waitMs;
      recent.set(caller, fullAt);
      return 0;
    },
    spend(caller, requests) {
      const fullAt = fullAtAfter(caller, requests, clock()); // which may turn the maps
      recent.set(caller, fullAt);
    },
    get size() {
      return recent.size + earlier.size;
    },
  };
}
