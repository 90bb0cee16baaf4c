import type { App } from '../../app.ts';
import { record } from '../../audit/record.ts';
import type { Scope, Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { ask, type SignInAct } from '../../hooks.ts';
import { holdSignInPolicy } from '../session/policy-lock.ts';
import { User } from '../user.ts';

/*
 * A workspace may want its people to come through its provider. It is asked wherever a password or passkey of ours is taken, set or offered:
 * only once it was right, so that a stranger learns nothing from the answer, or behind a link that names the person.
 */

/** Where this person has to sign in instead, or null. A refusal is on the record, but not that a page offered nothing. */
export async function signInElsewhere(tx: Tx, userId: string, method: 'password' | 'passkey', act: SignInAct): Promise<string | null> {
  const href = await hrefElsewhere(tx, userId, method, act);
  if (href !== null && act !== 'offer') record(tx, { ...refusalOf(userId), outcome: 'refused' });
  return href;
}

/** @throws Fault sign_in.provider_only */
export async function requirePassword(tx: Tx, userId: string, act: Exclude<SignInAct, 'offer' | 'begin'>): Promise<void> {
  if ((await hrefElsewhere(tx, userId, 'password', act)) !== null) throw fault('sign_in.provider_only', { refused: refusalOf(userId) });
}

/** For a page that is about to ask for a new password. */
export function passwordElsewhere(app: App, scope: Scope, userId: string): Promise<string | null> {
  return app.withWorkspace(scope, (tx) => signInElsewhere(tx, userId, 'password', 'offer'));
}

async function hrefElsewhere(tx: Tx, userId: string, method: 'password' | 'passkey', act: SignInAct): Promise<string | null> {
  if (act !== 'offer') await holdSignInPolicy(tx);
  const user = await User.query(tx).findById(userId);
  if (user === undefined) return null;
  const answers = await ask(tx, 'signInPolicy', { userId, role: user.role, method, act });
  return answers.flatMap((answer) => (answer.allowed ? [] : [answer.href]))[0] ?? null;
}

const refusalOf = (userId: string) => ({ action: 'auth.sign_in_refused', target: { type: 'user', id: userId }, detail: { reason: 'provider_only' } });
