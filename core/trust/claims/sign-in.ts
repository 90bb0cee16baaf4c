import { randomBytes, randomUUID } from 'node:crypto';
import type { App } from '../../app.ts';
import { countAttempt, subjectsOf, type Subject as Counted } from '../../auth/sign-in/attempts.ts';
import { takeFirstStep } from '../../auth/sign-in/first-step.ts';
import { countPasswordAttempt } from '../../auth/password/check-password.ts';
import { ABSOLUTE_HOURS, DEFAULT_SESSION_LIMITS, IDLE_MINUTES, WITHIN_LIMITS } from '../../auth/session/limits.ts';
import { INSTALLATION_WORKSPACE, systemScope } from '../../db/scope.ts';
import { Fault } from '../../errors.ts';
import { createUser } from '../../workspaces/people/create-user.ts';
import { claim, notApplicable, verdict } from '../claim.ts';
import { madeUpAddress, onTrial } from '../trial.ts';

// Design invariant 6; NIST SP 800-63B-4 section 2.2.3 (AAL2).

export const secondFactor = claim({
  id: 'MFA-1',
  title: 'Nobody is in without a second factor',
  statement: 'Every person with a live session has an authenticator app or a passkey; who has neither reaches nothing but setting one up.',
  async prove({ app, scope }) {
    const { people, without, inside } = (await app.withWorkspace(scope, async (tx) => (await tx.knex.raw(
      `with people as (
         select u.id, exists (select from app.totp_factors f where f.user_id = u.id) or exists (select from app.passkeys p where p.user_id = u.id) as has_factor,
           exists (select from app.sessions s join app.workspaces w using (workspace_id) where s.user_id = u.id and ${WITHIN_LIMITS}) as is_in
         from app.users u where u.status = 'active')
       select count(*)::int as people, (count(*) filter (where not has_factor))::int as without, (count(*) filter (where is_in and not has_factor))::int as inside from people`,
    )) as { rows: { people: number; without: number; inside: number }[] })).rows[0] as { people: number; without: number; inside: number };
    if (people === 0) return notApplicable('There is no active person.');
    return verdict(inside === 0, { proved: `${people - without} of ${people} active people have a second factor; the others have no session.`, failing: `${inside} of ${people} active people are signed in without a second factor.` }, { people, without, inside });
  },
});

/** OWASP's floor, which core/auth/password/hash.ts keeps to; lower ones come from imports and are replaced at the next sign-in. */
const ARGON2_MIN = { memoryKib: 19_456, passes: 2 };
const BCRYPT_COST_MIN = 10;

export const passwords = claim({
  id: 'MFA-2',
  title: 'Passwords are stored as slow hashes',
  statement: 'Every password is an argon2id hash of at least 19 MiB and two passes, or an imported bcrypt hash of cost 10 or more that its owner’s next sign-in replaces.',
  async prove({ app, scope }) {
    const hashes = (await app.withWorkspace(scope, (tx) => tx.knex('app.passwords').pluck('hash'))) as string[];
    if (hashes.length === 0) return notApplicable('Nobody has a password.');
    const strength = hashes.map((hash) => {
      const [, parameters] = /^\$argon2id\$v=19\$([a-z0-9=,]+)\$/.exec(hash) ?? [];
      if (parameters !== undefined) {
        const { m, t } = Object.fromEntries(new URLSearchParams(parameters.replaceAll(',', '&'))) as { m?: string; t?: string };
        return Number(m) >= ARGON2_MIN.memoryKib && Number(t) >= ARGON2_MIN.passes ? 'argon2id' : 'weak';
      }
      return Number(/^\$2[aby]\$(\d\d)\$/.exec(hash)?.[1] ?? 0) >= BCRYPT_COST_MIN ? 'bcrypt' : 'weak';
    });
    const count = (kind: string) => strength.filter((other) => other === kind).length;
    return verdict(count('weak') === 0, { proved: `${count('argon2id')} argon2id, ${count('bcrypt')} bcrypt waiting for an upgrade.`, failing: `${count('weak')} of ${hashes.length} password hashes are too weak.` }, { argon2id: count('argon2id'), bcrypt: count('bcrypt'), weak: count('weak') });
  },
});

export const sessionLimits = claim({
  id: 'SES-1',
  title: 'Sessions end',
  statement: `A session ends after at most ${IDLE_MINUTES.max / 60} hours unused and ${ABSOLUTE_HOURS.max} hours altogether; this workspace’s own limits are within those, and no session outlives them.`,
  async prove({ app, scope }) {
    const { idle, absolute, live, over } = (await app.withWorkspace(scope, async (tx) => (await tx.knex.raw(
      `select coalesce((w.settings->>'idleMinutes')::int, ?) as idle, coalesce((w.settings->>'absoluteHours')::int, ?) as absolute, count(s.id)::int as live,
         (count(s.id) filter (where s.created_at < now() - make_interval(hours => ?) or s.last_seen_at < now() - make_interval(mins => ?)))::int as over
       from app.workspaces w left join app.sessions s on s.workspace_id = w.workspace_id and ${WITHIN_LIMITS} group by w.settings`,
      [DEFAULT_SESSION_LIMITS.idleMinutes, DEFAULT_SESSION_LIMITS.absoluteHours, ABSOLUTE_HOURS.max, IDLE_MINUTES.max],
    )) as { rows: { idle: number; absolute: number; live: number; over: number }[] })).rows[0] as { idle: number; absolute: number; live: number; over: number };
    const isWithin = idle >= 1 && idle <= IDLE_MINUTES.max && absolute >= 1 && absolute <= ABSOLUTE_HOURS.max;
    return verdict(isWithin && over === 0, { proved: `${idle} minutes unused, ${absolute} hours altogether; ${live} live sessions are within them.`, failing: `The limits are ${idle} minutes and ${absolute} hours; ${over} of ${live} live sessions are older than allowed.` }, { idleMinutes: idle, absoluteHours: absolute, live, over });
  },
});

