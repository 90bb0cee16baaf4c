import type { App } from '../../app.ts';
import { record } from '../../audit/record.ts';
import { uuidv7 } from '../../crypto/uuid.ts';
import { fault } from '../../errors.ts';
import { checkPassword, takeAttemptBack, type Checked } from '../password/check-password.ts';
import { hashPassword } from '../password/hash.ts';
import { storePasswordHash } from '../password/store-password-hash.ts';
import { countAttempt, subjectsOf } from './attempts.ts';
import { claimantActor, openChallenge, scopeBeforeSession, type Account, type Claimant, type Origin } from './challenge.ts';
import type { ChallengePurpose } from './challenge-model.ts';
import { sealChoice } from './choice.ts';
import { signInElsewhere } from './policy.ts';
import { provenBy, requireUnchanged, type Proven } from './proven-password.ts';
import { hasSecondFactor } from './second-factors.ts';

/** `workspace` is the slug of a practice somebody named; `browserOf` as knownBrowser() gives it. */
export type Credentials = { readonly email: string; readonly password: string; readonly workspace: string | null; readonly browserOf: (account: Account) => string | null };

/** `choice`: the password is right in several practices, and the cookie lets its holder say which (choice.ts). */
export type FirstStepTaken = { readonly cookie: string; readonly purpose: ChallengePurpose } | { readonly elsewhere: string } | { readonly choice: string };

type Candidate = Claimant & { readonly workspaceId: string; readonly isReal: boolean; readonly isKnownBrowser: boolean };
type CheckedCandidate = Checked & { readonly candidate: Candidate };

/** Who works in more practices than this names the practice. */
const PRACTICES_MAX = 4;

/**
 * The first step: e-mail and password. Answers with the challenge cookie of the second step, or of enrolment for who has no second factor, or
 * with where the workspace wants this person to sign in instead. An e-mail may work in several practices, each with a password of its own: the
 * one whose password it is takes the sign-in, and where it is right in several the person chooses.
 *
 * A wrong password, an unknown e-mail, a disabled person, a wrong workspace and a password that this browser may not bring any more cost the same work and get the same answer: as many passwords are
 * verified for every e-mail as for that which works in the most practices.
 * @throws Fault sign_in.refused · request.rate_limited · sign_in.challenge_over when the password was changed meanwhile
 */
export async function takeFirstStep(app: App, origin: Origin, given: Credentials): Promise<FirstStepTaken> {
  const candidates = await findCandidates(app, origin, given);
  const checked = await Promise.all(candidates.map(async (candidate) => ({ candidate, ...(await checkPassword(app, scopeBeforeSession(candidate.workspaceId, origin), { userId: candidate.id, password: given.password, isKnownBrowser: candidate.isKnownBrowser })) })));
  const right = checked.filter(({ candidate, refused }) => refused === null && candidate.isReal);
  const [first] = right;
  if (first === undefined) {
    await recordRefusals(app, origin, checked);
    throw fault('sign_in.refused');
  }
  await takeBackElsewhere(app, origin, checked);
  const proven: Proven[] = [];
  for (const { candidate, stored, isOutdated } of right) {
    const known = provenBy(app.formKey, { workspaceId: candidate.workspaceId, userId: candidate.id }, stored as string);
    proven.push(isOutdated ? await renewHash(app, origin, candidate, known, given.password) : known);
  }
  return proven.length > 1 ? { choice: sealChoice(app.formKey, proven) } : beginChallenge(app, origin, proven[0] as Proven, first.candidate);
}

/** What follows a right password in one practice. @throws Fault sign_in.challenge_over when it was changed meanwhile */
export async function beginChallenge(app: App, origin: Origin, proven: Proven, person: Claimant): Promise<Exclude<FirstStepTaken, { choice: string }>> {
  return app.withWorkspace(scopeBeforeSession(proven.workspaceId, origin, claimantActor(person)), async (tx) => {
    await requireUnchanged(tx, app.formKey, proven);
    const elsewhere = await signInElsewhere(tx, person.id, 'password', 'begin');
    if (elsewhere !== null) return { elsewhere };
    const purpose = (await hasSecondFactor(tx, person.id)) ? 'sign_in' : 'enrol';
    return { cookie: await openChallenge(tx, person.id, purpose), purpose };
  });
}

