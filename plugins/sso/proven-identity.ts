import type { OidcIdentity } from './oidc/settings.ts';
import type { SamlIdentity } from './saml/settings.ts';
import type { Settings } from './settings.ts';

/** What either protocol proved, in one shape. */
export type ProvenIdentity = {
  readonly protocol: 'oidc' | 'saml';
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | null;
  /** Good enough to find someone by: the provider marked it as verified, or the workspace trusts all it says. */
  readonly isEmailVouched: boolean;
  readonly name: string | null;
  readonly groups: readonly string[];
  readonly isSecondFactorDone: boolean;
  readonly sessionKey: string | null;
  readonly hint: string | null;
};

const EMAIL = /^[^\s@]{1,64}@[^\s@]{1,189}$/;
const EMAIL_ATTRIBUTES = ['email', 'mail', 'urn:oid:0.9.2342.19200300.100.1.3', 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress'];
const NAME_ATTRIBUTES = ['name', 'displayName', 'urn:oid:2.16.840.1.113730.3.1.241', 'http://schemas.microsoft.com/identity/claims/displayname'];

export function provenByOidc(identity: OidcIdentity, settings: Settings): ProvenIdentity {
  const groups = Object.hasOwn(identity.claims, settings.groupsName) ? identity.claims[settings.groupsName] : undefined;
  const email = identity.email !== null && EMAIL.test(identity.email) ? identity.email : null;
  return {
    protocol: 'oidc', issuer: identity.issuer, subject: identity.subject, email, isEmailVouched: email !== null && (identity.isEmailVerified || settings.trustsEmail), name: identity.name,
    groups: (Array.isArray(groups) ? groups : [groups]).filter((each): each is string => typeof each === 'string'),
    isSecondFactorDone: settings.secondFactor.some((value) => value === identity.acr || identity.amr.includes(value)),
    sessionKey: identity.sessionId, hint: identity.idToken,
  };
}

/** SAML has no mark for a verified address, so it counts only where the workspace trusts its provider. */
export function provenBySaml(identity: SamlIdentity, settings: Settings): ProvenIdentity {
  const first = (names: readonly string[]): string | null => names.flatMap((name) => identity.attributes.get(name) ?? []).find((value) => value !== '') ?? null;
  const email = first(EMAIL_ATTRIBUTES) ?? (identity.nameIdFormat?.endsWith(':emailAddress') ? identity.nameId : null);
  const isEmail = email !== null && EMAIL.test(email);
  return {
    protocol: 'saml', issuer: identity.issuer, subject: identity.nameId, email: isEmail ? email : null, isEmailVouched: isEmail && settings.trustsEmail, name: first(NAME_ATTRIBUTES),
    groups: identity.attributes.get(settings.groupsName) ?? [],
    isSecondFactorDone: identity.authnContext !== null && settings.secondFactor.includes(identity.authnContext),
    sessionKey: identity.sessionIndex, hint: identity.nameIdFormat,
  };
}
