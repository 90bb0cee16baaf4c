import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Scope } from '../db/scope.ts';

/*
 * A ticket lets one person do one thing for a few minutes: `<expiry, ms since epoch>.<HMAC-SHA-256, base64url>`. The MAC covers plugin,
 * workspace, person, purpose and expiry, so it opens nothing for anyone else and nothing later. It is no bearer token: the route still asks
 * who is signed in.
 */

const DOMAIN = 'wardkeep-plugin-ticket-v1';

export type TicketMint = { readonly key: Buffer; readonly plugin: string };

export function issueTicket({ key, plugin }: TicketMint, scope: Scope, purpose: string, expiresAt: number): string {
  return `${expiresAt}.${macOf(key, plugin, scope, purpose, expiresAt).toString('base64url')}`;
}

/** Whether the ticket was issued to this actor for this purpose and has not run out. */
export function checkTicket({ key, plugin }: TicketMint, scope: Scope, purpose: string, ticket: string, now: number): boolean {
  const [, expiry, mac] = /^(\d{13})\.([A-Za-z0-9_-]{43})$/.exec(ticket) ?? [];
  if (expiry === undefined || mac === undefined) return false;
  const isOurs = timingSafeEqual(Buffer.from(mac, 'base64url'), macOf(key, plugin, scope, purpose, Number(expiry)));
  return isOurs && Number(expiry) > now;
}

function macOf(key: Buffer, plugin: string, { workspaceId, actor }: Scope, purpose: string, expiresAt: number): Buffer {
  return createHmac('sha256', key).update(JSON.stringify([DOMAIN, plugin, workspaceId, actor.kind, actor.id, purpose, expiresAt])).digest();
}
