import type { App } from '../../app.ts';
import { record } from '../../audit/record.ts';
import { uuidv7 } from '../../crypto/uuid.ts';
import { fault } from '../../errors.ts';
import { hashPassword, verifyPassword } from '../password/hash.ts';
import { Password } from '../password/model.ts';
import { storePasswordHash } from '../password/store-password-hash.ts';
import { countAttempt, subjectsOf } from './attempts.ts';
import { claimantActor, openChallenge, scopeBeforeSession, type Claimant, type Origin } from './challenge.ts';
import type { ChallengePurpose } from './challenge-model.ts';
import { signInElsewhere } from './policy.ts';
import { hasSecondFactor } from './second-factors.ts';

/** `workspace` is the slug, needed only when one e-mail works in several; `browser` as knownBrowser() gives it. */
export type Credentials = { readonly email: string; readonly password: string; readonly workspace: string | null; readonly browser: string | null };

type Candidate = Claimant & { readonly workspaceId: string; readonly isReal: boolean };

/**
 * The first step: e-mail and password. Answers with the challenge cookie of the second step, or of enrolment for who has no second factor, or
 * with where the workspace wants this person to sign in instead.
 * A wrong password, an unknown e-mail, a disabled person and a wrong workspace cost the same work and get the same answer.
 * @throws Fault sign_in.refused · request.rate_limited
 */
export async function takeFirstStep(app: App, origin: Origin, given: Credentials): Promise<{ cookie: string; purpose: ChallengePurpose } | { elsewhere: string }> {
  const candidate = await findCandidate(app, origin, given);
  const stored = await app.withWorkspace(scopeBeforeSession(candidate.workspaceId, origin), async (tx) => Password.query(tx).findById(candidate.id));
  const { ok, isOutdated } = await verifyPassword(stored?.hash ?? null, given.password);
  if (!ok || !candidate.isReal) {
    await recordRefusal(app, origin, candidate);
    throw fault('sign_in.refused');
  }
  const upgraded = isOutdated ? await hashPassword(given.password) : null;
  return app.withWorkspace(scopeBeforeSession(candidate.workspaceId, origin, claimantActor(candidate)), async (tx) => {
    if (upgraded !== null) {
      await storePasswordHash(tx, candidate.id, upgraded);
      record(tx, { action: 'auth.password_rehashed', target: { type: 'user', id: candidate.id } });
    }
    const elsewhere = await signInElsewhere(tx, candidate.id, 'password', 'begin');
    if (elsewhere !== null) return { elsewhere };
    const purpose = (await hasSecondFactor(tx, candidate.id)) ? 'sign_in' : 'enrol';
    return { cookie: await openChallenge(tx, candidate.id, purpose), purpose };
  });
}

const CANDIDATES = `select u.workspace_id as "workspaceId", u.id, u.email, u.name from app.users u join sys.workspaces w on w.id = u.workspace_id
  where u.email = :email and u.status = 'active' and w.status = 'active' and (cast(:workspace as text) is null or w.slug = :workspace) order by u.created_at, u.id limit 1`;

/** Who it would be; for an unknown e-mail nobody in some workspace, so that what follows does the same work. */
async function findCandidate(app: App, origin: Origin, { email, workspace, browser }: Credentials): Promise<Candidate> {
  const found = await app.withSystem('sign_in', async (tx) => {
    if (!(await countAttempt(tx, subjectsOf(app.formKey, { email, ip: origin.ip, browser })))) return null;
    const { rows: [user] } = (await tx.knex.raw(CANDIDATES, { email, workspace })) as { rows: (Omit<Candidate, 'isReal'> | undefined)[] };
    if (user !== undefined) return { ...user, isReal: true };
    const someWorkspace = (await tx.knex('sys.workspaces').where({ status: 'active' }).first('id')) as { id: string } | undefined;
    return someWorkspace === undefined ? undefined : { id: uuidv7(), email, name: '', workspaceId: someWorkspace.id, isReal: false };
  });
  if (found === null) throw fault('request.rate_limited');
  if (found === undefined) throw fault('sign_in.refused'); // an installation without any workspace has nobody to tell apart
  return found;
}

/** In the workspace's chain for one of its people, in the installation's for an e-mail nobody has: only a reason code, never what was typed. */
async function recordRefusal(app: App, origin: Origin, candidate: Candidate): Promise<void> {
  if (candidate.isReal) {
    await app.withWorkspace(scopeBeforeSession(candidate.workspaceId, origin), async (tx) => {
      record(tx, { action: 'auth.sign_in_refused', outcome: 'refused', target: { type: 'user', id: candidate.id }, detail: { reason: 'password' } });
    });
  } else {
    await app.withSystem('sign_in', async (tx) => {
      record(tx, { action: 'auth.sign_in_refused', outcome: 'refused', detail: { reason: 'unknown' } });
    });
  }
}
