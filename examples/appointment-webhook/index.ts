import { createHmac } from 'node:crypto';
import { definePlugin, fault, Joi, record, scopeOf, secret, WorkspaceModel, authorize, type Scope, type PluginDeps } from 'wardkeep/plugin';

/** Tells another system that an appointment was booked: by its id, never by whose it is. */
class Delivery extends WorkspaceModel {
  static override tableName = 'appointment_webhook_deliveries';
  declare appointment_id: string;
  declare status: number;
  declare delivered_at: Date;
}

type Settings = { url: string; secret: string };

export default definePlugin<Settings>({
  contract: 1,
  name: 'appointment-webhook',
  version: '1.0.0',
  title: 'Appointment webhook',
  summary: 'Announces each new appointment, by its id alone, to an address of yours.',
  tier: 'free',
  phi: 'none', // an id of ours says nothing about anybody; whoever wants more asks the API, with a token of its own
  subprocessors: [],
  settings: Joi.object<Settings>({
    url: Joi.string().uri({ scheme: ['https'] }).required().label('Address').description('Gets a POST with { "appointmentId": "…" }'),
    secret: secret().min(16).required().label('Signing secret').description('The X-Signature header is HMAC-SHA-256 of the body under it'),
  }).example({ url: 'https://example.com/hook', secret: 'sixteen letters at least' }),
  capabilities: { 'appointment-webhook.delivery.read': { roles: ['ADMIN', 'MANAGER'] } },
  auditActions: ['appointment-webhook.delivery.made', 'appointment-webhook.delivery.listed'],
  faults: { 'appointment-webhook.receiver.refused': [502, 'The receiver did not take the announcement.'] },
  tables: { appointment_webhook_deliveries: {} }, // ids, numbers and moments only: nothing to seal, nothing to explain
  nav: [{ place: 'admin', label: 'Webhook', path: '/', capability: 'appointment-webhook.delivery.read' }],

  listens: {
    async appointmentBooked(deps, scope, { appointmentId }, settings) {
      const status = await announce(deps, scope, settings, { appointmentId });
      if (status >= 300) throw fault('appointment-webhook.receiver.refused'); // the queue tries again, for sixteen hours
      await deps.withWorkspace(scope, async (tx) => {
        await Delivery.query(tx).insert({ appointment_id: appointmentId, status, delivered_at: new Date(tx.now) });
        record(tx, { action: 'appointment-webhook.delivery.made', target: { type: 'appointment', id: appointmentId }, detail: { status } });
      });
    },
  },

  async health(tx) {
    const last = await Delivery.query(tx).orderBy('delivered_at', 'desc').first();
    return { ok: true, text: last === undefined ? 'Nothing announced yet.' : `Last announcement ${last.delivered_at.toISOString()}.` };
  },

  async test(deps, scope, settings) {
    const status = await announce(deps, scope, settings, { test: true });
    return status < 300 ? { ok: true, text: 'The receiver answered.' } : { ok: false, text: `The receiver answered with status ${status}.` };
  },

  register(server, deps) {
    server.route({
      method: 'GET', path: '/',
      handler: async (request, h) => h.page('appointment-webhook/deliveries', await deps.withWorkspace(scopeOf(request), async (tx) => {
        authorize(tx, 'appointment-webhook.delivery.read');
        const deliveries = await Delivery.query(tx).orderBy('delivered_at', 'desc').limit(50);
        record(tx, { action: 'appointment-webhook.delivery.listed', detail: { shown: deliveries.length } });
        return { deliveries: deliveries.map(({ appointment_id, delivered_at }) => ({ appointmentId: appointment_id, at: delivered_at })) };
      })),
    });
  },
});

async function announce(deps: PluginDeps, scope: Scope, settings: Settings, message: object): Promise<number> {
  const body = JSON.stringify(message);
  const signature = createHmac('sha256', settings.secret).update(body).digest('hex');
  const answer = await deps.send(scope, settings.url, { method: 'POST', body, headers: { 'content-type': 'application/json', 'x-signature': signature } });
  return answer.status;
}
