/** The way out to the provider; the host's guarded one in the program (no private address, no redirect followed, bounded). */
export type Fetch = (url: string, init: { method: string; headers: Record<string, string>; body?: string | Uint8Array }) => Promise<Response>;

export type OidcConnection = {
  /** Exactly as the provider's discovery document states it; the identity is this and the subject. */
  readonly issuer: string;
  readonly clientId: string;
  /** Null for a public client, which PKCE alone protects. */
  readonly clientSecret: string | null;
  readonly scopes: readonly string[];
  /** Asked for with `acr_values`; one of them has to come back. Empty: any. */
  readonly acrValues: readonly string[];
  /** `max_age`: a sign-in at the provider longer ago does not count. */
  readonly maxAuthenticationAgeS: number | null;
  readonly clockToleranceS: number;
  /** Registered at the provider, letter for letter. */
  readonly redirectUri: string;
  readonly afterSignOutUri: string;
  readonly fetch: Fetch;
};

/** What the browser's return has to match; kept with this browser, taken away with the first answer. */
export type PendingSignIn = { readonly state: string; readonly nonce: string; readonly codeVerifier: string };

export type OidcIdentity = {
  readonly issuer: string;
  readonly subject: string;
  /** The provider's session, for its logout tokens. */
  readonly sessionId: string | null;
  readonly email: string | null;
  readonly isEmailVerified: boolean;
  readonly name: string | null;
  readonly acr: string | null;
  readonly amr: readonly string[];
  readonly authenticatedAt: Date | null;
  /** All claims, for the groups an administrator mapped by name. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** The hint with which the provider recognises its session at sign-out. */
  readonly idToken: string;
};
