import type { ContactProperty, FieldGate, Role, Tx } from '../../core/plugin.ts';
import { Property, type Rule } from './models.ts';

/** What the transaction's actor sees: two small reads that leave together. An actor without a role (a patient) sees no gated field. */
export async function contactFields(tx: Tx): Promise<FieldGate> {
  const [rules, properties] = await Promise.all([tx.knex('app.field_gates_rules').select('field', 'readers', 'writers') as unknown as Promise<Rule[]>, Property.query(tx).where({ is_retired: false }).orderBy('name')]);
  return { ...gateFor(tx.scope.actor.role, rules), properties: properties.map(propertyOf) };
}

export function gateFor(role: Role | null, rules: readonly Pick<Rule, 'field' | 'readers' | 'writers'>[]): Omit<FieldGate, 'properties'> {
  const may = (roles: readonly Role[]) => role !== null && roles.includes(role);
  const names = (which: (rule: Pick<Rule, 'readers' | 'writers'>) => boolean) => new Set(rules.filter(which).map(({ field }) => field));
  return {
    hidden: names(({ readers }) => !may(readers)),
    readOnly: names(({ readers, writers }) => may(readers) && !may(writers)),
    shielded: names(({ readers }) => readers.length < ROLES.length),
  };
}

export const ROLES: readonly Role[] = ['ADMIN', 'MANAGER', 'AGENT', 'READONLY'];

export function propertyOf({ name, label, type, choices, is_indexed: isIndexed, is_listed: isListed }: Property): ContactProperty {
  return { name: `custom.${name}`, label, type, choices, isIndexed, isListed };
}