/** NIST SP 800-63B-4 section 3.2.2 allows that many failed attempts in a row. */
const ATTEMPTS_MAX = 100;

export const guessing = claim({
  id: 'SIG-1',
  title: 'Guessing is slowed down, and ends',
  statement: `After at most ${ATTEMPTS_MAX} attempts at one e-mail, or from one address, the next sign-in is turned away without a look at the password and has to wait. After ${ATTEMPTS_MAX} wrong passwords in a row the right one is refused, too, but on browsers that its owner has used before (NIST SP 800-63B-4 section 3.2.2). Proved on an e-mail, an address and a person that are made up, undone.`,
  async prove({ app }) {
    const { first, email, address, person } = await onTrial(app, 'sign_in', async (trial) => {
      const [guessed, guesser] = [madeUpEmail(), madeUpAddress()];
      const [byAddress, byEmail] = subjectsOf(trial.formKey, { email: guessed, ip: guesser }) as [Counted, Counted];
      return {
        first: await guess(trial, madeUpEmail(), madeUpAddress()),
        email: { free: await guessOn(trial, byEmail), next: await guess(trial, guessed, madeUpAddress()) },
        address: { free: await guessOn(trial, byAddress), next: await guess(trial, madeUpEmail(), guesser) },
        person: await guessAtPerson(trial),
      };
    });
    const isSlowed = first === REFUSED && [email, address].every(({ free, next }) => free <= ATTEMPTS_MAX && next === 'request.rate_limited');
    const isEnded = person.before === LET_ON && person.elsewhere === REFUSED && person.known === LET_ON;
    return verdict(isSlowed && isEnded, {
      proved: `After ${email.free} attempts at a made-up e-mail and ${address.free} from a made-up address the next had to wait; after ${ATTEMPTS_MAX} wrong passwords a made-up person’s own was taken on a known browser only, just now.`,
      failing: isSlowed ? `A made-up person’s password was answered ${person.before} to begin with; after ${ATTEMPTS_MAX} wrong ones ${person.elsewhere}, on a known browser ${person.known}.`
        : `After ${email.free} attempts at a made-up e-mail the next was answered ${email.next}, after ${address.free} from a made-up address ${address.next}; a first one ${first}.`,
    }, { first, email, address, person });
  },
});

const REFUSED = 'sign_in.refused';
const LET_ON = 'let on to the second step';
const madeUpEmail = () => `${randomUUID()}@trial.invalid`;

/** Counts attempts as sign-in does until one has to wait; how many had not. */
async function guessOn(trial: App, subject: Counted): Promise<number> {
  return trial.withSystem('sign_in', async (tx) => {
    for (let free = 0; free <= ATTEMPTS_MAX; free++) {
      if (!(await countAttempt(tx, [subject]))) return free;
      // Within one transaction the clock stands still, and an attempt is known from the one before by its time.
      await tx.knex('sys.attempt_counters').where({ subject: subject.tag }).update({ last_at: tx.knex.raw("last_at - interval '1 second'") });
    }
    return ATTEMPTS_MAX + 1;
  });
}

/** What sign-in answers to a person's password, and after that many wrong ones, which only count: each would cost a verification. */
async function guessAtPerson(trial: App): Promise<{ before: string; elsewhere: string; known: string }> {
  const [email, password] = [madeUpEmail(), madeUpPassword()];
  await trial.withSystem('sign_in', (tx) => tx.knex('sys.workspaces').insert({ id: INSTALLATION_WORKSPACE, slug: `trial-${randomBytes(8).toString('hex')}` }));
  const userId = await createUser(trial, INSTALLATION_WORKSPACE, { email, name: 'Trial', role: 'READONLY', password });
  const before = await guess(trial, email, madeUpAddress(), password);
  await trial.withWorkspace(systemScope(INSTALLATION_WORKSPACE, 'trust'), async (tx) => {
    for (let wrong = 0; wrong < ATTEMPTS_MAX; wrong++) await countPasswordAttempt(tx, userId);
  });
  return { before, elsewhere: await guess(trial, email, madeUpAddress(), password), known: await guess(trial, email, madeUpAddress(), password, 'a known browser') };
}

const madeUpPassword = () => randomBytes(16).toString('hex');

/** What sign-in answers to a password, a wrong one unless it is given, from a browser that is known or not. */
async function guess(trial: App, email: string, ip: string, password = madeUpPassword(), browser: string | null = null): Promise<string> {
  try {
    await takeFirstStep(trial, { ip, userAgent: null, requestId: null }, { email, password, workspace: null, browserOf: () => browser });
    return LET_ON;
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

export const SIGN_IN_CLAIMS = [secondFactor, passwords, sessionLimits, guessing] as const;
