import { record } from '../../audit/record.ts';
import type { App } from '../../app.ts';
import type { Scope, Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { endLinks } from '../links.ts';
import { Passkey } from '../passkey/model.ts';
import { checkPassword } from '../password/check-password.ts';
import { hashPassword } from '../password/hash.ts';
import { Password } from '../password/model.ts';
import { checkNewPassword } from '../password/policy.ts';
import { storePasswordHash } from '../password/store-password-hash.ts';
import { countRecoveryCodes, RECOVERY_CODES, renewRecoveryCodes } from '../recovery/actions.ts';
import { endSessions } from '../session/actions.ts';
import { countAttempt, forgiveAttempts, subjectsOf } from '../sign-in/attempts.ts';
import { endChallenges } from '../sign-in/challenge.ts';
import { requirePassword, signInElsewhere } from '../sign-in/policy.ts';
import { countSecondFactors } from '../sign-in/second-factors.ts';
import { requireFresh } from '../step-up/require-fresh.ts';
import { storeTotpSecret } from '../totp/actions.ts';
import { TotpFactor } from '../totp/model.ts';
import { confirmTotpSetup } from '../totp/setup.ts';
import { tellOfChange } from '../mail/notices.ts';
import { User } from '../user.ts';

/** What a person does to their own ways of signing in. */

export async function showSecurity(tx: Tx): Promise<{ passkeys: object[]; totp: { since: Date } | null; recovery: { left: number; of: number }; hasPassword: boolean }> {
  const userId = tx.scope.actor.id as string;
  const [passkeys, totp, left] = await Promise.all([
    Passkey.query(tx).where({ user_id: userId }).orderBy('created_at'), TotpFactor.query(tx).findOne({ user_id: userId }), countRecoveryCodes(tx, userId),
  ]);
  return {
    passkeys: passkeys.map(({ id, name, created_at, last_used_at }) => ({ id, name, createdAt: created_at, lastUsedAt: last_used_at })),
    totp: totp === undefined ? null : { since: totp.created_at },
    recovery: { left, of: RECOVERY_CODES },
    hasPassword: (await Password.query(tx).findById(userId)) !== undefined && (await signInElsewhere(tx, userId, 'password', 'offer')) === null,
  };
}

/**
 * Asks for the present password (ASVS 5.0 V6.2.3), counting a wrong one as sign-in does, and ends every other session (V7.4.3), begun sign-in and link to choose another one.
 * @throws Fault request.invalid with the field · request.rate_limited · sign_in.provider_only
 */
export async function changePassword(app: App, scope: Scope, input: { current: string; next: string; workspaceName: string; email: string; isKnownBrowser: boolean }): Promise<void> {
  const userId = scope.actor.id as string;
  const subjects = subjectsOf(app.formKey, { email: `session ${scope.actor.sessionId}` });
  if (!(await app.withSystem('sign_in', (tx) => countAttempt(tx, subjects)))) throw fault('request.rate_limited');
  const { refused: reason } = await checkPassword(app, scope, { userId, password: input.current, isKnownBrowser: input.isKnownBrowser });
  if (reason !== null) {
    throw await refused(app, scope, reason, fault('request.invalid', { fields: [{ path: 'currentPassword', text: 'This is not your present password.' }] }));
  }
  const complaint = await checkNewPassword(app, input.next, { email: input.email, name: scope.actor.name ?? '', workspaceName: input.workspaceName });
  if (complaint !== null) throw fault('request.invalid', { fields: [{ path: 'password', text: complaint }] });
  const hash = await hashPassword(input.next);
  await app.withWorkspace(scope, async (tx) => {
    await requirePassword(tx, userId, 'set_password');
    await storePasswordHash(tx, userId, hash);
    record(tx, { action: 'auth.password_changed', target: { type: 'user', id: userId } });
    await endChallenges(tx, { user_id: userId });
    await endLinks(tx, 'password_reset', userId);
    await endSessions(tx, { user_id: userId }, 'password_changed', scope.actor.sessionId);
    await tellOfChange(app, tx, userId);
  });
  await app.withSystem('sign_in', (tx) => forgiveAttempts(tx, subjects));
}

async function refused(app: App, scope: Scope, reason: string, answer: ReturnType<typeof fault>): Promise<ReturnType<typeof fault>> {
  await app.withWorkspace(scope, async (tx) => record(tx, { action: 'auth.password_change_refused', outcome: 'refused', target: { type: 'user', id: scope.actor.id }, detail: { reason } }));
  return answer;
}

/** @throws Fault code.refused · access.step_up_required */
export async function replaceTotp(app: App, tx: Tx, input: { sealed: string; code: string }): Promise<void> {
  const userId = requireFresh(tx);
  const confirmed = confirmTotpSetup(tx, userId, input.sealed, input.code);
  if (confirmed === null) throw fault('code.refused');
  await storeTotpSecret(tx, userId, confirmed.secret, confirmed.step);
  await tellOfChange(app, tx, userId);
}

/** @throws Fault factor.last_one · access.step_up_required */
export async function removeTotp(app: App, tx: Tx): Promise<void> {
  const userId = requireFresh(tx);
  await requireAnother(tx, userId);
  if ((await TotpFactor.query(tx).delete().where({ user_id: userId })) === 0) return;
  record(tx, { action: 'auth.mfa_removed', target: { type: 'user', id: userId }, detail: { kind: 'totp' } });
  await tellOfChange(app, tx, userId);
}

/** @throws Fault passkey.not_found · factor.last_one · access.step_up_required */
export async function removePasskey(app: App, tx: Tx, id: string): Promise<void> {
  const userId = requireFresh(tx);
  if ((await Passkey.query(tx).findOne({ id, user_id: userId })) === undefined) throw fault('passkey.not_found');
  await requireAnother(tx, userId);
  await Passkey.query(tx).delete().where({ id, user_id: userId });
  record(tx, { action: 'auth.mfa_removed', target: { type: 'user', id: userId }, detail: { kind: 'passkey', passkey: id } });
  await tellOfChange(app, tx, userId);
}

/** @throws Fault access.step_up_required */
export async function makeRecoveryCodes(app: App, tx: Tx): Promise<string[]> {
  const userId = requireFresh(tx);
  await tellOfChange(app, tx, userId);
  return renewRecoveryCodes(tx, userId);
}

/** Holds the person's row, so that of two removals at the same moment the second sees the first. */
async function requireAnother(tx: Tx, userId: string): Promise<void> {
  await User.query(tx).findById(userId).forNoKeyUpdate();
  if ((await countSecondFactors(tx, userId)) < 2) throw fault('factor.last_one');
}
