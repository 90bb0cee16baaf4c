import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Plugin, Request } from '@hapi/hapi';
import { fault } from '../errors.ts';
import { keyObjectOf } from '../crypto/key-object.ts';
import { cookieOf } from './cookie-of.ts';
import { AFTER_REFUSALS } from './refusals.ts';

/*
 * Against forged requests that ride on a cookie (OWASP CSRF Prevention Cheat Sheet; ASVS 5.0 V3.5.1), two checks that stand alone:
 * where the request comes from (Fetch Metadata, else Origin), and a token that only our own pages can read.
 * The token is HMAC(key, binding) over the session id or, before sign-in, over a random `__Host-` cookie. It is printed under a
 * fresh mask each time, so compressed pages do not leak it (BREACH).
 */

export type CsrfOptions = {
  /** 32 bytes, for this purpose alone. */
  key: Buffer;
  /** The one origin pages are served from, `https://records.example.org`. */
  origin: string;
  /** The id of the cookie session that this request is signed in with, or null. */
  sessionId(request: Request): string | null;
};

const PRE_COOKIE = '__Host-wk_pre';
const FIELD = '_csrf';
const HEADER = 'x-csrf-token';
const MASK_BYTES = 16;
const TAG_BYTES = 32;
const SAFE_METHODS = new Set(['get', 'head', 'options']);

declare module '@hapi/hapi' {
  interface Request {
    /** A masked token for this request's session, to be printed into forms. */
    csrfToken(): string;
  }
  interface PluginSpecificConfiguration {
    /**
     * `token: false`: the origin check alone guards this route, which pages of every session and of none post to. `from: 'anywhere'`: the
     * route acts in nobody's name, whatever cookies come along, and what is posted proves itself (a plugin's open routes).
     */
    csrf?: { token: false } | { from: 'anywhere' };
  }
  interface PluginsStates {
    csrf?: { preSession: string } | undefined;
  }
}

/** Token under a random mask: base64url(mask ‖ HMAC-SHA-256(key, mask ‖ binding)). */
export function mintToken(key: Buffer, binding: string): string {
  const mask = randomBytes(MASK_BYTES);
  return Buffer.concat([mask, tag(key, mask, binding)]).toString('base64url');
}

/** True if `token` was minted for `binding` under `key`; constant time in the tag. */
export function checkToken(key: Buffer, binding: string, token: unknown): boolean {
  if (typeof token !== 'string') return false;
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== MASK_BYTES + TAG_BYTES) return false;
  return timingSafeEqual(bytes.subarray(MASK_BYTES), tag(key, bytes.subarray(0, MASK_BYTES), binding));
}

function tag(key: Buffer, mask: Buffer, binding: string): Buffer {
  return createHmac('sha256', keyObjectOf(key)).update(mask).update(binding).digest();
}

/**
 * Whether the browser says that this request was made by our own page. `Referrer-Policy: no-referrer` makes browsers send `Origin: null`
 * with same-origin forms (Fetch §3.2), so Fetch Metadata leads; without either header nothing vouches for the request and it is refused.
 */
export function isSameOrigin(headers: Record<string, unknown>, ownOrigin: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  return headers['origin'] === ownOrigin;
}

export const csrfPlugin: Plugin<CsrfOptions> = {
  name: 'wardkeep-csrf',
  register(server, { key, origin, sessionId }) {
    server.state(PRE_COOKIE, { isSecure: true, isHttpOnly: true, isSameSite: 'Lax', path: '/', ttl: null, encoding: 'none', ignoreErrors: true });

    const binding = (request: Request): string | null => {
      const id = sessionId(request);
      if (id !== null) return `session ${id}`;
      const cookie: unknown = request.plugins.csrf?.preSession ?? cookieOf(request, PRE_COOKIE);
      return typeof cookie === 'string' && cookie.length >= 32 ? `before ${cookie}` : null;
    };

    server.decorate('request', 'csrfToken', function csrfToken(this: Request) {
      let bound = binding(this);
      if (bound === null) {
        this.plugins.csrf = { preSession: randomBytes(24).toString('base64url') };
        bound = `before ${this.plugins.csrf.preSession}`;
      }
      return mintToken(key, bound);
    });

    // Before authentication and before the body is read: a foreign page's upload costs us nothing.
    server.ext('onPreAuth', (request, h) => {
      if (changes(request) && !isOpen(request) && !hasBearer(request) && !isSameOrigin(request.headers, origin)) throw fault('request.forged');
      return h.continue;
    });

    server.ext('onPostAuth', (request, h) => {
      const { csrf } = request.route.settings.plugins ?? {};
      if (!changes(request) || isOpen(request) || (csrf !== undefined && 'token' in csrf)) return h.continue;
      if (hasBearer(request) && sessionId(request) === null) return h.continue;
      const bound = binding(request);
      if (bound === null || !checkToken(key, bound, takeToken(request))) throw fault('request.forged');
      return h.continue;
    });

    server.ext('onPreResponse', (request, h) => {
      const { csrf } = request.plugins;
      if (csrf) h.state(PRE_COOKIE, csrf.preSession);
      return h.continue;
    }, AFTER_REFUSALS);
  },
};

const isOpen = ({ route: { settings } }: Request): boolean => settings.plugins?.csrf !== undefined && 'from' in settings.plugins.csrf;

const changes = (request: Request): boolean => !SAFE_METHODS.has(request.method);

/**
 * A request that carries a bearer token, and was not signed in by a cookie after all, is let by: another site's page cannot add that header
 * without a CORS preflight, which we never grant.
 */
const hasBearer = (request: Request): boolean => /^bearer /i.test(String(request.headers['authorization']));

/** The header's token, else the form's; the field is removed so that a route's schema need not know it. */
function takeToken(request: Request): unknown {
  const { payload } = request;
  let field: unknown;
  if (typeof payload === 'object' && payload !== null && Object.hasOwn(payload, FIELD)) {
    const form = payload as Record<string, unknown>;
    field = form[FIELD];
    delete form[FIELD];
  }
  return request.headers[HEADER] ?? field;
}
