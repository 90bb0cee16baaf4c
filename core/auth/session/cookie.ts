import type { ServerStateCookieOptions } from '@hapi/hapi';

/**
 * Sessions live under a `__Host-` name: Secure, host-only, path `/` (RFC 6265bis §4.1.3.2; ASVS 5.0 V3.3). Lax, so that a link in a mail
 * finds its reader signed in; forms are guarded by core/http/csrf.ts.
 */
export const SESSION_COOKIE = '__Host-wardkeep';

export const COOKIE_OPTIONS: ServerStateCookieOptions = { isSecure: true, isHttpOnly: true, isSameSite: 'Lax', path: '/', ttl: null, encoding: 'none', ignoreErrors: true };
