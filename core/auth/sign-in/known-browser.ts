import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Account } from './challenge.ts';

/**
 * Remembers, in the browser alone, who has completed a sign-in or a password reset on it: `<browser id>.<tag>.<tag>…`, one tag per account, newest
 * first. Tags are HMACs, so a cookie can neither be made up nor read. It opens nothing; it keeps strangers' guesses from slowing this browser's
 * owner down, and tells when a mail about a new browser is due (ASVS 5.0 V6.3.5). An account and not an e-mail: which e-mails its people have, and
 * how they sign in, is each practice's own to say, and says nothing of another practice.
 */
export const BROWSER_COOKIE = '__Host-wk_browser';
export const BROWSER_COOKIE_LIFE_MS = 365 * 24 * 60 * 60_000;
const PEOPLE_MAX = 12; // a shared front-desk machine

/** The browser's id when this account has signed in on it before, else null. */
export function knownBrowser(key: Buffer, cookie: unknown, account: Account): string | null {
  const { id, tags } = readCookie(cookie);
  if (id === null) return null;
  const own = Buffer.from(tagOf(key, id, account));
  return tags.some((tag) => tag.length === own.length && timingSafeEqual(Buffer.from(tag), own)) ? id : null;
}

/** The cookie with this account put first. */
export function rememberBrowser(key: Buffer, cookie: unknown, account: Account): string {
  const { id, tags } = readCookie(cookie);
  const browser = id ?? randomBytes(16).toString('base64url');
  const own = tagOf(key, browser, account);
  return [browser, own, ...tags.filter((tag) => tag !== own)].slice(0, PEOPLE_MAX + 1).join('.');
}

function readCookie(cookie: unknown): { id: string | null; tags: string[] } {
  if (typeof cookie !== 'string' || !/^[\w-]{22}(\.[\w-]{22}){0,12}$/.test(cookie)) return { id: null, tags: [] };
  const [id = null, ...tags] = cookie.split('.');
  return { id, tags };
}

function tagOf(key: Buffer, browser: string, { workspaceId, userId }: Account): string {
  return createHmac('sha256', key).update(`browser|${browser}|${workspaceId}|${userId}`, 'utf8').digest().subarray(0, 16).toString('base64url');
}
