import t from 'tap';
import type { Scope } from '../../core/db/scope.ts';
import { systemScope } from '../../core/db/scope.ts';
import { tell } from '../../core/hooks.ts';
import { requeue } from '../../core/jobs/enqueue.ts';
import { startWorker } from '../../core/jobs/start-worker.ts';
import { agreementsChanged, definePlugin, enqueue, pluginJob, record, type Agreement } from '../../core/plugin.ts';
import { recorded } from '../api/open-server.ts';
import { openHost } from './open-host.ts';

const DAY_MS = 24 * 3600_000;
const sent: string[] = [];
const CONTACT = '018f0000-0000-7000-8000-0000000000aa';
const APPOINTMENT = '018f0000-0000-7000-8000-0000000000bb';

const letter = pluginJob({ name: 'courier.send', input: { contactId: 'id' }, run: async (deps, scope, { contactId }) => { await deps.settings(scope); sent.push(`letter ${contactId}`); } });
const courier = definePlugin({
  contract: 1, name: 'courier', version: '1.0.0', title: 'Courier', summary: 'Carries letters.', tier: 'free', phi: 'transit',
  subprocessors: [{ name: 'Pigeon Post', purpose: 'Carries letters', location: 'US' }], auditActions: ['courier.letter.wanted'],
  jobs: [letter],
  listens: { appointmentBooked: async (_deps, _scope, { appointmentId }) => void sent.push(`booked ${appointmentId}`) },
  register: (server, deps) => server.route({
    method: 'GET', path: '/call/{workspace}', options: { auth: false, plugins: { wardkeep: { openBecause: 'a test' } } },
    handler: async (request) => (await deps.send(systemScope(request.plugins.openTo?.workspaceId as string, 'courier'), 'https://127.0.0.1/')).status,
  }),
});

/** An agreement register as far as the host can see: it answers what the test says. */
const agreements = new Map<string, Agreement>();
const register = definePlugin({
  contract: 1, name: 'register', version: '1.0.0', title: 'Register', summary: 'Knows agreements.', tier: 'free', phi: 'none', subprocessors: [],
  answers: { subprocessorAgreement: (tx, { subprocessor }) => agreements.get(`${tx.scope.workspaceId} ${subprocessor}`) ?? null },
});

