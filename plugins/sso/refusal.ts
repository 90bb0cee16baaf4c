/**
 * Why a sign-in, sign-out or provisioning message from an identity provider was refused. The person sees one sentence for all of them; the
 * code goes to the audit entry, where an administrator finds it. A code never carries a value of the message.
 */
export type SsoRefusalCode = SamlRefusalCode | OidcRefusalCode | FetchRefusalCode;

export type SamlRefusalCode =
  | 'saml.message.encoding' | 'saml.message.too_large'
  | 'saml.xml.malformed' | 'saml.xml.doctype' | 'saml.xml.processing_instruction' | 'saml.xml.comment' | 'saml.xml.cdata' | 'saml.xml.limit' | 'saml.xml.id'
  | 'saml.structure' | 'saml.version' | 'saml.status'
  | 'saml.signature.missing' | 'saml.signature.placement' | 'saml.signature.form' | 'saml.signature.algorithm' | 'saml.signature.reference' | 'saml.signature.invalid'
  | 'saml.encryption.form' | 'saml.encryption.algorithm' | 'saml.encryption.key'
  | 'saml.issuer' | 'saml.destination' | 'saml.audience' | 'saml.time' | 'saml.subject' | 'saml.recipient' | 'saml.in_response_to' | 'saml.unsolicited' | 'saml.authn_statement'
  | 'saml.attribute' | 'saml.replayed' | 'saml.metadata' | 'saml.logout';

export type OidcRefusalCode =
  | 'oidc.discovery' | 'oidc.response' | 'oidc.token' | 'oidc.id_token' | 'oidc.userinfo' | 'oidc.identity' | 'oidc.second_factor' | 'oidc.auth_time' | 'oidc.logout_token' | 'oidc.replayed';

export type FetchRefusalCode = 'fetch.address' | 'fetch.scheme' | 'fetch.redirect' | 'fetch.too_large' | 'fetch.failed';

export class SsoRefusal extends Error {
  readonly code: SsoRefusalCode;

  constructor(code: SsoRefusalCode, options: { cause?: unknown } = {}) {
    super(`The identity provider's message was refused (${code}).`, options);
    this.name = 'SsoRefusal';
    this.code = code;
  }
}

/** `refuse('saml.audience')`, for the end of a `??` or a ternary too. */
export function refuse(code: SsoRefusalCode, cause?: unknown): never {
  throw new SsoRefusal(code, cause === undefined ? {} : { cause });
}
