import * as ed25519 from '@noble/ed25519';
import { sha256 as nobleSha256, sha512 } from '@noble/hashes/sha2.js';
import { FormatError } from '../format-error.ts';

// ../primitives.ts for a browser: the same names, checked against each other in tests/audit/primitives.test.ts. In script rather than
// WebCrypto, so that a page opened from a file verifies by code that can be read in it, and hashing stays synchronous.

ed25519.hashes.sha512 = sha512;

export interface Sha256Stream {
  update(data: Uint8Array): void;
  digest(): Uint8Array;
}

export function sha256(data: Uint8Array): Uint8Array {
  return nobleSha256(data);
}

export function sha256Stream(): Sha256Stream {
  const state = nobleSha256.create();
  return { update: (data) => void state.update(data), digest: () => state.digest() };
}

/** RFC 8032 §5.1.7. `zip215: false`: the default takes encodings the RFC refuses, one of Wycheproof's false accepts. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  return ed25519.verify(signature, message, publicKey, { zip215: false });
}

export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

export function fromHex(text: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw new FormatError('not lower-case hexadecimal');
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

export function fromBase64(text: string): Uint8Array {
  // atob forgives blanks and missing padding; a pattern first, so that it never throws, then the round trip for stray bits.
  const bytes = /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0 ? Uint8Array.from(atob(text), (char) => char.charCodeAt(0)) : null;
  if (!bytes || toBase64(bytes) !== text) throw new FormatError('not canonical base64');
  return bytes;
}
