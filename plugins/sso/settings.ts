import { Joi, secret } from '../../core/plugin.ts';
import type { Role } from '../../core/plugin.ts';

export type Settings = {
  readonly protocol: 'oidc' | 'saml';
  readonly label: string;
  readonly issuer?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly metadata?: string;
  readonly enforced: boolean;
  readonly breakGlass?: string;
  readonly createsPeople: boolean;
  readonly domains: readonly string[];
  readonly trustsEmail: boolean;
  readonly groupsName: string;
  readonly roles: readonly string[];
  readonly defaultRole?: Role;
  readonly secondFactor: readonly string[];
  readonly maxAgeMinutes?: number;
  readonly unsolicited: boolean;
  readonly clockSkewS: number;
};

const ROLES = ['ADMIN', 'MANAGER', 'AGENT', 'READONLY'] as const;
/** `group = ROLE`; the group as the provider writes it. */
const ROLE_LINE = /^(.{1,200}?)\s*=\s*(ADMIN|MANAGER|AGENT|READONLY)$/;

export const OIDC_SECTION = 'OpenID Connect';
export const SAML_SECTION = 'SAML 2.0';
const forOidc = { section: OIDC_SECTION, when: { setting: 'protocol', is: 'oidc' } };
const forSaml = { section: SAML_SECTION, when: { setting: 'protocol', is: 'saml' } };
const [PEOPLE, SECOND_FACTOR, PASSWORDS] = [{ section: 'Who comes in' }, { section: 'Second factor' }, { section: 'Passwords' }];

export const settings = Joi.object<Settings>({
  protocol: Joi.string().valid('oidc', 'saml').required().meta({ words: { oidc: 'OpenID Connect', saml: 'SAML 2.0' } }).label('Protocol').description('OpenID Connect where the provider speaks it: Entra, Google, Keycloak and Okta all do.'),
  label: Joi.string().trim().max(60).default('Single sign-on').label('Name of the button').description('On the sign-in page; a name that people know their account by.'),

  issuer: Joi.string().max(1_024).when('protocol', { is: 'oidc', then: Joi.string().uri({ scheme: ['https', 'http'] }).required() }).meta(forOidc).label('Issuer').description('Entra: https://login.microsoftonline.com/TENANT-ID/v2.0 · Google: https://accounts.google.com · Keycloak: https://HOST/realms/REALM'),
  clientId: Joi.string().max(255).when('protocol', { is: 'oidc', then: Joi.required() }).meta(forOidc).label('Client ID').description('Entra calls it “Application (client) ID”.'),
  clientSecret: secret().max(1_024).meta(forOidc).label('Client secret').description('Leave it empty for a public client.'),

  metadata: Joi.string().max(100_000).when('protocol', { is: 'saml', then: Joi.required() }).meta({ ...forSaml, long: true }).label('Provider metadata').description('The XML file, whole. Entra: “Federation Metadata XML” · Google: “Download metadata” · Keycloak: https://HOST/realms/REALM/protocol/saml/descriptor'),
  unsolicited: Joi.boolean().default(false).meta(forSaml).label('Sign-in may start at the provider').description('It answers no request of ours, so it could be planted; leave it off unless people start from a portal.'),

  trustsEmail: Joi.boolean().default(false).meta(PEOPLE).label('The provider vouches for e-mail addresses').description('For a provider of your own (one tenant). Without it only addresses that it marks as verified count; SAML has no such mark.'),
  domains: Joi.array().items(Joi.string().domain({ tlds: false }).lowercase()).max(50).default([]).meta(PEOPLE).label('E-mail domains').description('One a line. Nobody of another domain is added, or found by e-mail.'),
  createsPeople: Joi.boolean().default(false).meta(PEOPLE).label('People are added when they first sign in').description('Otherwise only who was invited, or came by the directory (SCIM), is let in.'),
  groupsName: Joi.string().max(200).default('groups').meta(PEOPLE).label('Claim or attribute with the groups').description('Entra sends object ids in “groups”; Keycloak needs a group mapper.'),
  roles: Joi.array().items(Joi.string().pattern(ROLE_LINE, 'group = ROLE')).max(100).default([]).meta(PEOPLE).label('Groups and their roles').description('One a line: group = ADMIN, MANAGER, AGENT or READONLY. The widest counts, at every sign-in; who is in no listed group stays out.'),
  defaultRole: Joi.string().valid(...ROLES).meta({ ...PEOPLE, words: { ADMIN: 'Administrator', MANAGER: 'Manager', AGENT: 'Agent', READONLY: 'Read only' } }).label('Role of people without a listed group'),

  secondFactor: Joi.array().items(Joi.string().max(300)).max(20).default([]).meta(SECOND_FACTOR).label("What proves the provider's second factor").description('One a line: acr or amr values (Entra sends the amr “mfa”), or AuthnContext classes. Empty: ours is asked for as well.'),
  maxAgeMinutes: Joi.number().integer().min(1).max(43_200).meta(SECOND_FACTOR).label('Longest time since signing in there, minutes').description('Empty: the provider decides.'),
  clockSkewS: Joi.number().integer().min(0).max(300).default(60).meta(SECOND_FACTOR).label('Allowed difference of clocks, seconds'),

  enforced: Joi.boolean().default(false).meta(PASSWORDS).label('Passwords and passkeys of this workspace are off').description('Sessions they opened end as you save, but yours and the break-glass administrator’s. Invitations and resets lead to the provider. Try the sign-in first.'),
  breakGlass: Joi.string().email({ tlds: false }).max(254).lowercase().when('enforced', { is: true, then: Joi.required() }).meta(PASSWORDS).label('Break-glass administrator').description('Needed with passwords off: e-mail of the one person who may still use one when the provider is down. Its use is mailed to all administrators and security officers.'),
}).example({ protocol: 'oidc', label: 'Hospital account', issuer: 'https://login.example.org', clientId: 'wardkeep' });

/** The widest role that the groups give, the default one, or null. */
export function roleFor({ roles, defaultRole }: Pick<Settings, 'roles' | 'defaultRole'>, groups: readonly string[]): Role | null {
  const given = roles.flatMap((line) => {
    const [, group, role] = ROLE_LINE.exec(line) ?? [];
    return group !== undefined && groups.includes(group) ? [role] : [];
  });
  return ROLES.find((role) => given.includes(role)) ?? defaultRole ?? null;
}
