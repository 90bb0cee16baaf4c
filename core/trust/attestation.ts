import { canonicalBytes } from '../audit/canonical.ts';
import { keyIdOf } from '../audit/key-id.ts';
import { FormatError } from '../audit/format-error.ts';
import { fromBase64, toBase64, verifyEd25519 } from '../audit/primitives.ts';
import type { SigningKey } from '../audit/signing-key.ts';
import { exactFields, instant, list, oneOf, text as textOf, uuid } from '../audit/strict-object.ts';
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

/**
 * An attestation that somebody hands over, as signed.
 * @throws FormatError for text that is none
 */
export function readAttestation(text: string): SignedAttestation {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new FormatError('not JSON');
  }
  const signed = exactFields(json, ['attestation', 'keyId', 'publicKey', 'signature'], 'attestation file');
  const { installation, workspace, at, claims, version } = exactFields(signed.attestation, ['installation', 'workspace', 'version', 'at', 'claims'], 'attestation');
  const { id, slug } = exactFields(workspace, ['id', 'slug'], 'workspace');
  uuid(installation, 'installation');
  uuid(id, 'workspace id');
  for (const [name, value] of Object.entries({ slug, version, keyId: signed.keyId, publicKey: signed.publicKey, signature: signed.signature })) textOf(value, name);
  instant(at, 'at');
  for (const claim of list(claims, 'claims')) {
    const { id: claimId, status, summary } = exactFields(claim, ['id', 'title', 'statement', 'status', 'summary', 'evidence', 'ms'], 'claim');
    textOf(claimId, 'claim id');
    oneOf(status, ['proved', 'failing', 'not_applicable'], 'status');
    textOf(summary, 'summary');
  }
  return json as SignedAttestation;
}

/**
 * Whether the signature holds. Needs no database and no network; that the key is the installation's is for `publicKey` or the key log to say.
 * @throws FormatError for a key or signature that is no base64
 */
export function verifyAttestation(signed: SignedAttestation, publicKey: string = signed.publicKey): boolean {
  const [key, signature] = [fromBase64(publicKey), fromBase64(signed.signature)];
  return key.length === 32 && signature.length === 64 && keyIdOf(key) === signed.keyId && verifyEd25519(key, messageOf(signed.attestation), signature);
}

function messageOf(attestation: Attestation): Buffer {
  return Buffer.concat([DOMAIN, canonicalBytes(attestation)]);
}
