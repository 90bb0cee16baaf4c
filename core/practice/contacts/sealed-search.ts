import { EnvelopeError, openBytes, sealBytes } from '../../crypto/envelope.ts';
import { hkdfSha256 } from '../../crypto/hkdf.ts';
import type { Scope } from '../../db/scope.ts';
import type { Search } from './list-page.ts';

/**
 * What somebody searches for is a patient's name, which no address may hold (ASVS 5.0 V14.2.1); yet the page of what was found needs one, or the
 * browser's way back to it asks to send a form again. So its address holds the search as ciphertext that opens in the session it was made in
 * and nowhere else.
 */
const KEY_ID = 'search';

export function sealSearch(formKey: Buffer, scope: Scope, search: Search): string {
  return sealBytes({ id: KEY_ID, bytes: keyOf(formKey) }, Buffer.from(JSON.stringify(search)), aadOf(scope));
}

/** Null for what is not a search of this session. */
export function openSearch(formKey: Buffer, scope: Scope, sealed: string): unknown {
  try {
    return JSON.parse(openBytes((id) => (id === KEY_ID ? keyOf(formKey) : undefined), sealed, aadOf(scope)).toString('utf8'));
  } catch (error) {
    if (error instanceof EnvelopeError) return null;
    throw error;
  }
}

const keyOf = (formKey: Buffer): Buffer => hkdfSha256(formKey, Buffer.alloc(0), Buffer.from('wardkeep contact search v1'), 32);
const aadOf = ({ workspaceId, actor }: Scope): Buffer => Buffer.from(`search|${workspaceId}|${actor.id}|${actor.sessionId}`);
