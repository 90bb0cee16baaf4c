import { SAML } from '@node-saml/node-saml';
import type { SamlConnection } from './settings.ts';

/**
 * node-saml as the writer of our requests. Its reading side is not used but for one function (verify-signature.ts); what it would believe of
 * a response is decided by our own rules.
 */
export function writerOf({ provider, service }: SamlConnection, id: string, forceAuthn: boolean): SAML {
  const [signing] = service.keys;
  if (!signing) throw new TypeError('A SAML connection needs a key to sign with.');
  return new SAML({
    entryPoint: provider.signOnUrl,
    logoutUrl: provider.signOutUrl ?? provider.signOnUrl,
    idpCert: [...provider.certificates],
    issuer: service.entityId,
    callbackUrl: service.consumerUrl,
    privateKey: signing.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    signatureAlgorithm: 'sha256',
    digestAlgorithm: 'sha256',
    // Which format and which context a provider uses is agreed on with its administrator; asking here only makes providers fail.
    identifierFormat: null,
    disableRequestedAuthnContext: true,
    forceAuthn,
    generateUniqueId: () => id,
  });
}
