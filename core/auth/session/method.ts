/** What a sign-in begins with: a password of ours, or a provider's word by one of its protocols. */
export type FirstFactor = 'password' | 'oidc' | 'saml';
export type SecondFactor = 'totp' | 'passkey' | 'recovery';
/** How a person got in, for the list of sessions and the audit. A provider's name alone: its second factor counted. */
export type SignInMethod = 'passkey' | 'oidc' | 'saml' | `${FirstFactor}+${SecondFactor}`;

const NAMES: Readonly<Record<string, string>> = {
  password: 'password', oidc: 'single sign-on (OpenID Connect)', saml: 'single sign-on (SAML)', totp: 'app', passkey: 'passkey', recovery: 'recovery code',
  provider: 'single sign-on', // as sessions were stored before the protocol was
};

/** `oidc+totp` as people read it. */
export function methodLabel(method: string): string {
  return method.split('+').map((part) => NAMES[part] ?? part).join(' and ');
}
