import { createHash } from 'node:crypto';
import type { Configuration } from 'openid-client';
import { record } from '../../core/plugin.ts';
import type { PluginDeps, Scope, Tx } from '../../core/plugin.ts';
import { ServiceKey } from './models.ts';
import type { Fetch, OidcConnection } from './oidc/settings.ts';
import { makeKeyPair, privateKeyOf } from './saml/certificate.ts';
import { readMetadata } from './saml/read-metadata.ts';
import type { SamlConnection, SamlServiceProvider } from './saml/settings.ts';
import type { Settings } from './settings.ts';

export const BASE = '/plugins/sso';

/** What a provider has to be told of us, by protocol. */
export function addressesFor(origin: string, slug: string): { readonly oidc: readonly Address[]; readonly saml: readonly Address[] } {
  const at = `${origin}${BASE}/${slug}`;
  return {
    oidc: [{ label: 'Redirect URI', value: `${at}/oidc/return` }, { label: 'Back-channel logout URI', value: `${at}/oidc/back-channel` }, { label: 'Redirect URI after signing out', value: `${origin}/sign-in` }],
    saml: [{ label: 'Metadata and entity ID', value: `${at}/saml/metadata` }, { label: 'Assertion consumer service (POST)', value: `${at}/saml/acs` }, { label: 'Single logout service', value: `${at}/saml/slo` }],
  };
}
type Address = { readonly label: string; readonly value: string };

export async function slugOf(tx: Tx): Promise<string> {
  return ((await tx.knex('app.workspaces').where({ workspace_id: tx.scope.workspaceId }).first('slug')) as { slug: string }).slug;
}

export function oidcConnection(deps: PluginDeps, scope: Scope, slug: string, settings: Settings): OidcConnection {
  const fetch: Fetch = (url, init) => deps.send(scope, url, init);
  return {
    issuer: settings.issuer ?? '', clientId: settings.clientId ?? '', clientSecret: settings.clientSecret ?? null, scopes: ['email', 'profile'], acrValues: [],
    maxAuthenticationAgeS: settings.maxAgeMinutes === undefined ? null : settings.maxAgeMinutes * 60, clockToleranceS: settings.clockSkewS,
    redirectUri: `${deps.origin}${BASE}/${slug}/oidc/return`, afterSignOutUri: `${deps.origin}/sign-in`, fetch,
  };
}

export async function oidcProvider(connection: OidcConnection, scope: Scope): Promise<Configuration> {
  const { providerOf } = await import('./oidc/discover.ts');
  const { fetch: _, ...said } = connection;
  return providerOf(createHash('sha256').update(JSON.stringify([scope.workspaceId, said])).digest('base64'), connection, Date.now());
}

export async function samlConnection(deps: PluginDeps, scope: Scope, slug: string, settings: Settings): Promise<SamlConnection> {
  return {
    provider: readMetadata(settings.metadata ?? '', new Date(), isLaboratory(deps)),
    service: await serviceProvider(deps, scope, slug),
    rules: { clockSkewMs: settings.clockSkewS * 1_000, allowUnsolicited: settings.unsolicited, maxAuthenticationAgeMs: settings.maxAgeMinutes === undefined ? null : settings.maxAgeMinutes * 60_000 },
  };
}

/** A browser on this very machine is the only one that reaches a program at localhost; there a provider may be without TLS. */
const isLaboratory = ({ origin }: PluginDeps): boolean => ['localhost', '127.0.0.1'].includes(new URL(origin).hostname);

/** Our side, with the pairs that are in use or coming; the first is made when first asked for. */
export async function serviceProvider(deps: PluginDeps, scope: Scope, slug: string): Promise<SamlServiceProvider> {
  const read = (tx: Tx) => ServiceKey.query(tx).whereNull('retired_at').orderBy('made_at').orderBy('id');
  let rows = await deps.withWorkspace(scope, async (tx) => read(tx));
  if (rows.length === 0) {
    const pair = await makeKeyPair(new URL(deps.origin).hostname, new Date());
    rows = await deps.withWorkspace(scope, async (tx) => {
      await tx.knex.raw("select pg_advisory_xact_lock(hashtextextended(?, 0))", [`sso_keys ${scope.workspaceId}`]); // of two first requests one makes it
      const made = await read(tx);
      if (made.length > 0) return made;
      await addKeyPair(tx, pair);
      return read(tx);
    });
  }
  const at = `${deps.origin}${BASE}/${slug}/saml`;
  return { entityId: `${at}/metadata`, consumerUrl: `${at}/acs`, logoutUrl: `${at}/slo`, keys: rows.map((row) => ({ key: privateKeyOf(row.private_key), certificate: row.certificate })) };
}

export async function addKeyPair(tx: Tx, { key, certificate }: { key: string; certificate: string }): Promise<void> {
  const row = await ServiceKey.query(tx).insert({ private_key: key, certificate });
  record(tx, { action: 'sso.key.made', target: { type: 'sso_key', id: row.id } });
}
