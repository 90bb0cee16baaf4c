import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import type { App } from '../../app.ts';
import { record } from '../../audit/record.ts';
import type { Scope, Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { assertionOptions, assertPasskey, type Answer } from '../passkey/ceremony.ts';
import { Passkey } from '../passkey/model.ts';
import { renewSession } from '../session/actions.ts';
import { countAttempt, forgiveAttempts, subjectsOf } from '../sign-in/attempts.ts';
import { spendTotpCode } from '../totp/actions.ts';
import { TotpFactor } from '../totp/model.ts';

/** Confirming the second factor within a session, before exports, keys and people (ASVS 5.0 V7.5.3). Each returns the session's new cookie text. */

export async function stepUpMethods(tx: Tx): Promise<{ totp: boolean; passkey: boolean }> {
  const userId = tx.scope.actor.id as string;
  const [totp, passkeys] = await Promise.all([TotpFactor.query(tx).where({ user_id: userId }).resultSize(), Passkey.query(tx).where({ user_id: userId }).resultSize()]);
  return { totp: totp > 0, passkey: passkeys > 0 };
}

/** @throws Fault code.refused · request.rate_limited */
export async function stepUpWithCode(app: App, scope: Scope, code: string): Promise<string> {
  // Counted per session: whoever took one over gets no more guesses than at the door.
  const subjects = subjectsOf(app.formKey, { email: `session ${scope.actor.sessionId}` });
  if (!(await app.withSystem('sign_in', (tx) => countAttempt(tx, subjects)))) throw fault('request.rate_limited');
  const cookie = await app.withWorkspace(scope, async (tx) => {
    const outcome = await spendTotpCode(tx, scope.actor.id as string, code);
    return outcome === 'accepted' ? renewSession(tx, 'totp') : refuse(tx, `totp_${outcome}`);
  });
  if (cookie === null) throw fault('code.refused');
  await app.withSystem('sign_in', (tx) => forgiveAttempts(tx, subjects));
  return cookie;
}

export function stepUpPasskeyOptions(app: App, scope: Scope): Promise<PublicKeyCredentialRequestOptionsJSON> {
  return app.withWorkspace(scope, (tx) => assertionOptions(tx, app.config, { purpose: 'step_up', binding: scope.actor.sessionId as string }, scope.actor.id as string));
}

/** @throws Fault passkey.refused */
export async function stepUpWithPasskey(app: App, scope: Scope, answer: Answer): Promise<string> {
  const cookie = await app.withWorkspace(scope, async (tx) => {
    const outcome = await assertPasskey(tx, app.config, { purpose: 'step_up', binding: scope.actor.sessionId as string }, scope.actor.id as string, answer);
    return outcome === 'accepted' ? renewSession(tx, 'passkey') : refuse(tx, outcome);
  });
  if (cookie === null) throw fault('passkey.refused');
  return cookie;
}

function refuse(tx: Tx, reason: string): null {
  record(tx, { action: 'auth.mfa_refused', outcome: 'refused', target: { type: 'session', id: tx.scope.actor.sessionId }, detail: { reason } });
  return null;
}
