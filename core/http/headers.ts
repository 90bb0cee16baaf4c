import type { Plugin, Request, ResponseObject } from '@hapi/hapi';
import type { Boom } from '@hapi/boom';
import { AFTER_REFUSALS } from './refusals.ts';

/** OWASP ASVS 5.0 V3.4: nothing inline, nothing foreign, no framing; scripts build no markup out of strings (Trusted Types, no policy allowed). */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS: readonly (readonly [string, string])[] = [
  ['content-security-policy', CONTENT_SECURITY_POLICY],
  ['strict-transport-security', 'max-age=63072000; includeSubDomains'],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'no-referrer'],
  ['permissions-policy', 'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), screen-wake-lock=(), usb=(), xr-spatial-tracking=(), publickey-credentials-create=(self), publickey-credentials-get=(self)'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['origin-agent-cluster', '?1'],
  ['x-robots-tag', 'noindex, nofollow'],
];

/**
 * Puts the security headers on every answer, refusals and failures included, and `no-store` on every answer that is not a hashed asset:
 * a page of patients must not stay in a browser's or proxy's cache (ASVS 5.0 V14.3.2).
 */
export const headersPlugin: Plugin<void> = {
  name: 'wardkeep-headers',
  register(server) {
    server.ext('onPreResponse', (request, h) => {
      const { response } = request;
      const set = setter(response);
      for (const [name, value] of HEADERS) set(name, value);
      if (!isImmutable(request, response)) set('cache-control', 'no-store');
      return h.continue;
    }, AFTER_REFUSALS);
  },
};

function setter(response: ResponseObject | Boom): (name: string, value: string) => void {
  if ('isBoom' in response) return (name, value) => { response.output.headers[name] = value; };
  return (name, value) => { response.header(name, value); };
}

/** A refusal on an asset's route is a page like any other. */
function isImmutable(request: Request, response: ResponseObject | Boom): boolean {
  return request.route.settings.plugins?.headers?.immutable === true && !('isBoom' in response) && response.statusCode < 400;
}
