import { createHmac } from 'node:crypto';
import { keyObjectOf } from './key-object.ts';

/** HMAC-SHA-256 (RFC 2104, FIPS 198-1): 32 bytes. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Buffer {
  return createHmac('sha256', keyObjectOf(key)).update(message).digest();
}

/**
 * Tag of one normalised term: the first 64 bits of its HMAC, as PostgreSQL bigint text. `domain` keeps equal terms of different kinds apart.
 * Two of a workspace's terms share a tag by chance only once there are some 2^32 of them.
 */
export function blindIndex(key: Uint8Array, domain: string, term: string): string {
  return hmacSha256(key, Buffer.from(`${domain}\n${term}`, 'utf8')).readBigInt64BE(0).toString();
}
