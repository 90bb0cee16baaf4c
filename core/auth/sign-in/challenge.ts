import type { App } from '../../app.ts';
import { record } from '../../audit/record.ts';
import { systemActor, type Actor, type Scope, type Tx } from '../../db/scope.ts';
import { Fault, fault } from '../../errors.ts';
import { mintOpaqueToken, readOpaqueToken } from '../opaque-token.ts';
import type { FirstFactor } from '../session/method.ts';
import { MfaChallenge, type ChallengePurpose } from './challenge-model.ts';

/** What a browser holds between the first step and the second: five minutes, a few tries, one use. The token lives in a cookie of its own. */
export const CHALLENGE_COOKIE = '__Host-wk_step';
export const CHALLENGE_LIFE_MS = 5 * 60_000;
/** Setting up an authenticator takes longer than reading a code off it. */
export const ENROL_LIFE_MS = 15 * 60_000;
const ATTEMPTS_MAX: Readonly<Record<ChallengePurpose, number>> = { sign_in: 5, enrol: 20 };

export type Origin = Pick<Scope, 'ip' | 'userAgent' | 'requestId'>;
/** A person in a practice. */
export type Account = { readonly workspaceId: string; readonly userId: string };
export type Claimant = { readonly id: string; readonly email: string; readonly name: string };
export type OpenChallenge = {
  readonly id: string;
  readonly purpose: ChallengePurpose;
  readonly first: FirstStep;
  readonly expiresAt: Date;
  readonly user: Claimant;
  readonly workspaceName: string;
  readonly factors: { readonly totp: boolean; readonly passkey: boolean; readonly recovery: boolean };
  /** In the claimant's name, but with no role: nothing is theirs before the second step. */
  readonly scope: Scope;
};

/** What the first step was. `vouchedBy`: what the plugin calls the provider's word; null for a password. */
export type FirstStep = { readonly factor: FirstFactor; readonly vouchedBy: string | null };
const PASSWORD: FirstStep = { factor: 'password', vouchedBy: null };

/** In whose name pre-session acts are recorded. */
export function claimantActor(user: Claimant): Actor {
  return { ...systemActor(user.name), kind: 'user', id: user.id };
}

export function scopeBeforeSession(workspaceId: string, origin: Origin, actor: Actor = systemActor('sign-in')): Scope {
  return { workspaceId, actor, ...origin };
}

/** Opens a challenge and returns its cookie text. */
export async function openChallenge(tx: Tx, userId: string, purpose: ChallengePurpose, first: FirstStep = PASSWORD): Promise<string> {
  const token = mintOpaqueToken(tx.scope.workspaceId);
  const life = purpose === 'enrol' ? ENROL_LIFE_MS : CHALLENGE_LIFE_MS;
  await MfaChallenge.query(tx).delete().where({ user_id: userId }).whereRaw("expires_at < now() - interval '1 day'");
  await MfaChallenge.query(tx).insert({ user_id: userId, purpose, first_factor: first.factor, vouched_by: first.vouchedBy, token_hash: token.hash, expires_at: new Date(tx.now + life) });
  record(tx, { action: 'auth.mfa_challenged', target: { type: 'user', id: userId }, detail: { purpose } });
  return token.text;
}

type Row = {
  id: string; purpose: ChallengePurpose; first_factor: FirstFactor; vouched_by: string | null; expires_at: Date; user_id: string; email: string; name: string; workspace_name: string;
  totp: boolean; passkey: boolean; recovery: boolean;
};

const COLUMNS = `c.id, c.purpose, c.first_factor, c.vouched_by, c.expires_at, u.id as user_id, u.email, u.name, w.name as workspace_name,
  exists (select from app.totp_factors f where f.workspace_id = u.workspace_id and f.user_id = u.id) as totp,
  exists (select from app.passkeys f where f.workspace_id = u.workspace_id and f.user_id = u.id) as passkey,
  exists (select from app.recovery_codes f where f.workspace_id = u.workspace_id and f.user_id = u.id and f.used_at is null) as recovery`;
const OPEN = `u.workspace_id = c.workspace_id and u.id = c.user_id and u.status = 'active' and w.workspace_id = c.workspace_id and w.suspended_at is null
  and c.workspace_id = :workspaceId and c.token_hash = :hash and c.consumed_at is null and c.expires_at > now()`;
const READ = `select ${COLUMNS} from app.mfa_challenges c, app.users u, app.workspaces w where ${OPEN}`;
const TAKE = `update app.mfa_challenges c set attempts = c.attempts + 1 from app.users u, app.workspaces w
  where ${OPEN} and c.purpose = :purpose and c.attempts < :max returning ${COLUMNS}`;

/** The challenge a cookie names. @throws Fault sign_in.challenge_over */
export async function readChallenge(app: App, origin: Origin, cookie: unknown, purpose: ChallengePurpose): Promise<OpenChallenge> {
  const open = await find(app, origin, cookie, READ, {});
  if (open.purpose !== purpose) throw fault('sign_in.challenge_over');
  return open;
}

/** The same, counting one attempt, which stays counted whatever comes of it. @throws Fault sign_in.challenge_over */
export async function takeAttempt(app: App, origin: Origin, cookie: unknown, purpose: ChallengePurpose): Promise<OpenChallenge> {
  return find(app, origin, cookie, TAKE, { purpose, max: ATTEMPTS_MAX[purpose] });
}

async function find(app: App, origin: Origin, cookie: unknown, sql: string, more: Record<string, string | number>): Promise<OpenChallenge> {
  const token = readOpaqueToken(cookie);
  if (token === null) throw fault('sign_in.challenge_over');
  const row = await app.withWorkspace(scopeBeforeSession(token.workspaceId, origin), async (tx) => {
    const { rows } = (await tx.knex.raw(sql, { workspaceId: token.workspaceId, hash: token.hash, ...more })) as { rows: Row[] };
    return rows[0];
  }).catch((error: unknown) => {
    if (error instanceof Fault && error.code === 'workspace.not_found') return undefined; // a cookie that names no workspace of ours
    throw error;
  });
  if (row === undefined) throw fault('sign_in.challenge_over');
  const user = { id: row.user_id, email: row.email, name: row.name };
  return {
    id: row.id, purpose: row.purpose, first: { factor: row.first_factor, vouchedBy: row.vouched_by }, expiresAt: row.expires_at, user, workspaceName: row.workspace_name,
    factors: { totp: row.totp, passkey: row.passkey, recovery: row.recovery },
    scope: scopeBeforeSession(token.workspaceId, origin, claimantActor(user)),
  };
}

/** With a changed password whatever an older one had opened is over, and with a provider's session what its word had. Before the sessions end, so that one which a last step opens ends too. */
export async function endChallenges(tx: Tx, match: { user_id: string; vouched_by?: string }): Promise<void> {
  await MfaChallenge.query(tx).patch({ consumed_at: new Date(tx.now) }).where(match).whereNull('consumed_at');
}

/** Spends the challenge; of several requests one wins. @throws Fault sign_in.challenge_over */
export async function consumeChallenge(tx: Tx, challenge: OpenChallenge): Promise<void> {
  const won = await MfaChallenge.query(tx).patch({ consumed_at: new Date(tx.now) }).where({ id: challenge.id }).whereNull('consumed_at');
  if (won !== 1) throw fault('sign_in.challenge_over');
}
