import { hkdfSync } from 'node:crypto';

/** HKDF-SHA-256 (RFC 5869). `length` in bytes, at most 255 × 32; `info` says what the derived key is for, so two uses never share one. */
export function hkdfSha256(inputKey: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', inputKey, salt, info, length));
}
