import { definePlugin } from '../../core/plugin.ts';
import { contactFields } from './answer.ts';
import { claims } from './claims.ts';
import { demo } from './demo.ts';
import { Rule, TABLES } from './models.ts';
import { registerPages } from './rules/routes.ts';

export default definePlugin({
  contract: 1,
  name: 'field-gates',
  version: '1.0.0',
  title: 'Field gates',
  summary: 'Decides per role who reads and who changes each field of contacts, and adds fields of the practice’s own. While it is off, every role reads every field.',
  tier: 'enterprise',
  phi: 'none',
  subprocessors: [],
  capabilities: { 'field-gates.rule.read': { roles: ['ADMIN'], designations: ['SECURITY_OFFICER'] }, 'field-gates.rule.manage': { roles: ['ADMIN'], stepUp: true } },
  auditActions: ['field-gates.rule.read', 'field-gates.rule.changed', 'field-gates.property.added', 'field-gates.property.listed', 'field-gates.property.retired', 'field-gates.property.restored'],
  faults: {
    'field-gates.rule.no_reader': [422, 'Each field is read by one role at least.'],
    'field-gates.rule.blind_writer': [422, 'A role that changes a field reads it too.'],
    'field-gates.property.taken': [409, 'There is, or was, a property of this name.'],
    'field-gates.property.too_many': [409, 'There are as many properties as a workspace can have. Retire one first.'],
    'field-gates.property.not_found': [404, 'There is no such property.'],
  },
  tables: TABLES,
  claims,
  nav: [{ place: 'admin', label: 'Field gates', path: '/', capability: 'field-gates.rule.read' }],
  answers: { contactFields },
  demo,
  register: registerPages,
  health: async (tx) => {
    const gated = await Rule.query(tx).resultSize();
    return { ok: true, text: gated === 0 ? 'No field is gated.' : `${gated} ${gated === 1 ? 'field is' : 'fields are'} gated.` };
  },
});
