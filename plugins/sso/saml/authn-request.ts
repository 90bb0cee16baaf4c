import { randomBytes } from 'node:crypto';
import { writerOf } from './node-saml.ts';
import type { SamlConnection } from './settings.ts';

/** An ID that nobody guesses (saml-core-2.0-os 1.3.4) and that is an NCName. */
export const newId = (): string => `_${randomBytes(20).toString('hex')}`;

/**
 * Where to send the browser: a signed AuthnRequest over the redirect binding. The id is to be kept with this browser and taken away with the
 * first answer. RelayState is an opaque handle of ours, never an address. `isAnew`: whatever session there is (ForceAuthn, saml-core-2.0-os 3.4.1).
 */
export async function createAuthnRequest(connection: SamlConnection, relayState: string, isAnew = false): Promise<{ url: string; id: string }> {
  const id = newId();
  return { id, url: await writerOf(connection, id, isAnew).getAuthorizeUrlAsync(relayState, undefined, {}) };
}
