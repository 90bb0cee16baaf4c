import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import type { App } from '../../app.ts';
import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { originOf } from '../../http/credentials.ts';
import { tellOfNewBrowser } from '../mail/notices.ts';
import { endSessions, openSession } from '../session/actions.ts';
import { SESSION_COOKIE } from '../session/cookie.ts';
import { findSession } from '../session/find-session.ts';
import type { FirstFactor } from '../session/method.ts';
import { findActiveUser } from '../find-active-user.ts';
import { CHALLENGE_COOKIE, claimantActor, endChallenges, openChallenge, scopeBeforeSession } from './challenge.ts';
import { hasSecondFactor } from './second-factors.ts';
import { browserState, heldSession, landingPage, setSession, withNext } from './routes.ts';

/** Whom somebody else's word names. */
export type Vouched = {
  readonly userId: string;
  readonly protocol: Exclude<FirstFactor, 'password'>;
  /** A UUID by which the plugin finds this word again; it comes back with the question `signOut`. */
  readonly vouchedBy: string;
  /** The workspace lets the provider's second factor count, and the provider says there was one. */
  readonly isSecondFactorDone: boolean;
  readonly next: string;
};

/**
 * Lets a person in on a provider's word (single sign-on): with a session where it counts for both factors, else to our second step, or to
 * setting one up. The word itself was checked by whoever calls; here it is only that the person is active in this workspace.
 * @throws Fault sign_in.refused
 */
export async function letInVouched(app: App, workspaceId: string, request: Request, h: ResponseToolkit, { userId, protocol, vouchedBy, isSecondFactorDone, next }: Vouched): Promise<ResponseObject> {
  const origin = originOf(request);
  const user = await app.withWorkspace(scopeBeforeSession(workspaceId, origin), (tx) => findActiveUser(tx, userId));
  if (user === undefined) throw fault('sign_in.refused');
  const state = browserState(app, request);
  const account = { workspaceId, userId };
  const scope = scopeBeforeSession(workspaceId, origin, claimantActor(user));
  if (isSecondFactorDone) {
    const before = heldSession(await findSession(app, request.state[SESSION_COOKIE])); // a plugin's open routes ask for nobody
    const cookie = await app.withWorkspace(scope, async (tx) => {
      if ((await findActiveUser(tx, userId)) === undefined) throw fault('sign_in.refused');
      if (state.browser(account) === null) await tellOfNewBrowser(app, tx, user.id);
      return openSession(tx, { userId, method: protocol, vouchedBy, before });
    });
    await setSession(app, request, h, { cookie, account }, before);
    return h.redirect(landingPage(next)).code(303);
  }
  return app.withWorkspace(scope, async (tx) => {
    if ((await findActiveUser(tx, userId)) === undefined) throw fault('sign_in.refused');
    const purpose = (await hasSecondFactor(tx, userId)) ? 'sign_in' : 'enrol';
    h.state(CHALLENGE_COOKIE, await openChallenge(tx, userId, purpose, { factor: protocol, vouchedBy }));
    return h.redirect(withNext(purpose === 'enrol' ? '/sign-in/enrol' : '/sign-in/second', next)).code(303);
  });
}

/** The provider takes its word back: what it opened ends, and so does a sign-in that still waits for our second step. Returns how many sessions there were. */
export async function endVouched(tx: Tx, { userId, vouchedBy }: Pick<Vouched, 'userId' | 'vouchedBy'>): Promise<number> {
  const match = { user_id: userId, vouched_by: vouchedBy };
  await endChallenges(tx, match);
  return endSessions(tx, match, 'signed_out');
}
