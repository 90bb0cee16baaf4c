import type { KeyObject } from 'node:crypto';

/** What our side knows of one provider: fixed by an administrator or read from its metadata, never from a message. */
export type SamlProvider = {
  readonly entityId: string;
  readonly signOnUrl: string;
  readonly signOutUrl: string | null;
  /** Signing certificates, PEM. Several while the provider rolls over; any of them may sign. */
  readonly certificates: readonly string[];
};

export type SamlServiceProvider = {
  readonly entityId: string;
  readonly consumerUrl: string;
  readonly logoutUrl: string;
  /** The first pair signs; every key opens encrypted assertions; all certificates stand in our metadata, the coming one among them. */
  readonly keys: readonly { readonly key: KeyObject; readonly certificate: string }[];
};

export type SamlRules = {
  readonly clockSkewMs: number;
  /** Sign-in started at the provider. Off unless asked for: such a response answers no request of ours, so it can be planted (login CSRF). */
  readonly allowUnsolicited: boolean;
  /** A sign-in at the provider longer ago than this does not count. */
  readonly maxAuthenticationAgeMs: number | null;
};

export type SamlConnection = { readonly provider: SamlProvider; readonly service: SamlServiceProvider; readonly rules: SamlRules };

/** Remembers assertions until they expire by themselves; one winner over all processes. */
export type AssertionStore = {
  /** Resolves false when this id of this provider was used before. */
  useOnce(entityId: string, assertionId: string, until: Date): Promise<boolean>;
};

/** The AuthnRequest this browser was sent away with, or null. The caller has taken it from its store, so it cannot be answered twice. */
export type PendingRequest = { readonly id: string } | null;

export type SamlIdentity = {
  readonly issuer: string;
  readonly nameId: string;
  readonly nameIdFormat: string | null;
  readonly sessionIndex: string | null;
  readonly authnContext: string | null;
  readonly authenticatedAt: Date;
  readonly sessionEndsAt: Date | null;
  readonly attributes: ReadonlyMap<string, readonly string[]>;
};
