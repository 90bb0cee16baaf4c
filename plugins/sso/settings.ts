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

export const settings = Joi.object<Settings>({
  protocol: Joi.string().valid('oidc', 'saml').required().label('Protocol'),
  label: Joi.string().trim().max(60).default('Single sign-on').label('Name of the button'),
  issuer: Joi.string().uri({ scheme: ['https', 'http'] }).max(1_024).when('protocol', { is: 'oidc', then: Joi.required() }).label('Issuer').description('OpenID Connect: as its discovery document states it, for Entra with the tenant in it.'),
  clientId: Joi.string().max(255).when('protocol', { is: 'oidc', then: Joi.required() }).label('Client ID'),
  clientSecret: secret().max(1_024).label('Client secret').description('Empty for a public client.'),
  metadata: Joi.string().max(100_000).when('protocol', { is: 'saml', then: Joi.required() }).label('Provider metadata').description('SAML: the XML file, whole.'),
  enforced: Joi.boolean().default(false).label('Passwords and passkeys of this workspace are off'),
  breakGlass: Joi.string().email({ tlds: false }).max(254).lowercase().when('enforced', { is: true, then: Joi.required() }).label('Break-glass administrator').description('E-mail of the one person who may still use a password. Each use raises an alarm.'),
  createsPeople: Joi.boolean().default(false).label('People are added when they first sign in'),
  domains: Joi.array().items(Joi.string().domain({ tlds: false }).lowercase()).max(50).default([]).label('E-mail domains').description('One a line. Nobody else is added or found by e-mail.'),
  trustsEmail: Joi.boolean().default(false).label('The provider vouches for e-mail addresses').description('For a provider of your own (one tenant). Without it only addresses that it marks as verified count.'),
  groupsName: Joi.string().max(200).default('groups').label('Claim or attribute with the groups'),
  roles: Joi.array().items(Joi.string().pattern(ROLE_LINE, 'group = ROLE')).max(100).default([]).label('Groups and their roles').description('One a line: group = ADMIN, MANAGER, AGENT or READONLY. The widest counts, at every sign-in.'),
  defaultRole: Joi.string().valid(...ROLES).label('Role of people without a listed group'),
  secondFactor: Joi.array().items(Joi.string().max(300)).max(20).default([]).label("What proves the provider's second factor").description('One a line: acr or amr values, or AuthnContext classes. Empty: ours is asked for as well.'),
  maxAgeMinutes: Joi.number().integer().min(1).max(43_200).label('Longest time since signing in there, minutes'),
  unsolicited: Joi.boolean().default(false).label('SAML sign-in may start at the provider'),
  clockSkewS: Joi.number().integer().min(0).max(300).default(60).label('Allowed difference of clocks, seconds'),
}).example({ protocol: 'oidc', label: 'Hospital account', issuer: 'https://login.example.org', clientId: 'wardkeep' });

/** The widest role that the groups give, the default one, or null. */
export function roleFor({ roles, defaultRole }: Pick<Settings, 'roles' | 'defaultRole'>, groups: readonly string[]): Role | null {
  const given = roles.flatMap((line) => {
    const [, group, role] = ROLE_LINE.exec(line) ?? [];
    return group !== undefined && groups.includes(group) ? [role] : [];
  });
  return ROLES.find((role) => given.includes(role)) ?? defaultRole ?? null;
}
