import { record, type Demo, type DemoWorkspace, type Role, type Tx } from '../../core/plugin.ts';
import { Property, Rule } from './models.ts';

/** On in the family clinic alone: the hospital shows what the same pages are without it. */
export const demo: Demo<Record<string, never>> = { settings: ({ slug }: DemoWorkspace) => (slug === 'willow' ? {} : null), seed };

const LEADS: readonly Role[] = ['ADMIN', 'MANAGER'];
const STAFF: readonly Role[] = ['ADMIN', 'MANAGER', 'AGENT'];

const PROPERTIES = [
  { name: 'insurance_plan', label: 'Insurance plan', type: 'choice', choices: ['Medicare', 'Medicaid', 'Employer plan', 'Marketplace plan', 'Pays by themselves'], is_indexed: true },
  { name: 'interpreter', label: 'Needs an interpreter', type: 'boolean', choices: [], is_indexed: false },
  { name: 'care_plan_due', label: 'Care plan due', type: 'date', choices: [], is_indexed: false },
] as const;

/** Who reads and who writes; what is not named here is open to everybody. */
const RULES: readonly (readonly [field: string, readers: readonly Role[], writers: readonly Role[]])[] = [
  ['genderIdentity', STAFF, LEADS],
  ['maritalStatus', STAFF, STAFF],
  ['addresses', STAFF, STAFF],
  ['custom.insurance_plan', STAFF, LEADS],
  ['custom.care_plan_due', LEADS, LEADS],
];

async function seed(tx: Tx): Promise<void> {
  await Property.query(tx).insert(PROPERTIES.map((each) => ({ ...each, choices: [...each.choices], is_retired: false, created_at: new Date(tx.now) })));
  await Rule.query(tx).insert(RULES.map(([field, readers, writers]) => ({ field, readers: [...readers], writers: [...writers], changed_at: new Date(tx.now) })));
  record(tx, { action: 'field-gates.rule.changed', detail: { fields: RULES.length } });
  record(tx, { action: 'field-gates.property.added', detail: { properties: PROPERTIES.length } });
}
