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

/** Tables of which sec.require_voucher() takes only rows that the program vouches for. */
export type VouchedTable = 'audit_entries' | 'audit_checkpoints' | 'audit_tiles';

/** HMAC-SHA-256-128 (RFC 4868) over table, workspace and what the row says; 16 bytes. migrations/0031_written_by_the_program.sql names the parts. */
export function vouchFor(key: SymmetricKey, table: VouchedTable, workspaceId: string, said: readonly Uint8Array[]): Buffer {
  const mac = createHmac('sha256', keyObjectOf(key.bytes)).update(`${table}|`, 'utf8').update(workspaceId.replaceAll('-', ''), 'hex');
  for (const part of said) mac.update(part);
  return mac.digest().subarray(0, 16);
}

/** The key in the form PostgreSQL keeps it (RFC 2104 section 2): key XOR ipad and key XOR opad, one SHA-256 block each. */
export function hmacPads(key: Uint8Array): { inner: Buffer; outer: Buffer } {
  const block = Buffer.alloc(64);
  block.set(key);
  return { inner: Buffer.from(block.map((byte) => byte ^ 0x36)), outer: Buffer.from(block.map((byte) => byte ^ 0x5c)) };
}
