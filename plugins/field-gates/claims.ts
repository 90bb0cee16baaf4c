import { claim, notApplicable, shownFields, verdict, GATEABLE_FIELDS, type Actor, type Claim, type Role } from '../../core/plugin.ts';
import { gateFor, ROLES } from './answer.ts';
import { Property, Rule } from './models.ts';

/** A person of this role who exists for the length of the proof. */
const someoneWith = (role: Role): Actor => ({ kind: 'user', id: '00000000-0000-0000-0000-000000000000', name: 'Proof', role, designations: [], scopes: null, sessionId: null, assuredAt: 0 });

export const claims: readonly Claim[] = [
  claim({
    id: 'GATE-1', title: 'Hidden fields are not opened',
    statement: 'A contact field that is gated from a role is left sealed when somebody of that role opens a contact.',
    prove: async ({ app, scope }) => {
      const rules = await app.withWorkspace(scope, async (tx) => Rule.query(tx));
      if (rules.length === 0) return notApplicable('No field is gated.');
      const leaks: string[] = [];
      for (const role of ROLES) {
        const shown = await app.withWorkspace({ ...scope, actor: someoneWith(role) }, (tx) => shownFields(tx));
        if (shown === null) return notApplicable('There is no contact yet to open.');
        const { hidden } = gateFor(role, rules);
        leaks.push(...shown.filter((field) => hidden.has(field)).map(() => role));
      }
      return verdict(leaks.length === 0, { proved: `${rules.length} gated fields; the newest contact was opened as each of ${ROLES.length} roles, and none was shown one that it does not read.`, failing: `${leaks.length} gated fields were shown.` }, { rules: rules.length, roles: [...ROLES], shown: leaks.length });
    },
  }),
  claim({
    id: 'GATE-2', title: 'Every gate stands at a field',
    statement: 'Each gate names a field that there is, so that none is left ajar by a name that changed.',
    prove: ({ app, scope }) => app.withWorkspace(scope, async (tx) => {
      const [rules, properties] = [await Rule.query(tx), await Property.query(tx)];
      const known = new Set<string>([...Object.keys(GATEABLE_FIELDS), ...properties.map(({ name }) => `custom.${name}`)]);
      const astray = rules.filter(({ field }) => !known.has(field)).length;
      return verdict(astray === 0, { proved: `${rules.length} of ${rules.length} gates stand at a field.`, failing: `${astray} of ${rules.length} gates name no field.` }, { rules: rules.length, astray });
    }),
  }),
  claim({
    id: 'GATE-3', title: 'Properties of the workspace’s own are sealed',
    statement: 'Every value of a property that the workspace defined is stored as ciphertext under the workspace’s key.',
    prove: ({ app, scope }) => app.withWorkspace(scope, async (tx) => {
      const row = (await tx.knex('app.contact_values').select(tx.knex.raw(`count(*)::int as all, (count(*) filter (where value !~ '^v1\\.[^.]+\\.[^.]+\\.[^.]+$'))::int as plain`)).first()) as { all: number; plain: number };
      return verdict(row.plain === 0, { proved: `${row.all} of ${row.all} values are ciphertext.`, failing: `${row.plain} of ${row.all} values stand in the clear.` }, row);
    }),
  }),
];
