import { CONSUMER_URL, IDP_ENTITY, REQUEST_ID, SP_ENTITY, VICTIM, at as instant, goodEnvelope, goodParts, idp, issue, post } from './saml-provider.ts';

const bare = (pem: string): string => pem.replace(/-----[^-]+-----|\s/g, '');
const METADATA = `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${IDP_ENTITY}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${bare(idp.certificate)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.org/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>`;

/** A provider that knows our service at this address: the settings that trust it, and its answers, as rightly signed as asked for. */
export function providerFor(at: string, { signOnUrl = 'https://idp.example.org/sso', entityId = IDP_ENTITY } = {}) {
  const settings = { protocol: 'saml', label: 'x', metadata: METADATA.replace('https://idp.example.org/sso', signOnUrl).replace(IDP_ENTITY, entityId), trustsEmail: 'yes', createsPeople: 'yes', domains: 'example.org', roles: 'nurses = AGENT', groupsName: 'groups', secondFactor: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport', clockSkewS: '60' };
  /** `id`: the request that it answers; null for a sign-in from the provider's side. `email` is what it says of the person whom it calls `subject`. */
  function answerTo(id: string | null, email = VICTIM, { key = idp.key, subject = email, signedInBeforeS = 10 } = {}): string {
    const forUs = (text: string): string => text.replaceAll(IDP_ENTITY, entityId).replaceAll(CONSUMER_URL, `${at}/saml/acs`).replaceAll(SP_ENTITY, `${at}/saml/metadata`).replaceAll(VICTIM, email).replaceAll(id === null ? `InResponseTo="${REQUEST_ID}" ` : REQUEST_ID, id ?? '');
    const parts = goodParts();
    const assertion = Object.fromEntries(Object.entries({ ...parts, nameId: parts.nameId.replace(VICTIM, subject), statement: parts.statement.replace(/AuthnInstant="[^"]+"/, `AuthnInstant="${instant(-signedInBeforeS)}"`) }).map(([part, text]) => [part, forUs(text)]));
    const { attributes, issuer, ...envelope } = goodEnvelope();
    return post(issue('both', { assertion, envelope: { ...envelope, issuer: forUs(issuer), attributes: { ...attributes, Destination: `${at}/saml/acs`, InResponseTo: id } }, sign: { key } }));
  }
  return { settings, answerTo };
}