t.test('no agreement, no patient data', async (t) => {
  const { app, host, database, willow, harbor, server, visit } = await openHost(t, [courier, register], { change: { logLevel: 'silent' } });
  const admin = await visit(willow.admin);
  const scope: Scope = systemScope(willow.workspaceId, 'test');
  const agree = async (agreement: Agreement | null) => {
    if (agreement === null) agreements.delete(`${willow.workspaceId} Pigeon Post`);
    else agreements.set(`${willow.workspaceId} Pigeon Post`, agreement);
    await app.withWorkspace(scope, (tx) => agreementsChanged(tx));
    await work();
  };
  const waiting = async (): Promise<number> => (await app.withSystem('health', (tx) => tx.knex('graphile_worker._private_jobs').where('attempts', 0).count('id as n'))) .map(({ n }) => Number(n))[0] ?? 0;
  const work = async () => {
    const worker = await startWorker(app, { jobsUrl: database.jobsUrl, jobs: host.jobs.filter((job) => !('schedule' in job)) });
    for (let waited = 0; waited < 25_000 && (await waiting()) > 0; waited += 50) await new Promise((resolve) => setTimeout(resolve, 50));
    await worker.stop();
  };
  const post = async (name: string, path: string, form: Record<string, string> = {}) => { await admin.get(`/admin/plugins/${name}`); return admin.post(`/admin/plugins/${name}/${path}`, form); };
  const missingSince = (days: number) => app.withWorkspace(scope, async (tx) => {
    await tx.knex('plugin_switches').where({ plugin: 'courier' }).update({ agreement_missing_since: new Date(Date.now() - days * DAY_MS) });
    record(tx, { action: 'courier.letter.wanted' });
  });
  const state = async (): Promise<string> => /<h1>Courier<\/h1><p><span class="pill[^"]*">([^<]*)</.exec((await admin.get('/admin/plugins/courier')).payload)?.[1] ?? '';

  t.test('nobody vouches: it does not go on', async (t) => {
    t.match(await post('courier', 'on'), { statusCode: 409, payload: /agreement in force with each subprocessor comes first/ });
    t.equal((await post('register', 'on')).statusCode, 303);
    t.equal((await post('courier', 'on')).statusCode, 409, 'a register that knows of none is no help');
    agreements.set(`${willow.workspaceId} Pigeon Post`, { inForce: true, until: new Date(Date.now() - 1000) });
    t.equal((await post('courier', 'on')).statusCode, 409, 'nor is one that has ended');
    t.match(await recorded(app, willow.workspaceId, 'plugin.switch_refused'), [{ outcome: 'refused', detail: { code: 'plugin.no_agreement' } }, {}, {}]);
  });

  t.test('with an agreement it does', async (t) => {
    agreements.set(`${willow.workspaceId} Pigeon Post`, { inForce: true, until: new Date(Date.now() + 300 * DAY_MS) });
    t.equal((await post('courier', 'on')).statusCode, 303);
    t.equal(await state(), 'on');
    await app.withWorkspace(scope, async (tx) => { await enqueue(tx, letter, { contactId: CONTACT }); await tell(tx, 'appointmentBooked', { appointmentId: APPOINTMENT, contactId: CONTACT }); });
    await app.withWorkspace(systemScope(harbor.workspaceId, 'test'), (tx) => tell(tx, 'appointmentBooked', { appointmentId: CONTACT, contactId: CONTACT }));
    await work();
    t.same(sent.splice(0).sort(), [`booked ${APPOINTMENT}`, `letter ${CONTACT}`], 'and hears nothing from a workspace where it is off');
  });

  t.test('thirty days ahead it warns, once for each end', async (t) => {
    const until = new Date(Date.now() + 29 * DAY_MS);
    await agree({ inForce: true, until });
    await agree({ inForce: true, until });
    t.match(await recorded(app, willow.workspaceId, 'plugin.agreement_expiring'), [{ target: { id: 'courier' }, detail: { until: until.toISOString() } }]);
    t.match((await admin.get('/admin/plugins/courier')).payload, /expiring/);
  });

  t.test('when it ends the grace begins, and nothing stops yet', async (t) => {
    await agree(null);
    t.match(await recorded(app, willow.workspaceId, 'plugin.agreement_missing'), [{ detail: { subprocessors: ['Pigeon Post'], graceDays: 14 } }]);
    t.equal(await state(), 'agreement missing');
    await missingSince(13);
    await app.withWorkspace(scope, (tx) => enqueue(tx, letter, { contactId: CONTACT }));
    await work();
    t.same(sent.splice(0), [`letter ${CONTACT}`]);
  });

  t.test('after the grace it is suspended: work is kept, not done and not lost', async (t) => {
    await missingSince(14.01);
    t.equal(await state(), 'suspended', 'by the clock, before any job looked');
    await app.withWorkspace(scope, async (tx) => { await enqueue(tx, letter, { contactId: CONTACT }); await tell(tx, 'appointmentBooked', { appointmentId: APPOINTMENT, contactId: CONTACT }); });
    await work();
    t.same(sent, []);
    const { rows } = (await app.withWorkspace(scope, (tx) => tx.knex.raw('select job from plugin_parked_jobs order by job'))) as { rows: { job: string }[] };
    t.same(rows.map(({ job }) => job), ['courier.send', 'plugin.appointment_booked']);
    const call = await server.inject({ url: `/plugins/courier/call/${willow.slug}`, headers: { accept: 'application/json' } });
    t.match([call.statusCode, JSON.parse(call.payload).code], [409, 'plugin.suspended'], 'nor does it get anything out by itself');
    await app.withWorkspace(scope, (tx) => agreementsChanged(tx));
    await work();
    t.match(await recorded(app, willow.workspaceId, 'plugin.suspended'), [{ detail: { subprocessors: ['Pigeon Post'] } }]);
    t.match((await admin.get('/admin/plugins/courier')).payload, /<dt>Waiting<\/dt><dd>2<\/dd>/);
  });

  t.test('a signed agreement lets it go on with all that was kept', async (t) => {
    await agree({ inForce: true, until: null });
    await work();
    t.same(sent.splice(0).sort(), [`booked ${APPOINTMENT}`, `letter ${CONTACT}`]);
    t.equal(await state(), 'on');
    t.match(await recorded(app, willow.workspaceId, 'plugin.resumed'), [{ detail: { released: 2 } }]);
    const call = await server.inject({ url: `/plugins/courier/call/${willow.slug}`, headers: { accept: 'application/json' } });
    t.equal(JSON.parse(call.payload).code, 'plugin.address_refused', 'the way out is open, though not to this machine itself');
  });

  t.test('switched off, its work waits as well; on again, it goes on', async (t) => {
    t.match((await post('courier', 'off')).payload, /Its pages are gone and its jobs wait/);
    await post('courier', 'off', { confirmed: 'yes' });
    await app.withWorkspace(scope, (tx) => requeue(tx, 'courier.send', { contactId: CONTACT }));
    await work();
    t.same(sent, []);
    await post('courier', 'on');
    await work();
    t.same(sent.splice(0), [`letter ${CONTACT}`]);
  });

  t.test('whoever switches the register off is told what hangs on it', async (t) => {
    t.match((await post('register', 'off')).payload, /Courier has no agreement on record any more, and is suspended after 14 days/);
  });
});
