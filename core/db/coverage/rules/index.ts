import type { Rule } from '../rule.ts';
import { FUNCTION_RULES } from './functions.ts';
import { GRANT_RULES } from './grants.ts';
import { KEY_RULES } from './keys.ts';
import { PHI_RULES } from './phi.ts';
import { POLICY_RULES } from './policies.ts';
import { ROLE_RULES } from './roles.ts';
import { SCHEMA_RULES } from './schemas.ts';
import { SETTING_RULES } from './settings.ts';
import { TABLE_RULES } from './tables.ts';

export const RULES: readonly Rule[] = [...ROLE_RULES, ...SCHEMA_RULES, ...TABLE_RULES, ...POLICY_RULES, ...KEY_RULES, ...FUNCTION_RULES, ...GRANT_RULES, ...SETTING_RULES, ...PHI_RULES];
