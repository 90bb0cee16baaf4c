import type { App } from '../../app.ts';
import { record } from '../../audit/record.ts';
import type { Tx } from '../../db/scope.ts';
import { fault, type FaultCode } from '../../errors.ts';
import { tellOfChange, tellOfNewBrowser } from '../mail/notices.ts';
import { spendRecoveryCode } from '../recovery/actions.ts';
import { openSession, type HeldSession } from '../session/actions.ts';
import type { SecondFactor } from '../session/method.ts';
import { spendTotpCode } from '../totp/actions.ts';
import { forgiveAttempts, subjectsOf } from './attempts.ts';
import { requirePassword } from './policy.ts';
import { consumeChallenge, takeAttempt, type Account, type OpenChallenge, type Origin } from './challenge.ts';

export type CodeMethod = 'totp' | 'recovery';
export type SignedIn = { readonly cookie: string; readonly account: Account };

/** `browser` as knownBrowser() gives it for an account; `session` is the one that it still has. */
export type BrowserState = { readonly browser: (account: Account) => string | null; readonly session: HeldSession | null };

/**
 * The second step with a code. A refused one is counted and recorded, so its transaction commits.
 * @throws Fault sign_in.challenge_over · code.refused
 */
export async function takeSecondStep(app: App, origin: Origin, cookie: unknown, input: { method: CodeMethod; code: string }, state: BrowserState): Promise<SignedIn> {
  const challenge = await takeAttempt(app, origin, cookie, 'sign_in');
  return completeSecondStep(app, challenge, state, async (tx) => {
    if (input.method === 'recovery') {
      if (!(await spendRecoveryCode(tx, challenge.user.id, input.code))) return { refused: 'recovery_wrong' };
      await tellOfChange(app, tx, challenge.user.id); // NIST SP 800-63B-4 §4.6 has account recovery told of
      return 'recovery';
    }
    const outcome = await spendTotpCode(tx, challenge.user.id, input.code);
    return outcome === 'accepted' ? 'totp' : { refused: `totp_${outcome}` };
  }, 'code.refused');
}

/**
 * What any second step ends with: the challenge spent and a session opened, or the refusal on the record.
 * @throws Fault `refusal` · sign_in.challenge_over · sign_in.provider_only
 */
export async function completeSecondStep(app: App, challenge: OpenChallenge, state: BrowserState, prove: (tx: Tx) => Promise<SecondFactor | { refused: string }>, refusal: FaultCode): Promise<SignedIn> {
  const { user, scope, first } = challenge;
  const account = { workspaceId: scope.workspaceId, userId: user.id };
  const opened = await app.withWorkspace(scope, async (tx) => {
    const proof = await prove(tx);
    if (typeof proof === 'object') {
      record(tx, { action: 'auth.mfa_refused', outcome: 'refused', target: { type: 'user', id: user.id }, detail: { reason: proof.refused } });
      return null;
    }
    // The workspace may have turned passwords off since the first step.
    if (first.factor === 'password') await requirePassword(tx, user.id, 'finish');
    await consumeChallenge(tx, challenge);
    if (challenge.purpose === 'sign_in' && state.browser(account) === null) await tellOfNewBrowser(app, tx, user.id);
    return openSession(tx, { userId: user.id, method: `${first.factor}+${proof}`, vouchedBy: first.vouchedBy, before: state.session });
  });
  if (opened === null) throw fault(refusal);
  if (first.factor === 'password') await forgiveSignIn(app, challenge, state); // a provider's word was not counted
  return { cookie: opened, account };
}

/** What an e-mail is counted by on unknown browsers guards its passwords in all practices, and is not for one of them to forgive. */
async function forgiveSignIn(app: App, { user, scope }: OpenChallenge, state: BrowserState): Promise<void> {
  await app.withSystem('sign_in', async (tx) => {
    const browser = state.browser({ workspaceId: scope.workspaceId, userId: user.id });
    const others = (await tx.knex('app.users').where({ email: user.email }).whereNot({ id: user.id }).select('workspace_id as workspaceId', 'id as userId')) as Account[];
    const isKnown = browser !== null || others.some((other) => state.browser(other) !== null);
    await forgiveAttempts(tx, subjectsOf(app.formKey, { browser, ...((browser !== null || others.length === 0) && { email: user.email }), ...(!isKnown && { ip: scope.ip }) }));
  });
}
