import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Remembers, in the browser alone, who has completed a sign-in on it: `<browser id>.<tag>.<tag>…`, one tag per e-mail, newest first. Tags are
 * HMACs, so a cookie can neither be made up nor read. It opens nothing; it keeps strangers' guesses from slowing this browser's owner down,
 * and tells when a mail about a new browser is due (ASVS 5.0 V6.3.5).
 */
export const BROWSER_COOKIE = '__Host-wk_browser';
export const BROWSER_COOKIE_LIFE_MS = 365 * 24 * 60 * 60_000;
const PEOPLE_MAX = 12; // a shared front-desk machine

/** The browser's id when this e-mail has signed in on it before, else null. */
export function knownBrowser(key: Buffer, cookie: unknown, email: string): string | null {
  const { id, tags } = readCookie(cookie);
  if (id === null) return null;
  const own = Buffer.from(tagOf(key, id, email));
  return tags.some((tag) => tag.length === own.length && timingSafeEqual(Buffer.from(tag), own)) ? id : null;
}

/** The cookie with this e-mail put first. */
export function rememberBrowser(key: Buffer, cookie: unknown, email: string): string {
  const { id, tags } = readCookie(cookie);
  const browser = id ?? randomBytes(16).toString('base64url');
  const own = tagOf(key, browser, email);
  return [browser, own, ...tags.filter((tag) => tag !== own)].slice(0, PEOPLE_MAX + 1).join('.');
}

function readCookie(cookie: unknown): { id: string | null; tags: string[] } {
  if (typeof cookie !== 'string' || !/^[\w-]{22}(\.[\w-]{22}){0,12}$/.test(cookie)) return { id: null, tags: [] };
  const [id = null, ...tags] = cookie.split('.');
  return { id, tags };
}

function tagOf(key: Buffer, browser: string, email: string): string {
  return createHmac('sha256', key).update(`browser|${browser}|${email}`, 'utf8').digest().subarray(0, 16).toString('base64url');
}
