import t from 'tap';
import { systemScope } from '../../core/db/scope.ts';
import { definePlugin, Joi, record } from '../../core/plugin.ts';
import { furnishDemo } from '../../core/plugins/furnish-demo.ts';
import { statesOf } from '../../core/plugins/states.ts';
import { recorded } from '../api/open-server.ts';
import { openHost } from './open-host.ts';

const HARBOR = { slug: 'harbor', name: 'Harbor', timeZone: 'UTC', people: [] };
const plugin = { contract: 1, version: '1.0.0', summary: 'Is tried.', tier: 'enterprise', phi: 'none', subprocessors: [] } as const;
const send = { ...plugin, phi: 'transit', subprocessors: [{ name: 'Acme', purpose: 'Carries', location: 'US' }] } as const;
const property = { name: 'custom.plan', label: 'Plan', type: 'choice', choices: ['gold', 'lead'], isIndexed: true } as const;

const beds = definePlugin<{ word: string }>({
  ...plugin, name: 'beds', title: 'Beds', settings: Joi.object({ word: Joi.string().required().label('Word') }), auditActions: ['beds.bed.made'],
  answers: { contactFields: () => ({ hidden: new Set<string>(), readOnly: new Set<string>(), shielded: new Set<string>(), properties: [property] }) },
  demo: {
    settings: ({ slug }) => (slug === 'harbor' ? { word: 'good' } : null),
    seed: async (tx, { name }) => record(tx, { action: 'beds.bed.made', detail: { seenName: name, actor: tx.scope.actor.kind } }),
  },
});
// By its name it comes before the register that vouches for its subprocessor.
const courier = definePlugin({ ...send, name: 'courier', title: 'Courier', demo: { settings: () => ({}) } });
const register = definePlugin({ ...plugin, name: 'register', title: 'Register', answers: { subprocessorAgreement: (_tx, { subprocessor }) => (subprocessor === 'Acme' ? { inForce: true, until: null } : null) }, demo: { settings: () => ({}) } });
const stranger = definePlugin({ ...send, subprocessors: [{ name: 'Nobody', purpose: 'Carries', location: 'US' }], name: 'stranger', title: 'Stranger', demo: { settings: () => ({}), seed: async () => { throw new Error('it was never on'); } } });
const quiet = definePlugin({ ...plugin, name: 'quiet', title: 'Quiet' });

t.test('each plugin is on where it says, and filled', async (t) => {
  const { app, host, willow, harbor } = await openHost(t, [beds, courier, register, stranger, quiet], { tier: 'free' });
  const on = (workspaceId: string) => app.withWorkspace(systemScope(workspaceId, 'test'), async (tx) => [...(await statesOf(tx, host.plugins)).values()].filter(({ isOn }) => isOn).map(({ loaded }) => loaded.plugin.name));
  for (let made = 0; made < 3; made++) await app.withWorkspace(systemScope(harbor.workspaceId, 'test'), async (tx) => { await tx.knex('contacts').insert({ workspace_id: harbor.workspaceId, id: `018f0000-0000-7000-8000-00000000000${made}`, status: 'active', owner_id: harbor.admin.id }); record(tx, { action: 'beds.bed.made' }); });
  await furnishDemo(app, host.plugins, harbor.workspaceId, HARBOR);
  await furnishDemo(app, host.plugins, willow.workspaceId, { ...HARBOR, slug: 'willow' });
  t.same(await on(harbor.workspaceId), ['beds', 'courier', 'register'], 'with an agreement; without one it stays off and stops nobody');
  t.same(await on(willow.workspaceId), ['courier', 'register']);
  t.match(await recorded(app, harbor.workspaceId, 'plan.granted'), [{ detail: { tier: { to: 'free' } } }, { detail: { tier: { to: 'enterprise' } } }]);
  t.match((await recorded(app, harbor.workspaceId, 'beds.bed.made')).at(-1), { actor: { kind: 'system' }, detail: { seenName: 'Harbor', actor: 'system' } });
  const values = (await app.withWorkspace(systemScope(harbor.workspaceId, 'test'), (tx) => tx.knex('contact_values').select('property', 'value'))) as { property: string; value: string }[];
  t.equal(values.length, 3, 'what it adds to contacts holds something');
  t.match(values, [{ property: 'custom.plan', value: /^v1\./ }, {}, {}]);
});

t.test('one whose demo fails is named', async (t) => {
  const broken = definePlugin({ ...plugin, name: 'broken', title: 'Broken', demo: { settings: () => ({}), seed: async () => { throw new Error('no bricks'); } } });
  const { app, host, harbor } = await openHost(t, [broken]);
  await t.rejects(furnishDemo(app, host.plugins, harbor.workspaceId, HARBOR), { message: 'Plugin broken: its demo cannot be made: no bricks' });
});
