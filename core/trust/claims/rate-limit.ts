import { randomBytes, randomUUID } from 'node:crypto';
import type { Server, ServerInjectOptions } from '@hapi/hapi';
import { SESSION_COOKIE } from '../../auth/session/cookie.ts';
import { INSTALLATION_WORKSPACE, systemActor } from '../../db/scope.ts';
import { networkOf } from '../../http/rate-limit.ts';
import type { RequestBudgets } from '../../http/request-budgets.ts';
import { claim, notApplicable, verdict } from '../claim.ts';
import { serverOf } from '../serving.ts';
import { madeUpAddress } from '../trial.ts';

const THROUGH = 404; // nobody's address on the server leads nowhere, so the trial asks the database nothing
const TURNED_AWAY = 429;

export const rateLimit = claim({
  id: 'NET-1',
  title: 'One caller cannot take all of the program’s time',
  statement: 'Each session, each service account and each address has a budget of requests a minute of its own; this program turns away who goes beyond it, and nobody else (OWASP API4:2023). Proved on callers that are made up.',
  async prove({ app }) {
    const server = serverOf(app);
    if (server === undefined) return notApplicable('This is a command, which answers no requests; the trust page proves it where they are answered.');
    const { people, addresses } = server.plugins['wardkeep-rate-limit'] ?? { people: null, addresses: null };
    const { signedIn, anonymous } = app.config.rateLimits;
    if (people === null || addresses === null || signedIn === null || anonymous === null) return verdict(false, { proved: '', failing: 'Requests are not limited: WARDKEEP_RATE_SIGNED_IN or WARDKEEP_RATE_ANONYMOUS is off.' }, { signedIn, anonymous });

    const [busy, calm] = [madeUpAddress(), madeUpAddress()];
    const [cookie, sessionId] = [randomBytes(32).toString('base64url'), randomUUID()];
    const ask = { address: () => answerOf(server, busy), session: () => answerOf(server, calm, { cookie, sessionId }), another: () => answerOf(server, calm) };
    const address = { within: await ask.address(), counted: useUp(addresses, networkOf(busy), anonymous), beyond: await ask.address() };
    const session = { within: await ask.session(), counted: useUp(people, sessionId, signedIn), beyond: await ask.session() };
    const another = await ask.another();
    const holds = another === THROUGH && [address, session].every(({ within, counted, beyond }) => within === THROUGH && counted && beyond === TURNED_AWAY);
    return verdict(holds, {
      proved: `A made-up session beyond its ${signedIn} requests a minute and a made-up address beyond its ${anonymous} were turned away just now; another address was answered.`,
      failing: `Within and beyond its budget a made-up session was answered ${session.within} and ${session.beyond}, a made-up address ${address.within} and ${address.beyond}, another address ${another}${address.counted && session.counted ? '' : '; a budget is not what is configured'}.`,
    }, { signedIn, anonymous, session, address, another });
  },
});

/** Asks the running server from inside it, by all the steps of a request, for a page that is not there. With a session as if that had been found good. */
async function answerOf(server: Server, remoteAddress: string, as?: { cookie: string; sessionId: string }): Promise<number> {
  const request: ServerInjectOptions = { method: 'GET', url: `/${randomUUID()}`, remoteAddress, headers: { accept: 'application/json' }, app: { isTrial: true } };
  if (as === undefined) return (await server.inject(request)).statusCode;
  const wardkeep = { workspace: { id: INSTALLATION_WORKSPACE, name: '', slug: '', timeZone: 'UTC' }, actor: { ...systemActor('trust'), sessionId: as.sessionId }, email: null, idleMinutes: null };
  return (await server.inject({ ...request, headers: { ...request.headers, cookie: `${SESSION_COOKIE}=${as.cookie}` }, auth: { strategy: 'session', credentials: { wardkeep } } })).statusCode;
}

const LAST = 10;

/** Uses up a caller's budget and a minute's more, so that nothing refills before the next request. True when its last requests counted and the one beyond did not pass. */
function useUp(budgets: RequestBudgets, caller: string, perMinute: number): boolean {
  budgets.spend(caller, perMinute - LAST);
  let passed = 0;
  while (passed < 100 * LAST && budgets.take(caller) === 0) passed++; // a few refill meanwhile
  budgets.spend(caller, perMinute);
  return passed >= LAST - 1 && passed < 100 * LAST; // the request made before took one
}

export const RATE_LIMIT_CLAIMS = [rateLimit] as const;
