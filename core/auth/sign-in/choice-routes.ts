import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../../app.ts';
import { originOf } from '../../http/credentials.ts';
import { parse } from '../../http/refusals.ts';
import type { Feature } from '../../http/feature.ts';
import { COOKIE_OPTIONS } from '../session/cookie.ts';
import { CHALLENGE_LIFE_MS } from './challenge.ts';
import { CHOICE_COOKIE, listChoices, takeChoice } from './choice.ts';
import { beginChallenge } from './first-step.ts';
import { browserState, goOn, localNext, OPEN } from './routes.ts';

const choiceForm = Joi.object({ workspace: Joi.string().max(40).required(), next: Joi.string().max(2000).allow('').default('') });

/** Which of one's practices, when the password was right in several: /sign-in/practice. */
export const choiceRoutes: Feature = {
  name: 'wardkeep-choose-practice',
  register(server, { app }) {
    server.state(CHOICE_COOKIE, { ...COOKIE_OPTIONS, ttl: CHALLENGE_LIFE_MS });
    server.route([
      { method: 'GET', path: '/sign-in/practice', options: OPEN, handler: (request, h) => show(app, request, h) },
      { method: 'POST', path: '/sign-in/practice', options: OPEN, handler: (request, h) => choose(app, request, h) },
    ]);
  },
};

async function show(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  return h.page('auth/choose-practice', { practices: await listChoices(app, request.state[CHOICE_COOKIE]), next: localNext(request) });
}

async function choose(app: App, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const { workspace, next } = parse<{ workspace: string; next: string }>(choiceForm, request.payload);
  const { proven, person } = await takeChoice(app, originOf(request), request.state[CHOICE_COOKIE], workspace, browserState(app, request).browser);
  const step = await beginChallenge(app, originOf(request), proven, person);
  h.unstate(CHOICE_COOKIE);
  return goOn(h, step, next);
}
