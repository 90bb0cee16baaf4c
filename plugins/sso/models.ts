import { WorkspaceModel } from '../../core/plugin.ts';
import type { PluginTable } from '../../core/plugin.ts';

export class Identity extends WorkspaceModel {
  static override tableName = 'sso_identities';
  declare user_id: string;
  declare protocol: 'oidc' | 'saml' | null;
  declare issuer: string;
  declare subject: string;
  declare linked_at: Date;
  declare last_used_at: Date;
}

export class Flow extends WorkspaceModel {
  static override tableName = 'sso_flows';
  declare handle_hash: Buffer;
  /** JSON, sealed: it holds the nonce and the PKCE verifier. */
  declare pending: string;
  declare expires_at: Date;
}

export class ProviderSession extends WorkspaceModel {
  static override tableName = 'sso_provider_sessions';
  declare user_id: string;
  declare issuer: string;
  declare subject: string;
  declare session_key: string | null;
  declare hint: string | null;
  declare begun_at: Date;
}

export class ServiceKey extends WorkspaceModel {
  static override tableName = 'sso_keys';
  declare private_key: string;
  declare certificate: string;
  declare made_at: Date;
  declare retired_at: Date | null;
}

const NOT_PATIENTS = "Names a member of staff at the workspace's own provider; no patient signs in here.";

export const TABLES: Readonly<Record<string, PluginTable>> = {
  sso_identities: { plain: { issuer: "The provider's address.", subject: NOT_PATIENTS }, unaudited: 'The link, and its use, are recorded as sso.person.linked and auth.signed_in.' },
  sso_flows: { sealed: ['pending'], plain: { handle_hash: 'SHA-256 of a random handle.' }, unaudited: 'A sign-in on its way; its end is what is recorded.' },
  sso_used_tokens: { plain: { issuer: "The provider's address.", token_hash: 'SHA-256 of a random id.' }, unaudited: 'A memory of ids; the sign-in is what is recorded.' },
  sso_provider_sessions: { sealed: ['hint'], plain: { issuer: "The provider's address.", subject: NOT_PATIENTS, session_key: "The provider's random name for a session." }, unaudited: 'Goes with the sign-in, which is recorded.' },
  sso_keys: { sealed: ['private_key'], plain: { certificate: 'Public: it stands in our metadata.' } },
};
