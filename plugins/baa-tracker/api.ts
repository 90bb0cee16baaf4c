import { apiRoute, authorize, Joi, record, type ApiRoute, type Tx } from '../../core/plugin.ts';
import { isInForce } from './agreements/days-in-force.ts';
import { obligationsOf } from './agreements/obligations.ts';
import { STATUSES } from './agreements/states.ts';
import { readRegister, standingOf } from './register/read-register.ts';
import { AGREEMENT_KINDS, PHI_CLASSES } from './vocabulary.ts';

const id = Joi.string().guid({ separator: '-', wrapper: false });
const dayText = Joi.string().pattern(/^\d{4}-\d{2}-\d{2}$/);

const agreementSchema = Joi.object({
  id: id.required(), subprocessorId: id.required(), kind: Joi.string().valid(...Object.keys(AGREEMENT_KINDS)).required(), title: Joi.string().required(), status: Joi.string().valid(...STATUSES).required(), isInForce: Joi.boolean().required(),
  effectiveOn: dayText.required(), expiresOn: dayText.allow(null).required(), renewalMonths: Joi.number().integer().allow(null).required(), noticeDays: Joi.number().integer().required(), breachNoticeHours: Joi.number().integer().allow(null).required(), ownerId: id.required(),
});
const subprocessorSchema = Joi.object({
  id: id.required(), name: Joi.string().required(), service: Joi.string().required(), purpose: Joi.string().required(), phiClass: Joi.string().valid(...Object.keys(PHI_CLASSES)).required(), dataElements: Joi.array().items(Joi.string()).required(),
  location: Joi.string().required(), isOperator: Joi.boolean().required(), inUse: Joi.boolean().required(), standing: Joi.string().valid('covered', 'missing', 'not needed').required(), agreements: Joi.array().items(agreementSchema).required(),
});
const obligationSchema = Joi.object({
  agreementId: id.required(), subprocessor: Joi.string().required(), obligation: Joi.string().valid('breach_notice', 'security_incident_notice').required(), hours: Joi.number().integer().required(), dueAt: Joi.string().isoDate().required(),
});

type ObligationsQuery = { discoveredAt: Date; subprocessor?: string };

export const BAA_API: readonly ApiRoute[] = [
  apiRoute({
    operation: 'listSubprocessors', method: 'GET', path: '/subprocessors', tag: 'Agreements', capability: 'baa-tracker.register.read', summary: 'The agreement register',
    description: 'Everybody who is handed data, and every agreement with them.',
    responses: { 200: { description: 'All of it', name: 'AgreementRegister', schema: Joi.object({ today: dayText.required(), items: Joi.array().items(subprocessorSchema).required() }) } },
    handler: async (tx) => ({ body: await listRegister(tx) }),
  }),
  apiRoute({
    operation: 'listObligations', method: 'GET', path: '/obligations', tag: 'Agreements', capability: 'baa-tracker.register.read', summary: 'By when whom must be told',
    description: 'For an incident discovered at a moment: each agreement in force that sets a time to tell the other side, and the moment it ends. The earliest first.',
    query: Joi.object<ObligationsQuery>({ discoveredAt: Joi.date().iso().min('1000-01-01').max('9998-12-31').required(), subprocessor: Joi.string().max(120) }),
    responses: { 200: { description: 'Every clock that runs', name: 'ObligationList', schema: Joi.object({ items: Joi.array().items(obligationSchema).required() }) } },
    handler: async (tx, { query }) => ({ body: { items: await readObligations(tx, query) } }),
  }),
];

async function listRegister(tx: Tx): Promise<object> {
  authorize(tx, 'baa-tracker.register.read');
  const register = await readRegister(tx);
  record(tx, { action: 'baa-tracker.register.listed', detail: { subprocessors: register.subprocessors.length, agreements: register.agreements.length } });
  return {
    today: register.today,
    items: register.subprocessors.map((row) => ({
      id: row.id, name: row.name, service: row.service, purpose: row.purpose, phiClass: row.phi_class, dataElements: row.data_elements, location: row.location, isOperator: row.is_operator, inUse: row.in_use, standing: standingOf(register, row),
      agreements: register.agreements.filter(({ subprocessor_id }) => subprocessor_id === row.id).map((each) => ({
        id: each.id, subprocessorId: each.subprocessor_id, kind: each.kind, title: each.title, status: each.status, isInForce: isInForce(each, register.today), effectiveOn: each.effective_on, expiresOn: each.expires_on,
        renewalMonths: each.renewal_months, noticeDays: each.notice_days, breachNoticeHours: each.breach_notice_hours, ownerId: each.owner_id,
      })),
    })),
  };
}

async function readObligations(tx: Tx, { discoveredAt, subprocessor }: ObligationsQuery): Promise<object[]> {
  authorize(tx, 'baa-tracker.register.read');
  return (await obligationsOf(tx, { discoveredAt, subprocessor: subprocessor ?? null })).map(({ dueAt, ...clock }) => ({ ...clock, dueAt: dueAt.toISOString() }));
}
