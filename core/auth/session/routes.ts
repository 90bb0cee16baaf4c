import type { Request } from '@hapi/hapi';
import type { Tx } from '../../db/scope.ts';
import type { Feature } from '../../http/feature.ts';
import { scopeOf } from '../../http/credentials.ts';
import { stayLonger, timeLeft, type TimeLeft } from './time-left.ts';

/**
 * What an open page asks so that it does not outlive its session (core/http/public/js/session-end.js): how long there is left, which keeps nothing
 * alive; and the same as a sign of life of whoever sits in front of it.
 */
export const sessionRoutes: Feature = {
  name: 'wardkeep-session',
  register(server, { app }) {
    const options = { plugins: { session: { isUse: false } } } as const;
    const answer = (act: (tx: Tx) => Promise<TimeLeft>) => (request: Request) => app.withWorkspace(scopeOf(request), act);
    server.route([
      { method: 'GET', path: '/session/left', options, handler: answer(timeLeft) },
      { method: 'GET', path: '/session/stay', options, handler: answer(stayLonger) },
    ]);
  },
};
