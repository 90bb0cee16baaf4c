import { createHmac } from 'node:crypto';
import type { SymmetricKey } from '../crypto/envelope.ts';
import { keyObjectOf } from '../crypto/key-object.ts';

/** How long a transaction may use its workspace after entering it. */
export const CONTEXT_LIFE_MS = 60_000;

/** The connection a token is for: its backend's process id, and how manieth transaction on it this is, from 1. */
export type Backend = { readonly pid: number; readonly nth: number };

/**
 * The token `sec.enter()` checks: `workspace|backend pid|nth|expiry (ms)|<key id>.<HMAC-SHA-256 hex>`. Good for one entry on one connection:
 * stolen it is useless elsewhere, and once used it is useless here. The database exchanges it for a binding to the one transaction.
 */
export function mintContext(key: SymmetricKey, workspaceId: string, { pid, nth }: Backend, expiresAt: number): string {
  const subject = `${workspaceId}|${pid}|${nth}|${expiresAt}`;
  return `${subject}|${key.id}.${createHmac('sha256', keyObjectOf(key.bytes)).update(`enter|${subject}`, 'utf8').digest('hex')}`;
}

/** The key in the form PostgreSQL keeps it (RFC 2104 section 2): key XOR ipad and key XOR opad, one SHA-256 block each. */
export function hmacPads(key: Uint8Array): { inner: Buffer; outer: Buffer } {
  const block = Buffer.alloc(64);
  block.set(key);
  return { inner: Buffer.from(block.map((byte) => byte ^ 0x36)), outer: Buffer.from(block.map((byte) => byte ^ 0x5c)) };
}
