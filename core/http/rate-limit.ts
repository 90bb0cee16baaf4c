import { hash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Plugin, Request } from '@hapi/hapi';
import type { RateLimits } from '../config.ts';
import { fault, type Fault } from '../errors.ts';
import type { Log } from '../log.ts';
import { openRequestBudgets, type RequestBudgets } from './request-budgets.ts';

type Options = {
  readonly limits: RateLimits;
  readonly log: Log;
  /** The cookie or bearer token the request's route authenticates it by, as sent; null without one. */
  readonly secretOf: (request: Request) => string | null;
};

/** Secrets that were seen to be good, by their hashes. Beyond, the older half is forgotten and counts against its address once more. */
const KNOWN_MAX = 20_000;
const LOGGED_EVERY_MS = 60_000;

/**
 * Keeps one caller from taking all of this process's time (OWASP API4:2023; ASVS 5.0 V2.4.1): who is signed in has a budget for each session or
 * service account, everybody else one for each address, before anything is asked of the database. A cookie or token is believed to be somebody's
 * once it has been found good: a made-up one counts against the address it comes from. Held in memory, so that it costs microseconds: several
 * programs each hold their own. Guessing passwords is slowed down elsewhere, for all of them together (core/auth/sign-in/attempts.ts).
 */
export const rateLimitPlugin: Plugin<Options> = {
  name: 'wardkeep-rate-limit',
  register(server, { limits, log, secretOf }) {
    const people = limits.signedIn === null ? null : openRequestBudgets(limits.signedIn);
    const addresses = limits.anonymous === null ? null : openRequestBudgets(limits.anonymous);
    server.expose({ people, addresses });
    let known = new Map<string, string>();
    let knownBefore = new Map<string, string>();
    let loggedAt = -LOGGED_EVERY_MS;

    /** Takes a request from the person's budget, or without one from the address's. Null: there was one left. */
    const charge = (request: Request, person: string | undefined): Fault | null => {
      const waitMs = (person === undefined ? addresses?.take(networkOf(request.plugins.client?.ip ?? request.info.remoteAddress)) : people?.take(person)) ?? 0;
      if (waitMs === 0) return null;
      if (request.app.isTrial !== true && performance.now() - loggedAt >= LOGGED_EVERY_MS) {
        loggedAt = performance.now();
        log.warn('requests are being turned away by the rate limit', { requestId: request.info.id, route: request.route.path, code: person === undefined ? 'anonymous' : 'signed_in' });
      }
      return fault('request.too_many', { retryAfterS: Math.ceil(waitMs / 1000) });
    };

    server.ext('onPreAuth', (request, h) => {
      if (request.route.settings.plugins?.rateLimit === 'none') {
        request.plugins.rateLimit = { unknown: null };
        return h.continue;
      }
      const secret = secretOf(request);
      const digest = secret === null ? null : hash('sha256', secret, 'base64');
      const person = digest === null ? undefined : (known.get(digest) ?? knownBefore.get(digest));
      request.plugins.rateLimit = { unknown: person === undefined ? digest : null };
      const refusal = charge(request, person);
      if (refusal !== null) throw refusal;
      return h.continue;
    });

    // What hapi refuses before onPreAuth, an address it cannot decode or a malformed Cookie header. Beyond the budget no page is made of it.
    server.ext('onPreResponse', (request, h) => {
      if (request.plugins.rateLimit !== undefined) return h.continue;
      const refusal = charge(request, undefined);
      if (refusal === null) return h.continue;
      return h.response(refusal.message).type('text/plain').code(refusal.status).header('retry-after', String(refusal.retryAfterS));
    });

    server.ext('onPostAuth', (request, h) => {
      const digest = request.plugins.rateLimit?.unknown ?? null;
      const actor = request.auth.credentials?.wardkeep?.actor;
      if (digest === null || actor === undefined) return h.continue;
      if (known.size >= KNOWN_MAX / 2) {
        knownBefore = known;
        known = new Map();
      }
      known.set(digest, actor.sessionId ?? `${actor.kind} ${actor.id}`); // a session renewed under another token keeps its budget
      return h.continue;
    });
  },
};

/**
 * An IPv6 address counts as its network of 64 bits, the smallest that one caller has to himself (RFC 4291 §2.5.1), so that no neighbour pays for him.
 * A site is mostly given a /56 or a /48 (RFC 6177 §2), which is 256 to 65,536 such networks with a budget each.
 */
export function networkOf(address: string): string {
  if (!isIPv6(address) || /^::ffff:[\d.]+$/i.test(address)) return address;
  const [head = '', tail] = address.split('%')[0]?.toLowerCase().split('::') ?? [];
  const [left, right] = [head, tail ?? ''].map((part) => part.split(':').filter(Boolean)) as [string[], string[]];
  const groups = tail === undefined ? left : [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right];
  return groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, '')).join(':');
}

/** The budgets themselves; null where the operator has set no limit. A session or service account is known by what onPostAuth calls it, an address by its network. */
type Exposed = { readonly people: RequestBudgets | null; readonly addresses: RequestBudgets | null };

declare module '@hapi/hapi' {
  interface PluginProperties {
    'wardkeep-rate-limit'?: Exposed;
  }
  interface RequestApplicationState {
    /** A request of the trust page's to its own server: nobody is there whom the log would have to warn of. No header leads here. */
    isTrial?: true;
  }
  interface PluginSpecificConfiguration {
    /** `none`: the route costs nobody's budget. */
    rateLimit?: 'none';
  }
  interface PluginsStates {
    /** Set once the request is counted; `unknown` is the hash of a secret not yet found good. */
    rateLimit?: { readonly unknown: string | null };
  }
}
