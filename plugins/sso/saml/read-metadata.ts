import { refuse } from '../refusal.ts';
import { readCertificate } from './certificate.ts';
import { attributeInstant } from './instant.ts';
import { DSIG, HTTP_REDIRECT, METADATA, SAMLP } from './names.ts';
import type { SamlProvider } from './settings.ts';
import { childOf, childrenOf, is, readXml, textOf } from './xml.ts';
import type { XmlElement } from './xml.ts';

const MAX_METADATA_LENGTH = 512 * 1_024;

/**
 * A provider's metadata (saml-metadata-2.0-os), as an administrator pasted it or as it was fetched over HTTPS. That way in is what is trusted:
 * a signature inside would be checked against a key from the same file. One entity, one provider in it.
 * @param allowsHttp for a provider on this machine or in a laboratory.
 */
export function readMetadata(text: string, now: Date, allowsHttp = false): SamlProvider {
  if (text.length > MAX_METADATA_LENGTH) refuse('saml.message.too_large');
  const root = readXml(text.replace(/^\ufeff/, '').trim(), { comments: 'drop' });
  const entity = is(root, METADATA, 'EntitiesDescriptor') ? soleEntity(root) : root;
  if (!is(entity, METADATA, 'EntityDescriptor')) refuse('saml.metadata');
  for (const element of [root, entity]) {
    const end = attributeInstant(element, 'validUntil');
    if (end && end <= now) refuse('saml.metadata');
  }
  const descriptor = childOf(entity, METADATA, 'IDPSSODescriptor') ?? refuse('saml.metadata');
  if (!(descriptor.attributes.get('protocolSupportEnumeration') ?? '').split(/\s+/).includes(SAMLP)) refuse('saml.metadata');
  const entityId = entity.attributes.get('entityID') ?? '';
  if (entityId === '' || entityId.length > 1_024) refuse('saml.metadata');
  const signOn = locationOf(descriptor, 'SingleSignOnService') ?? refuse('saml.metadata');
  const signOut = locationOf(descriptor, 'SingleLogoutService');
  return { entityId, signOnUrl: checkUrl(signOn, allowsHttp), signOutUrl: signOut === null ? null : checkUrl(signOut, allowsHttp), certificates: signingCertificates(descriptor) };
}

function soleEntity(root: XmlElement): XmlElement {
  const entities = childrenOf(root, METADATA, 'EntityDescriptor').filter((entity) => childOf(entity, METADATA, 'IDPSSODescriptor') !== undefined);
  return entities.length === 1 ? (entities[0] as XmlElement) : refuse('saml.metadata');
}

function locationOf(descriptor: XmlElement, name: string): string | null {
  return childrenOf(descriptor, METADATA, name).find((service) => service.attributes.get('Binding') === HTTP_REDIRECT)?.attributes.get('Location') ?? null;
}

/** Every key for signing, or for no stated use (2.4.1.1): during a roll-over there are two. */
function signingCertificates(descriptor: XmlElement): string[] {
  const found = new Set<string>();
  for (const key of childrenOf(descriptor, METADATA, 'KeyDescriptor')) {
    if ((key.attributes.get('use') ?? 'signing') !== 'signing') continue;
    const data = childrenOf(childOf(key, DSIG, 'KeyInfo') ?? refuse('saml.metadata'), DSIG, 'X509Data');
    for (const certificate of data.flatMap((each) => childrenOf(each, DSIG, 'X509Certificate'))) found.add(readCertificate(textOf(certificate)).toString());
  }
  return found.size > 0 && found.size <= 8 ? [...found] : refuse('saml.metadata');
}

export function checkUrl(value: string, allowsHttp: boolean): string {
  const url = URL.canParse(value) ? new URL(value) : refuse('saml.metadata');
  if ((url.protocol !== 'https:' && !(allowsHttp && url.protocol === 'http:')) || url.username !== '' || url.password !== '') refuse('saml.metadata');
  return url.href;
}
