import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import type { App } from '../../app.ts';
import { record } from '../../audit/record.ts';
import type { Tx } from '../../db/scope.ts';
import { Fault, fault } from '../../errors.ts';
import { findActiveUser } from '../find-active-user.ts';
import { tellOfNewBrowser } from '../mail/notices.ts';
import { sha256 } from '../opaque-token.ts';
import { openSession } from '../session/actions.ts';
import { signInElsewhere } from '../sign-in/policy.ts';
import { claimantActor, scopeBeforeSession, type Claimant, type Origin } from '../sign-in/challenge.ts';
import type { BrowserState, SignedIn } from '../sign-in/second-step.ts';
import { CEREMONY_MS, challengeOf, checkAssertion, handleOf, openAssertionOptions, type Answer } from './ceremony.ts';

/** Holds `<challenge>.<end, ms>.<mac>`: before the passkey answers nobody knows which workspace could keep the challenge. */
export const PASSKEY_COOKIE = '__Host-wk_passkey';

export async function offerPasskey(app: App, now = Date.now()): Promise<{ cookie: string; options: PublicKeyCredentialRequestOptionsJSON }> {
  const challenge = randomBytes(32);
  const subject = `${challenge.toString('base64url')}.${now + CEREMONY_MS}`;
  return { cookie: `${subject}.${mac(app, subject)}`, options: await openAssertionOptions(app.config, challenge) };
}

/**
 * Signs in with a passkey and nothing else: possession and, by user verification, a PIN or biometric (NIST SP 800-63B-4 §2.2.1).
 * Not slowed down like a password: there is nothing to guess.
 * @throws Fault passkey.refused
 */
export async function signInWithPasskey(app: App, origin: Origin, cookie: unknown, answer: Answer, state: BrowserState): Promise<SignedIn | { elsewhere: string }> {
  const challenge = readCookie(app, cookie);
  const handle = handleOf(answer);
  const user = handle === null || challenge === null || challenge !== challengeOf(answer) ? null : await findClaimant(app, origin, handle);
  if (handle === null || challenge === null || user === null) {
    await app.withSystem('sign_in', async (tx) => record(tx, { action: 'auth.sign_in_refused', outcome: 'refused', detail: { reason: 'passkey' } }));
    throw fault('passkey.refused');
  }
  const opened = await app.withWorkspace(scopeBeforeSession(handle.workspaceId, origin, claimantActor(user)), async (tx) => {
    const isActive = (await findActiveUser(tx, user.id)) !== undefined;
    const outcome = !isActive ? 'passkey_unknown' : (await spendOnce(tx, challenge)) ? await checkAssertion(tx, app.config, challenge, user.id, answer) : 'passkey_challenge';
    if (outcome === 'accepted') {
      const elsewhere = await signInElsewhere(tx, user.id, 'passkey', 'begin');
      if (elsewhere !== null) return { elsewhere };
      if (state.browser(handle) === null) await tellOfNewBrowser(app, tx, user.id);
      return openSession(tx, { userId: user.id, method: 'passkey', before: state.session });
    }
    record(tx, { action: 'auth.sign_in_refused', outcome: 'refused', target: { type: 'user', id: user.id }, detail: { reason: outcome } });
    return null;
  });
  if (opened === null) throw fault('passkey.refused');
  if (typeof opened === 'object') return opened;
  return { cookie: opened, account: handle };
}

async function findClaimant(app: App, origin: Origin, { workspaceId, userId }: { workspaceId: string; userId: string }): Promise<Claimant | null> {
  try {
    return (await app.withWorkspace(scopeBeforeSession(workspaceId, origin), (tx) => findActiveUser(tx, userId))) ?? null;
  } catch (error) {
    if (error instanceof Fault && error.code === 'workspace.not_found') return null;
    throw error;
  }
}

/** The cookie may come twice; the row cannot. */
async function spendOnce(tx: Tx, challenge: string): Promise<boolean> {
  const now = new Date(tx.now);
  const row = { workspace_id: tx.scope.workspaceId, challenge_hash: sha256(challenge), purpose: 'sign_in', expires_at: new Date(tx.now + CEREMONY_MS), consumed_at: now };
  return (await tx.knex('app.passkey_challenges').insert(row).onConflict(['workspace_id', 'challenge_hash']).ignore().returning('purpose')).length === 1;
}

function readCookie(app: App, cookie: unknown): string | null {
  const match = typeof cookie === 'string' ? /^(([\w-]{43})\.(\d{13}))\.([\w-]{43})$/.exec(cookie) : null;
  if (match === null || !timingSafeEqual(Buffer.from(match[4] as string), Buffer.from(mac(app, match[1] as string)))) return null;
  return Number(match[3]) > Date.now() ? (match[2] as string) : null;
}

function mac(app: App, subject: string): string {
  return createHmac('sha256', app.formKey).update(`passkey|${subject}`, 'utf8').digest('base64url');
}
