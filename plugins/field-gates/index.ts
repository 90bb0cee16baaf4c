import { definePlugin } from '../../core/plugin.ts';
import { contactFields } from './answer.ts';
import { TABLES } from './models.ts';

export default definePlugin({
  contract: 1,
  name: 'field-gates',
  version: '1.0.0',
  title: 'Field gates',
  summary: 'Decides per role who reads and who changes each field of contacts, and adds fields of the practice’s own.',
  tier: 'enterprise',
  phi: 'none',
  subprocessors: [],
  tables: TABLES,
  answers: { contactFields },
});
