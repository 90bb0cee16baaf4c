import { createHash, createPublicKey, hash, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { FormatError } from './format-error.ts';

// The few operations that differ between Node and a browser. Everything else a verifier runs imports them from here and is otherwise
// free of the platform; the offline page is built with verifier-page/primitives.ts (the same names on @noble) in this file's stead.

/** SHA-256 (FIPS 180-4) of `data`: 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  return hash('sha256', data, 'buffer');
}

export interface Sha256Stream {
  update(data: Uint8Array): void;
  digest(): Uint8Array;
}

export function sha256Stream(): Sha256Stream {
  const state = createHash('sha256');
  return { update: (data) => void state.update(data), digest: () => state.digest() };
}

// SubjectPublicKeyInfo for Ed25519 is this prefix and the 32 raw bytes (RFC 8410 §4).
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
// The y of the eight points of small order (RFC 7748 §7 and RFC 8032 §8.9 speak of them): under such a key anyone can sign. OpenSSL takes
// them, @noble with zip215: false does not; refused here, both verifiers give one verdict.
const SMALL_ORDER_Y = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);
const FIELD_PRIME = 2n ** 255n - 19n;
const KEY_CACHE_SIZE = 64;
const keys = new Map<string, KeyObject>();

/** RFC 8032 §5.1.7. False, never an exception, for a key or signature of the wrong shape and for keys of small order. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const name = toHex(publicKey);
  let key = keys.get(name);
  if (!key) {
    if (!isUsableKey(publicKey)) return false;
    key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' });
    if (keys.size >= KEY_CACHE_SIZE) keys.clear();
    keys.set(name, key);
  }
  return verify(null, message, key, signature);
}

function isUsableKey(publicKey: Uint8Array): boolean {
  const y = Uint8Array.from(publicKey);
  y[31] = (y[31] as number) & 0x7f;
  return !SMALL_ORDER_Y.has(toHex(y)) && BigInt(`0x${toHex(y.reverse())}`) < FIELD_PRIME;
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/** Lower-case hexadecimal only: one value, one spelling. */
export function fromHex(text: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw new FormatError('not lower-case hexadecimal');
  return Buffer.from(text, 'hex');
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** RFC 4648 §4 with padding; refuses anything that would not be written the same way again (§3.5: stray bits, blanks, missing padding). */
export function fromBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new FormatError('not canonical base64');
  return bytes;
}
