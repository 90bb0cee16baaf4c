import { createHmac } from 'node:crypto';
import type { SymmetricKey } from '../crypto/envelope.ts';

/** How long a transaction may use its workspace after entering it. */
export const CONTEXT_LIFE_MS = 60_000;

/**
 * The token `sec.enter()` checks: `workspace|backend pid|expiry (ms)|<key id>.<HMAC-SHA-256 hex>`. Bound to one backend, so a stolen token
 * is useless on another connection; the database exchanges it for a binding to the one transaction.
 */
export function mintContext(key: SymmetricKey, workspaceId: string, backendPid: number, expiresAt: number): string {
  const subject = `${workspaceId}|${backendPid}|${expiresAt}`;
  return `${subject}|${key.id}.${createHmac('sha256', key.bytes).update(`enter|${subject}`, 'utf8').digest('hex')}`;
}

/** The key in the form PostgreSQL keeps it (RFC 2104 section 2): key XOR ipad and key XOR opad, one SHA-256 block each. */
export function hmacPads(key: Uint8Array): { inner: Buffer; outer: Buffer } {
  const block = Buffer.alloc(64);
  block.set(key);
  return { inner: Buffer.from(block.map((byte) => byte ^ 0x36)), outer: Buffer.from(block.map((byte) => byte ^ 0x5c)) };
}
