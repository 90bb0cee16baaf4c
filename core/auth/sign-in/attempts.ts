import { createHmac } from 'node:crypto';
import { record } from '../../audit/record.ts';
import type { SystemTx } from '../../db/scope.ts';
import { networkOf } from '../../http/rate-limit.ts';

/*
 * Guessing slowed down over all processes (ASVS 5.0 V6.3.1, NIST SP 800-63B-4 §3.2.2). An attempt is counted before it is looked at, so
 * parallel ones gain nothing; a completed sign-in takes its count back. Past the free ones each attempt doubles the wait, up to a quarter of
 * an hour and never for good: a stranger can slow an e-mail or an address down but not lock it out. A browser that has signed in before is
 * counted apart from both (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"), as is a session; passkeys, which cannot be guessed, are not.
 */
type Rule = { readonly free: number; readonly firstWaitS: number; readonly longestWaitS: number; readonly forgottenAfterS: number };

const RULES = {
  email: { free: 5, firstWaitS: 30, longestWaitS: 900, forgottenAfterS: 3_600 },
  /** What anybody can have the house mail to somebody: some thirty a day at the most, where an e-mail's waits would let a hundred through. */
  mail: { free: 5, firstWaitS: 60, longestWaitS: 3_600, forgottenAfterS: 86_400 },
  /** A hospital's people all come from one address. */
  address: { free: 100, firstWaitS: 30, longestWaitS: 900, forgottenAfterS: 900 },
} as const satisfies Record<string, Rule>;

export type Subject = { readonly kind: keyof typeof RULES; readonly tag: Buffer };

/**
 * The table holds an HMAC, so it names neither people nor places. `browser` is a known browser's id, which has counters of its own; where `ip` is left
 * out, the address is not counted. One that is counted is its network of 64 bits, as nobody runs out of IPv6 addresses.
 */
export function subjectsOf(key: Buffer, asked: { email?: string; mailTo?: string; ip?: string | null; browser?: string | null }): Subject[] {
  const tag = (text: string) => createHmac('sha256', key).update(`attempts|${text}`, 'utf8').digest();
  const subjects: Subject[] = [];
  if (asked.ip !== undefined) subjects.push({ kind: 'address', tag: tag(`address|${asked.ip === null ? 'unknown' : networkOf(asked.ip)}`) });
  if (asked.mailTo !== undefined) subjects.push({ kind: 'mail', tag: tag(`mail|${asked.mailTo}|${asked.browser ?? ''}`) });
  if (asked.email !== undefined) subjects.push({ kind: 'email', tag: tag(`email|${asked.email}|${asked.browser ?? ''}`) });
  return subjects;
}

// `last_at` moves only for an attempt that was let through, which is how the answer tells one from the other.
const COUNT = `insert into sys.attempt_counters as c (subject, attempts, last_at) values (:tag, 1, now())
on conflict (subject) do update set
  attempts = case when c.blocked_until > now() then c.attempts when c.last_at < now() - make_interval(secs => :forgotten) then 1 else c.attempts + 1 end,
  last_at = case when c.blocked_until > now() then c.last_at else now() end,
  blocked_until = case
    when c.blocked_until > now() then c.blocked_until
    when c.last_at < now() - make_interval(secs => :forgotten) then null
    when c.attempts + 1 >= :free then now() + make_interval(secs => least(:first * power(2, least(c.attempts + 1 - :free, 20)), :longest)) end
returning last_at = now() as allowed`;

// Rows that another attempt holds are left for the next one, so that attempts never wait for each other's tidying.
const FORGET = `delete from sys.attempt_counters where subject in (
  select subject from sys.attempt_counters where last_at < now() - interval '1 day' limit 100 for update skip locked)`;

/** Counts one attempt against every subject. False: at least one of them has to wait. */
export async function countAttempt(tx: SystemTx, subjects: readonly Subject[]): Promise<boolean> {
  let isAllowed = true;
  for (const { kind, tag } of subjects) {
    const rule: Rule = RULES[kind];
    const { rows } = (await tx.knex.raw(COUNT, { tag, free: rule.free, first: rule.firstWaitS, longest: rule.longestWaitS, forgotten: rule.forgottenAfterS })) as { rows: { allowed: boolean }[] };
    isAllowed &&= rows[0]?.allowed === true;
  }
  await tx.knex.raw(FORGET);
  if (!isAllowed) record(tx, { action: 'auth.sign_in_refused', outcome: 'refused', detail: { reason: 'rate_limited' } });
  return isAllowed;
}

/** After a completed sign-in: the e-mail starts anew, the address gets its one attempt back. */
export async function forgiveAttempts(tx: SystemTx, subjects: readonly Subject[]): Promise<void> {
  for (const { kind, tag } of subjects) {
    if (kind === 'email') await tx.knex('sys.attempt_counters').where({ subject: tag }).delete();
    else await tx.knex('sys.attempt_counters').where({ subject: tag }).update({ attempts: tx.knex.raw('greatest(attempts - 1, 0)') });
  }
}
