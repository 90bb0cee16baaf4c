import { createVerify } from 'node:crypto';
import { refuse } from '../refusal.ts';

const ALGORITHMS = new Map([['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'RSA-SHA256'], ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', 'RSA-SHA512']]);

export type RedirectMessage = { readonly kind: 'SAMLRequest' | 'SAMLResponse'; readonly message: string; readonly relayState: string };

/**
 * saml-bindings-2.0-os 3.4.4.1: the signature is over the query as it was sent, so the query is read here by itself: each name once, compared
 * whole, because two readers of `a=1&a=2` take different ones.
 * @param query without the question mark.
 */
export function verifyRedirect(query: string, certificates: readonly string[]): RedirectMessage {
  const raw = new Map<string, string>();
  for (const pair of query.split('&')) {
    const [name = '', ...value] = pair.split('=');
    if (raw.has(name)) refuse('saml.logout');
    raw.set(name, value.join('='));
  }
  if (raw.has('SAMLRequest') === raw.has('SAMLResponse')) refuse('saml.logout');
  const kind = raw.has('SAMLRequest') ? 'SAMLRequest' : 'SAMLResponse';
  const signature = raw.get('Signature');
  if (!signature) refuse('saml.signature.missing');
  const algorithm = ALGORITHMS.get(decode(raw.get('SigAlg') ?? '')) ?? refuse('saml.signature.algorithm');
  const signed = [kind, 'RelayState', 'SigAlg'].filter((name) => raw.has(name)).map((name) => `${name}=${raw.get(name)}`).join('&');
  const bytes = Buffer.from(decode(signature), 'base64');
  if (!certificates.some((certificate) => createVerify(algorithm).update(signed, 'utf8').verify(certificate, bytes))) refuse('saml.signature.invalid');
  return { kind, message: decode(raw.get(kind) ?? ''), relayState: decode(raw.get('RelayState') ?? '') };
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch (error) {
    refuse('saml.message.encoding', error);
  }
}
