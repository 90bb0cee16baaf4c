import type { Designation, Role } from '../db/scope.ts';

/**
 * Who may do what, on one page (design invariant 7). Actions ask with authorize(tx, capability); pages only mirror the answer.
 * `contact.all` widens contact.read and contact.write from own and shared contacts to every contact of the workspace.
 */
const ALL = ['ADMIN', 'MANAGER', 'AGENT', 'READONLY'] as const;
const WRITERS = ['ADMIN', 'MANAGER', 'AGENT'] as const;
const LEADS = ['ADMIN', 'MANAGER'] as const;
const ADMIN = ['ADMIN'] as const;
const OFFICER = ['SECURITY_OFFICER'] as const;

export type Rule = { readonly roles: readonly Role[]; readonly designations?: readonly Designation[]; /** Needs a second factor confirmed in the last minutes. */ readonly stepUp?: true };

export const CAPABILITIES = {
  'contact.read': { roles: ALL },
  'contact.write': { roles: WRITERS },
  'contact.all': { roles: ['ADMIN', 'MANAGER', 'READONLY'] },
  'contact.assign': { roles: LEADS },
  'contact.share': { roles: WRITERS },
  'contact.merge': { roles: LEADS },
  'contact.export': { roles: WRITERS, stepUp: true },
  'activity.read': { roles: ALL },
  'activity.write': { roles: WRITERS },
  'appointment.read': { roles: ALL },
  'appointment.write': { roles: WRITERS },
  'document.read': { roles: ALL },
  'document.import': { roles: ADMIN },
  'document.resolve': { roles: LEADS },
  'audit.read': { roles: ADMIN, designations: OFFICER },
  'audit.verify': { roles: ADMIN, designations: OFFICER },
  'audit.export': { roles: ADMIN, designations: OFFICER, stepUp: true },
  'trust.read': { roles: ADMIN, designations: OFFICER },
  'person.read': { roles: ADMIN, designations: OFFICER },
  'person.manage': { roles: ADMIN, stepUp: true },
  'session.read': { roles: ADMIN, designations: OFFICER },
  'session.end': { roles: ADMIN, stepUp: true },
  'service_account.read': { roles: ADMIN, designations: OFFICER },
  'service_account.manage': { roles: ADMIN, stepUp: true },
  'workspace.settings': { roles: ADMIN, stepUp: true },
  'key.read': { roles: ADMIN, designations: OFFICER },
  'key.manage': { roles: ADMIN, stepUp: true },
  'plugin.read': { roles: ADMIN, designations: OFFICER },
  'plugin.manage': { roles: ADMIN, stepUp: true },
} as const satisfies Record<string, Rule>;

/** `baa-tracker.agreement.read`: what a plugin declares begins with its name. */
export type PluginCapability = `${string}.${string}.${string}`;
export type Capability = keyof typeof CAPABILITIES | PluginCapability;

const declared = new Map<string, Readonly<Record<PluginCapability, Rule>>>();

/** Adds a plugin's capabilities; said again, it replaces what that plugin said before. */
export function declareCapabilities(plugin: string, rules: Readonly<Record<PluginCapability, Rule>>): void {
  declared.set(plugin, rules);
}

/** @throws TypeError for one that nobody declared */
export function capabilityRule(capability: Capability): Rule {
  const rule = findRule(capability);
  if (rule === undefined) throw new TypeError(`Nobody declared the capability ${capability}.`);
  return rule;
}

export function isCapability(value: string): value is Capability {
  return findRule(value) !== undefined;
}

/** Every capability there is, plugins' included: what a service account's scopes are chosen from. */
export function capabilityNames(): string[] {
  return [...Object.keys(CAPABILITIES), ...[...declared.values()].flatMap((rules) => Object.keys(rules))];
}

function findRule(name: string): Rule | undefined {
  if (Object.hasOwn(CAPABILITIES, name)) return CAPABILITIES[name as keyof typeof CAPABILITIES];
  const rules = declared.get(name.split('.', 1)[0] as string) as Readonly<Record<string, Rule>> | undefined;
  return rules !== undefined && Object.hasOwn(rules, name) ? rules[name] : undefined;
}
