import type { Request, ResponseToolkit } from '@hapi/hapi';
import type { App } from '../../app.ts';
import { originOf } from '../../http/credentials.ts';
import { parse } from '../../http/refusals.ts';
import type { Feature } from '../../http/feature.ts';
import { COOKIE_OPTIONS } from '../session/cookie.ts';
import { CHALLENGE_COOKIE, readChallenge, takeAttempt } from '../sign-in/challenge.ts';
import { passkeyAnswer, type PasskeyAnswer } from '../sign-in/enrol-routes.ts';
import { browserState, landingPage, OPEN, setSession } from '../sign-in/routes.ts';
import { completeSecondStep } from '../sign-in/second-step.ts';
import { assertionOptions, assertPasskey, CEREMONY_MS } from './ceremony.ts';
import { offerPasskey, PASSKEY_COOKIE, signInWithPasskey } from './sign-in-alone.ts';

/** A passkey alone (/sign-in/passkey) and as the step after a password (/sign-in/second/passkey); both speak JSON with passkey.js. */
export const passkeySignInRoutes: Feature = {
  name: 'wardkeep-passkey-sign-in',
  register(server, { app }) {
    server.state(PASSKEY_COOKIE, { ...COOKIE_OPTIONS, ttl: CEREMONY_MS });
    server.route([
      { method: 'POST', path: '/sign-in/passkey/options', options: OPEN, handler: (_request, h) => offerAlone(app, h) },
      { method: 'POST', path: '/sign-in/passkey/verify', options: OPEN, handler: (request, h) => takeAlone(app, request, h) },
      { method: 'POST', path: '/sign-in/second/passkey/options', options: OPEN, handler: (request) => offerSecond(app, request) },
      { method: 'POST', path: '/sign-in/second/passkey/verify', options: OPEN, handler: (request, h) => takeSecond(app, request, h) },
    ]);
  },
};

async function offerAlone(app: App, h: ResponseToolkit): Promise<object> {
  const { cookie, options } = await offerPasskey(app);
  h.state(PASSKEY_COOKIE, cookie);
  return options;
}

async function takeAlone(app: App, request: Request, h: ResponseToolkit): Promise<object> {
  const { response, next } = parse<PasskeyAnswer>(passkeyAnswer, request.payload);
  const cookie: unknown = request.state[PASSKEY_COOKIE];
  h.unstate(PASSKEY_COOKIE);
  const signedIn = await signInWithPasskey(app, originOf(request), cookie, response, browserState(app, request));
  if ('elsewhere' in signedIn) return { redirect: signedIn.elsewhere };
  await setSession(app, request, h, signedIn);
  return { redirect: landingPage(next) };
}

async function offerSecond(app: App, request: Request): Promise<object> {
  const challenge = await takeAttempt(app, originOf(request), request.state[CHALLENGE_COOKIE], 'sign_in');
  return app.withWorkspace(challenge.scope, (tx) => assertionOptions(tx, app.config, { purpose: 'second_factor', binding: challenge.id }, challenge.user.id));
}

async function takeSecond(app: App, request: Request, h: ResponseToolkit): Promise<object> {
  const { response, next } = parse<PasskeyAnswer>(passkeyAnswer, request.payload);
  const challenge = await readChallenge(app, originOf(request), request.state[CHALLENGE_COOKIE], 'sign_in');
  const signedIn = await completeSecondStep(app, challenge, browserState(app, request), async (tx) => {
    const outcome = await assertPasskey(tx, app.config, { purpose: 'second_factor', binding: challenge.id }, challenge.user.id, response);
    return outcome === 'accepted' ? 'passkey' : { refused: outcome };
  }, 'passkey.refused');
  await setSession(app, request, h, signedIn);
  return { redirect: landingPage(next) };
}
