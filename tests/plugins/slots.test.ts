import t from 'tap';
import { createContact } from '../../core/practice/contacts/write-contact.ts';
import { bookAppointment } from '../../core/practice/appointments/actions.ts';
import { ask } from '../../core/hooks.ts';
import { systemScope } from '../../core/db/scope.ts';
import { can, claim, definePlugin, verdict } from '../../core/plugin.ts';
import { grantPlan } from '../../core/plugins/entitlements.ts';
import { proveClaims } from '../../core/trust/prove-claims.ts';
import { recorded } from '../api/open-server.ts';
import { scopeAs } from '../support/people.ts';
import { openHost } from './open-host.ts';

const heard: string[] = [];
const guest = definePlugin({
  contract: 1, name: 'guest', version: '1.0.0', title: 'Guest', summary: 'Looks in.', tier: 'enterprise', phi: 'none', subprocessors: [],
  capabilities: { 'guest.card.read': { roles: ['ADMIN'] } },
  nav: [{ place: 'main', label: 'Guests', path: '/', icon: 'eye', capability: 'guest.card.read' }, { place: 'admin', label: 'Guest rules', path: '/rules', capability: 'guest.card.read' }],
  answers: {
    contactPanel: (_tx, { contactId }) => ({ title: 'From the guest', template: 'empty', context: { icon: 'eye', title: `About ${contactId}`, text: '<b>not markup</b>', href: null } }),
    dashboardCard: (tx) => (can(tx.scope.actor, 'guest.card.read') ? { title: 'Guest card', template: 'empty', context: { icon: 'eye', title: 'Hello', text: 'there', href: null } } : null),
  },
  claims: [claim({ id: 'GST-1', title: 'Guests', statement: 'There are guests.', prove: async () => verdict(true, { proved: 'One.', failing: 'None.' }, {}) })],
  register: (server) => {
    server.route([{ method: 'GET', path: '/', handler: () => 'guests' }, { method: 'POST', path: '/', handler: () => 'added' }, { method: 'POST', path: '/export', options: { plugins: { wardkeep: { evenWhenLapsed: true } } }, handler: () => 'exported' }]);
  },
});

t.test('what a plugin adds to the pages of the core', async (t) => {
  const { app, willow, harbor, visit } = await openHost(t, [guest]);
  const [admin, manager, elsewhere] = [await visit(willow.admin), await visit(willow.manager), await visit(harbor.admin)];
  const { id } = await app.withWorkspace(scopeAs(willow.admin), (tx) => createContact(tx, { givenName: 'Ada', familyName: 'Quill' }));

  await t.test('nothing while it is off', async (t) => {
    t.notMatch((await admin.get(`/contacts/${id}`)).payload, 'From the guest');
    t.notMatch((await admin.get('/contacts')).payload, /Guest card|\/plugins\/guest/);
    t.match((await proveClaims(app, willow.workspaceId)).find((one) => one.id === 'GST-1'), { status: 'not_applicable' });
    t.same(await app.withWorkspace(scopeAs(willow.admin), (tx) => ask(tx, 'dashboardCard', {})), []);
  });

  await t.test('panel, card, links and claim where it is on, for whom they are', async (t) => {
    await admin.get('/admin/plugins/guest');
    t.equal((await admin.post('/admin/plugins/guest/on')).statusCode, 303);
    const page = (await admin.get(`/contacts/${id}`)).payload;
    t.match(page, `About ${id}`);
    t.match(page, '&lt;b&gt;not markup');
    const list = (await admin.get('/contacts')).payload;
    t.match(list, /Guest card/);
    t.match(list, /href="\/plugins\/guest"/);
    t.match((await admin.get('/admin/plugins')).payload, /href="\/plugins\/guest\/rules"/);
    t.notMatch((await manager.get('/contacts')).payload, /Guest card|\/plugins\/guest/);
    t.notMatch((await elsewhere.get('/contacts')).payload, /Guest card|\/plugins\/guest/);
    t.match((await proveClaims(app, willow.workspaceId)).find((one) => one.id === 'GST-1'), { status: 'proved' });
  });

  await t.test('a plan that ended leaves reading, export and the switch off', async (t) => {
    await grantPlan(app, systemScope(willow.workspaceId, 'test'), { tier: 'enterprise', endsAt: new Date(Date.now() - 1000) });
    t.match((await admin.get('/admin/plugins/guest')).payload, /plan ended/);
    t.equal((await admin.get('/plugins/guest')).payload, 'guests');
    await admin.get('/admin/plugins/guest');
    t.match(await admin.post('/plugins/guest'), { statusCode: 403, payload: /plan that included this ended/ });
    t.equal((await admin.post('/plugins/guest/export')).payload, 'exported');
    await admin.get('/admin/plugins/guest');
    t.match(await admin.post('/admin/plugins/guest/settings'), { statusCode: 403, payload: /plan that included this ended/ });
    t.match((await admin.get('/contacts')).payload, /Guest card/, 'its answers stay: what it hid must not show');
    t.equal((await admin.get('/audit')).statusCode, 200);
    await admin.get('/admin/plugins/guest');
    await admin.post('/admin/plugins/guest/off', { confirmed: 'yes' });
    await admin.get('/admin/plugins/guest');
    t.match(await admin.post('/admin/plugins/guest/on'), { statusCode: 403, payload: /plan does not include/ });
    t.match(await recorded(app, willow.workspaceId, 'plan.granted'), [{}, { detail: { tier: { from: 'enterprise', to: 'enterprise' } } }]);
  });
});

t.test('a booking is told to those who listen, once it is committed', async (t) => {
  const ear = definePlugin({ contract: 1, name: 'ear', version: '1.0.0', title: 'Ear', summary: 'Listens.', tier: 'free', phi: 'none', subprocessors: [], listens: { appointmentBooked: async (_deps, _scope, { appointmentId }) => void heard.push(appointmentId) } });
  const { app, willow, visit } = await openHost(t, [ear]);
  const admin = await visit(willow.admin);
  await admin.get('/admin/plugins/ear');
  await admin.post('/admin/plugins/ear/on');
  const booked = await app.withWorkspace(scopeAs(willow.admin), async (tx) => {
    const { id: contactId } = await createContact(tx, { givenName: 'Ada', familyName: 'Quill' });
    return (await bookAppointment(tx, { contactId, practitionerId: willow.admin.id, localStart: '2031-03-05T10:00', durationMinutes: 30, timeZone: 'America/New_York' })).appointment;
  });
  const queued = (await app.withSystem('health', (tx) => tx.knex('graphile_worker._private_jobs').select('payload'))) as { payload: object }[];
  t.match(queued, [{ payload: { workspace: willow.workspaceId, input: { plugin: 'ear', appointmentId: booked.id, contactId: booked.contactId } } }]);
});

t.test('what the trust page tries behind the system door asks a plugin that has a say in sign-in, as a sign-in does', async (t) => {
  const asked: string[] = [];
  const doorman = definePlugin({ contract: 1, name: 'doorman', version: '1.0.0', title: 'Doorman', summary: 'Has a say.', tier: 'free', phi: 'none', subprocessors: [], answers: { signInPolicy: (_tx, { act }) => (asked.push(act), null) } });
  const { app, willow } = await openHost(t, [doorman]);
  const trials = (await proveClaims(app, willow.workspaceId)).filter(({ id }) => id === 'SIG-1' || id === 'ACC-3');
  t.match(trials.map(({ status }) => status), ['proved', 'proved']);
  t.same(asked, [], 'it is off where the trial is made');
});
