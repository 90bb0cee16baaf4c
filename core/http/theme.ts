import type { Plugin, Request } from '@hapi/hapi';
import { cookieOf } from './cookie-of.ts';
import { localPath } from './local-path.ts';

/** `auto` follows the device. The choice is a cookie, so it needs no script and no account. */
export type Theme = 'auto' | 'light' | 'dark';

const COOKIE = '__Host-wk_theme';
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

export function themeOf(request: Request): Theme {
  const value: unknown = cookieOf(request, COOKIE);
  return value === 'light' || value === 'dark' ? value : 'auto';
}

/** `POST /theme` with `theme` and `back`; works as a plain form. */
export const themePlugin: Plugin<void> = {
  name: 'wardkeep-theme',
  register(server) {
    server.state(COOKIE, { isSecure: true, isHttpOnly: true, isSameSite: 'Lax', path: '/', ttl: YEAR_MS, encoding: 'none', ignoreErrors: true });
    server.route({
      method: 'POST',
      path: '/theme',
      options: { auth: false, payload: { maxBytes: 4096 }, plugins: { csrf: { token: false } } },
      handler(request, h) {
        const { theme, back } = (request.payload ?? {}) as Record<string, unknown>;
        if (theme === 'light' || theme === 'dark') h.state(COOKIE, theme);
        else h.unstate(COOKIE);
        return h.redirect(localPath(back)).code(303);
      },
    });
  },
};
