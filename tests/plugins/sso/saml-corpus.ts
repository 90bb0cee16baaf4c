import type { Attack } from './saml-corpus/attack.ts';
import { changedAttacks, encryptedAttacks, strippedAttacks } from './saml-corpus/changed.ts';
import { cveAttacks } from './saml-corpus/cves.ts';
import { duplicateIdAttacks, encodingAttacks, manyRootAttacks } from './saml-corpus/encoding.ts';
import { meaningAttacks } from './saml-corpus/meaning.ts';
import { signatureFormAttacks, twoSignedInfoAttacks } from './saml-corpus/signature-form.ts';
import { digestCommentAttacks, splitSignatureAttacks, splitTextAttacks } from './saml-corpus/split-text.ts';
import { wrappingAttacks } from './saml-corpus/wrapping.ts';

/** Hostile SAML responses, made anew at each run against keys made at each run. None of them may be let in. */
export const FAMILIES = {
  'signature wrapping': wrappingAttacks,
  'text in two pieces': splitTextAttacks,
  'signatures in two pieces': splitSignatureAttacks,
  'digests beside a comment': digestCommentAttacks,
  'form of the signature': signatureFormAttacks,
  'two SignedInfo': twoSignedInfoAttacks,
  'duplicate IDs': duplicateIdAttacks,
  'several roots': manyRootAttacks,
  'changed after signing': changedAttacks,
  'stripped and partial signatures': strippedAttacks,
  encryption: encryptedAttacks,
  'signed, and not for us': meaningAttacks,
  'encoding and size': encodingAttacks,
  'published holes': cveAttacks,
} as const satisfies Record<string, () => Attack[]>;

export type { Attack };
