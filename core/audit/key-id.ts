import { sha256, toHex } from './primitives.ts';

/** First 8 bytes, in hexadecimal, of SHA-256 over the raw public key. A name, not a proof: verifiers compare whole keys. */
export function keyIdOf(publicKey: Uint8Array): string {
  return toHex(sha256(publicKey).subarray(0, 8));
}
