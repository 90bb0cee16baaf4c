import Joi from 'joi';
import { faultCatalog, type FaultCode } from '../../errors.ts';
import { API_PREFIX, type ApiRoute } from './api-route.ts';
import { jsonSchemaOf, type JsonSchema } from './json-schema.ts';

type Parameter = { name: string; in: 'path' | 'query' | 'header'; required: boolean; schema: unknown; description?: string };
type Operation = {
  operationId: string; tags: string[]; summary: string; description?: string; parameters?: Parameter[]; requestBody?: unknown; responses: Record<string, unknown>;
  'x-capability': string | null;
};
export type OpenApi = { openapi: '3.1.0'; info: object; servers: object[]; security: object[]; tags: { name: string }[]; paths: Record<string, Record<string, Operation>>; components: object };

/** RFC 9457, as core/http/refusals.ts writes it. */
const problemSchema = (): Joi.ObjectSchema => Joi.object({
  type: Joi.string().required(), title: Joi.string().required(), status: Joi.number().integer().required(), code: Joi.string().valid(...faultCatalog().map(({ code }) => code)).required(),
  requestId: Joi.string().required(), fields: Joi.array().items(Joi.object({ path: Joi.string().allow('').required(), text: Joi.string().required() })),
});

/** The API in OpenAPI 3.1, made from the same declarations that serve it. */
export function describeApi(routes: readonly ApiRoute[]): OpenApi {
  const paths: OpenApi['paths'] = {};
  const schemas: Record<string, JsonSchema> = { Problem: jsonSchemaOf(problemSchema(), 'output') };
  for (const route of routes) {
    for (const { name, schema } of Object.values(route.responses)) if (name !== undefined && schema !== undefined) schemas[name] = jsonSchemaOf(schema, 'output');
    (paths[API_PREFIX + route.path] ??= {})[route.method.toLowerCase()] = describeOperation(route);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Wardkeep', version: '1', description: 'Patients, activities, appointments and the audit of a practice. Same rules and same record as the pages.' },
    servers: [{ url: '/' }],
    security: [{ serviceAccount: [] }, { session: [] }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        serviceAccount: { type: 'http', scheme: 'bearer', description: 'A service account’s token. Its scopes are capabilities.' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-wardkeep', description: 'A signed-in browser; writes also send X-CSRF-Token.' },
      },
      schemas,
    },
  };
}

function describeOperation(route: ApiRoute): Operation {
  const parameters = [...parametersOf(route.params, 'path'), ...parametersOf(route.query, 'query')];
  if (route.ifMatch) parameters.push({ name: 'If-Match', in: 'header', required: true, schema: { type: 'string' }, description: 'The ETag last read.' });
  if (route.idempotent) parameters.push({ name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', maxLength: 200 }, description: 'Repeating the request with the same key within a day gives the first answer again.' });
  const responses: Operation['responses'] = {};
  for (const [status, { description, schema, name }] of Object.entries(route.responses)) {
    const content = schema === undefined ? undefined : { 'application/json': { schema: name === undefined ? jsonSchemaOf(schema, 'output') : { $ref: `#/components/schemas/${name}` } } };
    responses[status] = { description, ...(content === undefined ? {} : { content }) };
  }
  for (const [status, codes] of refusalsOf(route)) {
    responses[status] = { description: codes.map(({ code, text }) => `\`${code}\`: ${text}`).join('\n\n'), content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } };
  }
  return {
    operationId: route.operation, tags: [route.tag], summary: route.summary, ...(route.description === undefined ? {} : { description: route.description }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': { schema: jsonSchemaOf(route.body, 'input') } } } }),
    responses,
    'x-capability': route.capability,
  };
}

function parametersOf(schema: Joi.ObjectSchema | undefined, place: 'path' | 'query'): Parameter[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchemaOf(schema, 'input') as { properties?: Record<string, unknown>; required?: string[] };
  return Object.entries(properties).map(([name, property]) => ({ name, in: place, required: place === 'path' || required.includes(name), schema: property }));
}

/** Refusals by status: those of every operation, those its shape implies and those it names. */
export function refusalsOf(route: ApiRoute): [status: number, codes: { code: FaultCode; text: string }[]][] {
  const codes: FaultCode[] = ['session.required', 'session.expired', 'token.refused', 'request.too_many', 'system.unavailable'];
  if (route.params !== undefined || route.query !== undefined || route.body !== undefined) codes.push('request.invalid');
  if (route.method !== 'GET') codes.push('request.not_json', 'request.media_type', 'request.too_large', 'request.forged');
  if (route.capability !== null) codes.push('access.denied', 'access.scope_missing');
  if (route.ifMatch) codes.push('request.precondition_required', 'request.stale');
  if (route.idempotent) codes.push('request.idempotency_mismatch');
  codes.push(...(route.refusals ?? []));
  const catalog = new Map(faultCatalog().map((entry) => [entry.code, entry]));
  const byStatus = new Map<number, { code: FaultCode; text: string }[]>();
  for (const code of new Set(codes)) {
    const entry = catalog.get(code);
    if (entry === undefined) throw new Error(`${route.operation} names ${code}, which core/errors.ts does not have.`);
    byStatus.set(entry.status, [...(byStatus.get(entry.status) ?? []), { code, text: entry.text }]);
  }
  return [...byStatus].sort(([a], [b]) => a - b);
}
