import { bareCertificate } from './certificate.ts';
import { HTTP_POST, HTTP_REDIRECT, METADATA, DSIG, SAMLP, XENC, XENC11 } from './names.ts';
import type { SamlServiceProvider } from './settings.ts';
import { escapeXml } from './xml.ts';

/**
 * Our metadata. All certificates stand in it, the coming one too, for signing and for encryption, so that a provider that reads it regularly
 * goes through our roll-over by itself. Only what we open is offered: AES-GCM, and OAEP for the key.
 */
export function writeMetadata({ entityId, consumerUrl, logoutUrl, keys }: SamlServiceProvider): string {
  const methods = [`${XENC11}aes256-gcm`, `${XENC11}aes128-gcm`, `${XENC11}rsa-oaep`, `${XENC}rsa-oaep-mgf1p`].map((algorithm) => `<md:EncryptionMethod Algorithm="${algorithm}"/>`).join('');
  const keyInfo = (certificate: string): string => `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${bareCertificate(certificate)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`;
  const descriptors = keys.flatMap(({ certificate }) => [
    `<md:KeyDescriptor use="signing">${keyInfo(certificate)}</md:KeyDescriptor>`,
    `<md:KeyDescriptor use="encryption">${keyInfo(certificate)}${methods}</md:KeyDescriptor>`,
  ]);
  const logout = [HTTP_REDIRECT, HTTP_POST].map((binding) => `<md:SingleLogoutService Binding="${binding}" Location="${escapeXml(logoutUrl)}"/>`);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<md:EntityDescriptor xmlns:md="${METADATA}" xmlns:ds="${DSIG}" entityID="${escapeXml(entityId)}">`,
    `<md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="${SAMLP}">`,
    ...descriptors,
    ...logout,
    `<md:AssertionConsumerService Binding="${HTTP_POST}" Location="${escapeXml(consumerUrl)}" index="0" isDefault="true"/>`,
    '</md:SPSSODescriptor>',
    '</md:EntityDescriptor>',
  ].join('\n');
}
