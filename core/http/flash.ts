import type { Plugin, Request, ResponseToolkit } from '@hapi/hapi';
import { cookieOf } from './cookie-of.ts';
import { AFTER_REFUSALS } from './refusals.ts';

/**
 * A line that the next page shows once ("Contact saved."). It travels in a cookie for a minute, so its text is written by the program
 * and never holds a patient's data.
 */
export type Flash = { kind: 'success' | 'info' | 'warning' | 'danger'; text: string };

const COOKIE = '__Host-wk_flash';
const LIFE_MS = 60_000;
const KINDS: readonly string[] = ['success', 'info', 'warning', 'danger'];

export function flash(h: ResponseToolkit, kind: Flash['kind'], text: string): void {
  h.state(COOKIE, Buffer.from(JSON.stringify([{ kind, text }])).toString('base64url'));
}

/** The waiting lines; the page that shows them lets the cookie go. */
export function takeFlashes(request: Request): Flash[] {
  const raw: unknown = cookieOf(request, COOKIE);
  if (typeof raw !== 'string' || raw.length > 1024) return [];
  request.plugins.flash = { taken: true };
  try {
    const list: unknown = JSON.parse(Buffer.from(raw, 'base64url').toString('utf8'));
    return Array.isArray(list) ? list.filter(isFlash).slice(0, 3) : [];
  } catch {
    return []; // a cookie is foreign input: whatever is not ours says nothing
  }
}

function isFlash(value: unknown): value is Flash {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, text } = value as Record<string, unknown>;
  return typeof kind === 'string' && KINDS.includes(kind) && typeof text === 'string';
}

declare module '@hapi/hapi' {
  interface PluginsStates {
    flash?: { taken: boolean };
  }
}

export const flashPlugin: Plugin<void> = {
  name: 'wardkeep-flash',
  register(server) {
    server.state(COOKIE, { isSecure: true, isHttpOnly: true, isSameSite: 'Lax', path: '/', ttl: LIFE_MS, encoding: 'none', ignoreErrors: true });
    server.ext('onPreResponse', (request, h) => {
      if (request.plugins.flash?.taken) h.unstate(COOKIE);
      return h.continue;
    }, AFTER_REFUSALS);
  },
};
