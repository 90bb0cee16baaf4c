import { definePlugin } from '../../core/plugin.ts';
import type { Health, PluginDeps, Scope } from '../../core/plugin.ts';
import { answers } from './answers.ts';
import { endSessionsOfOldWays, mailAlarm } from './break-glass.ts';
import { claims } from './claims.ts';
import { addressesFor, oidcConnection, slugOf } from './connections.ts';
import { registerLogout } from './logout-routes.ts';
import { Identity, TABLES } from './models.ts';
import { registerPages } from './page-routes.ts';
import { SsoRefusal } from './refusal.ts';
import { readMetadata } from './saml/read-metadata.ts';
import { registerScim } from './scim/routes.ts';
import { SCIM_TABLES } from './scim/models.ts';
import { OIDC_SECTION, SAML_SECTION, settings } from './settings.ts';
import type { Settings } from './settings.ts';
import { registerSignIn } from './sign-in-routes.ts';

/** Single sign-on: people of a workspace come in through its own identity provider, by OpenID Connect or SAML 2.0. */
export default definePlugin<Settings>({
  contract: 1,
  name: 'sso',
  version: '1.0.0',
  title: 'Single sign-on',
  summary: 'Lets people sign in with your own identity provider (Entra, Google, Keycloak and others; OpenID Connect or SAML), and lets its directory add and remove them (SCIM).',
  tier: 'enterprise',
  phi: 'none', // it sees staff, never patients
  subprocessors: [], // the provider is the workspace's own, and gets nothing from us that it did not send
  settings,
  addresses({ origin, workspace }) {
    const { oidc, saml } = addressesFor(origin, workspace);
    return [...oidc.map((each) => ({ ...each, section: OIDC_SECTION })), ...saml.map((each) => ({ ...each, section: SAML_SECTION }))];
  },
  capabilities: { 'sso.page.read': { roles: ['ADMIN'], designations: ['SECURITY_OFFICER'] }, 'sso.key.manage': { roles: ['ADMIN'], stepUp: true }, 'sso.scim.manage': { roles: ['ADMIN'], stepUp: true } },
  auditActions: [
    'sso.sign_in.refused', 'sso.sign_out.refused', 'sso.person.linked', 'sso.person.signed_out', 'sso.break_glass.used', 'sso.old_sessions.ended', 'sso.key.made', 'sso.key.retired',
    'sso.scim_token.made', 'sso.scim_token.revoked', 'sso.scim.refused', 'sso.group.made', 'sso.group.changed', 'sso.group.removed',
  ],
  faults: {
    'sso.sign_in.refused': [403, 'Your provider’s answer was not accepted. Start again; if it happens twice, tell your administrator.'],
    'sso.sign_out.refused': [400, 'This sign-out message was not accepted.'],
    'sso.person.unknown': [403, 'Your account is not known in this workspace. Ask your administrator to add you.'],
    'sso.key.two_already': [409, 'There is a next certificate already. Retire the old one first.'],
    'sso.key.not_found': [404, 'There is no such certificate.'],
    'sso.key.last_one': [409, 'This is the only certificate. Make the next one first.'],
    'sso.scim_token.not_found': [404, 'There is no such token.'],
  },
  tables: { ...TABLES, ...SCIM_TABLES },
  claims,
  nav: [{ place: 'admin', label: 'Single sign-on', path: '/', capability: 'sso.page.read' }],
  answers,
  jobs: [mailAlarm],
  onEnable: endSessionsOfOldWays,
  onChange: endSessionsOfOldWays,
  register(server, deps) {
    registerPages(server, deps);
    registerSignIn(server, deps);
    registerLogout(server, deps);
    registerScim(server, deps);
  },
  async health(tx) {
    const [row] = (await Identity.query(tx).count('* as people').max('last_used_at as last')) as unknown as { people: string; last: Date | null }[];
    return { ok: true, text: row?.last ? `${row.people} people linked; last sign-in ${row.last.toISOString()}.` : 'Nobody has come this way yet.' };
  },
  test,
});

/** Reads what the provider says of itself; the sign-in itself is tried from the plugin's own page. */
async function test(deps: PluginDeps, scope: Scope, given: Settings): Promise<Health> {
  try {
    if (given.protocol === 'saml') {
      const { certificates } = readMetadata(given.metadata ?? '', new Date());
      return { ok: true, text: `The metadata is whole and names ${certificates.length === 1 ? 'one signing certificate' : `${certificates.length} signing certificates`}.` };
    }
    const { discoverProvider } = await import('./oidc/discover.ts');
    await discoverProvider(oidcConnection(deps, scope, await deps.withWorkspace(scope, slugOf), given));
    return { ok: true, text: 'The provider answered, and is the one that its address says.' };
  } catch (error) {
    if (!(error instanceof SsoRefusal)) throw error;
    return { ok: false, text: given.protocol === 'saml' ? `The metadata was refused (${error.code}).` : 'The provider did not answer as OpenID Connect Discovery asks, or calls itself otherwise.' };
  }
}