/** Where it was right in one practice it was no guess at another, if this browser is known there. Else whoever has an account here had more of them. */
async function takeBackElsewhere(app: App, origin: Origin, checked: readonly CheckedCandidate[]): Promise<void> {
  const noGuesses = checked.filter(({ candidate, refused }) => refused !== null && candidate.isKnownBrowser);
  await Promise.all(noGuesses.map(({ candidate }) => app.withWorkspace(scopeBeforeSession(candidate.workspaceId, origin), (tx) => takeAttemptBack(tx, candidate.id))));
}

async function renewHash(app: App, origin: Origin, candidate: Candidate, proven: Proven, password: string): Promise<Proven> {
  const hash = await hashPassword(password);
  await app.withWorkspace(scopeBeforeSession(candidate.workspaceId, origin, claimantActor(candidate)), async (tx) => {
    await requireUnchanged(tx, app.formKey, proven);
    await storePasswordHash(tx, candidate.id, hash);
    record(tx, { action: 'auth.password_rehashed', target: { type: 'user', id: candidate.id } });
  });
  return provenBy(app.formKey, proven, hash);
}

const ACTIVE = "app.users u join sys.workspaces w on w.id = u.workspace_id where u.status = 'active' and w.status = 'active'";
const CANDIDATES = `select u.workspace_id as "workspaceId", u.id, u.email, u.name from ${ACTIVE}
  and u.email = :email and (cast(:workspace as text) is null or w.slug = :workspace) order by u.created_at, u.id limit ${PRACTICES_MAX}`;
const MOST_PRACTICES = `select least(coalesce(max(practices), 1), ${PRACTICES_MAX})::int as most from (select count(*) as practices from ${ACTIVE} group by u.email) counted`;

/** Who it would be, made up with nobody in some workspace to the number that every e-mail costs, so that what follows does the same work. */
async function findCandidates(app: App, origin: Origin, { email, workspace, browserOf }: Credentials): Promise<readonly Candidate[]> {
  const found = await app.withSystem('sign_in', async (tx) => {
    const { rows } = (await tx.knex.raw(CANDIDATES, { email, workspace })) as { rows: Omit<Candidate, 'isReal'>[] };
    const browsers = rows.map(({ workspaceId, id }) => browserOf({ workspaceId, userId: id }));
    const browser = browsers.includes(null) ? null : (browsers[0] ?? null); // known to one practice, it has no free guesses at another's password
    const isKnown = browsers.some((each) => each !== null);
    if (!(await countAttempt(tx, subjectsOf(app.formKey, { email, browser, ...(!isKnown && { ip: origin.ip }) })))) return null;
    const { rows: [counted] } = (await tx.knex.raw(MOST_PRACTICES)) as { rows: { most: number }[] };
    const someWorkspace = (await tx.knex('sys.workspaces').where({ status: 'active' }).first('id')) as { id: string } | undefined;
    if (someWorkspace === undefined) return [];
    const wanted = workspace === null ? (counted?.most ?? 1) : 1;
    const nobody = () => ({ id: uuidv7(), email, name: '', workspaceId: someWorkspace.id, isReal: false, isKnownBrowser: false });
    return Array.from({ length: wanted }, (_, at) => { const row = rows[at]; return row === undefined ? nobody() : { ...row, isReal: true, isKnownBrowser: browsers[at] !== null }; });
  });
  if (found === null) throw fault('request.rate_limited');
  return found; // none in an installation without any workspace, which has nobody to tell apart
}

/** In the workspaces' chains for their people, in the installation's for an e-mail nobody has: only a reason code, never what was typed. */
async function recordRefusals(app: App, origin: Origin, checked: readonly CheckedCandidate[]): Promise<void> {
  const people = checked.filter(({ candidate }) => candidate.isReal);
  await Promise.all(people.map(({ candidate: person, refused: reason }) => app.withWorkspace(scopeBeforeSession(person.workspaceId, origin), async (tx) => {
    record(tx, { action: 'auth.sign_in_refused', outcome: 'refused', target: { type: 'user', id: person.id }, detail: { reason } });
  })));
  if (people.length === 0) {
    await app.withSystem('sign_in', async (tx) => {
      record(tx, { action: 'auth.sign_in_refused', outcome: 'refused', detail: { reason: 'unknown' } });
    });
  }
}
