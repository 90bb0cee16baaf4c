import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server';
import type { App } from '../../app.ts';
import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { tellOfChange } from '../mail/notices.ts';
import { registerPasskey, registrationOptions, type Answer } from '../passkey/ceremony.ts';
import { storeTotpSecret } from '../totp/actions.ts';
import { beginTotpSetup, confirmTotpSetup, continueTotpSetup, type TotpSetup } from '../totp/setup.ts';
import { User } from '../user.ts';
import { readChallenge, takeAttempt, type OpenChallenge, type Origin } from './challenge.ts';
import { completeSecondStep, type BrowserState, type SignedIn } from './second-step.ts';
import { hasSecondFactor } from './second-factors.ts';

/*
 * Enrolment is all that a password opens for who has no second factor yet (design invariant 6). It must not become a way around one: whoever
 * has meanwhile set one up, in another tab or as somebody else, makes every open enrolment worthless.
 */

export async function showEnrolment(app: App, origin: Origin, cookie: unknown, sealed: string | null): Promise<TotpSetup> {
  const challenge = await readChallenge(app, origin, cookie, 'enrol');
  return app.withWorkspace(challenge.scope, async (tx) =>
    (sealed === null ? null : continueTotpSetup(tx, challenge.user, challenge.workspaceName, sealed)) ?? beginTotpSetup(tx, challenge.user, challenge.workspaceName));
}

/** @throws Fault sign_in.challenge_over · code.refused */
export async function enrolTotp(app: App, origin: Origin, cookie: unknown, input: { sealed: string; code: string }, state: BrowserState): Promise<SignedIn> {
  const challenge = await takeAttempt(app, origin, cookie, 'enrol');
  return completeSecondStep(app, challenge, state, async (tx) => {
    await requireNoFactor(tx, challenge);
    const confirmed = confirmTotpSetup(tx, challenge.user.id, input.sealed, input.code);
    if (confirmed === null) return { refused: 'enrol_code' };
    await storeTotpSecret(tx, challenge.user.id, confirmed.secret, confirmed.step);
    await tellOfChange(app, tx, challenge.user.id);
    return 'totp';
  }, 'code.refused');
}

/** @throws Fault sign_in.challenge_over */
export async function enrolPasskeyOptions(app: App, origin: Origin, cookie: unknown): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const challenge = await takeAttempt(app, origin, cookie, 'enrol');
  return app.withWorkspace(challenge.scope, (tx) => registrationOptions(tx, app.config, { purpose: 'register', binding: challenge.id }, challenge.user));
}

/** @throws Fault sign_in.challenge_over · passkey.refused */
export async function enrolPasskey(app: App, origin: Origin, cookie: unknown, input: { answer: Answer; name: string }, state: BrowserState): Promise<SignedIn> {
  const challenge = await readChallenge(app, origin, cookie, 'enrol');
  return completeSecondStep(app, challenge, state, async (tx) => {
    await requireNoFactor(tx, challenge);
    const isRegistered = await registerPasskey(tx, app.config, { purpose: 'register', binding: challenge.id }, challenge.user.id, input.answer, input.name);
    if (!isRegistered) return { refused: 'enrol_passkey' };
    await tellOfChange(app, tx, challenge.user.id);
    return 'passkey';
  }, 'passkey.refused');
}

/** Holds the person's row, so that of two enrolments at the same moment the second sees the first. */
async function requireNoFactor(tx: Tx, challenge: OpenChallenge): Promise<void> {
  await User.query(tx).findById(challenge.user.id).forNoKeyUpdate();
  if (await hasSecondFactor(tx, challenge.user.id)) throw fault('sign_in.challenge_over');
}
