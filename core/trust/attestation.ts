import { canonicalBytes } from '../audit/canonical.ts';
import { keyIdOf } from '../audit/key-id.ts';
import { fromBase64, toBase64, verifyEd25519 } from '../audit/primitives.ts';
import type { SigningKey } from '../audit/signing-key.ts';
import type { ProvenClaim } from './prove-claims.ts';

/** What is signed. `at` and `version` say when and by which program the claims were proved. */
export type Attestation = {
  readonly installation: string;
  readonly workspace: { readonly id: string; readonly slug: string };
  readonly version: string;
  readonly at: string;
  readonly claims: readonly ProvenClaim[];
};
export type SignedAttestation = { readonly attestation: Attestation; readonly keyId: string; /** 32 raw bytes, base64: compare it with the key log or an earlier attestation. */ readonly publicKey: string; /** base64. */ readonly signature: string };

// Keeps this signature from ever being taken for one over an audit entry, checkpoint, key event or bundle made with the same key.
const DOMAIN = Buffer.from('wardkeep-attestation-v1\n', 'utf8');

/** Ed25519 over `wardkeep-attestation-v1\n` and the RFC 8785 bytes of the attestation. */
export function signAttestation(attestation: Attestation, key: SigningKey): SignedAttestation {
  return { attestation, keyId: key.keyId, publicKey: toBase64(key.publicKey), signature: toBase64(key.sign(messageOf(attestation))) };
}

/** Whether the signature holds. Needs no database and no network; that the key is the installation's is for `publicKey` or the key log to say. */
export function verifyAttestation(signed: SignedAttestation, publicKey: string = signed.publicKey): boolean {
  const key = fromBase64(publicKey);
  return keyIdOf(key) === signed.keyId && verifyEd25519(key, messageOf(signed.attestation), fromBase64(signed.signature));
}

function messageOf(attestation: Attestation): Buffer {
  return Buffer.concat([DOMAIN, canonicalBytes(attestation)]);
}
