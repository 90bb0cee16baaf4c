import { createPublicKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { keyIdOf } from './key-id.ts';

/** Who signs: entries, checkpoints, key events and bundles ask for no more than this, so the private key may live anywhere. */
export interface SigningKey {
  readonly keyId: string;
  /** 32 raw bytes (RFC 8032 §5.1.5). */
  readonly publicKey: Uint8Array;
  /** 64 bytes: Ed25519 over `message` as it is, no prehash. */
  sign(message: Uint8Array): Uint8Array;
}

/** A signing key held in this process. @throws TypeError when it is not an Ed25519 private key. */
export function signingKey(privateKey: KeyObject): SigningKey {
  if (privateKey.type !== 'private' || privateKey.asymmetricKeyType !== 'ed25519') throw new TypeError('an audit signing key is an Ed25519 private key');
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  const publicKey = new Uint8Array(Buffer.from(x as string, 'base64url'));
  return { keyId: keyIdOf(publicKey), publicKey, sign: (message) => sign(null, message, privateKey) };
}
