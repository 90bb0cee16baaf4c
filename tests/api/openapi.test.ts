import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import t from 'tap';
import { CAPABILITIES, capabilityRule } from '../../core/access/capabilities.ts';
import { apiRoutesOf, API_PREFIX, type ApiRoute } from '../../core/http/api/api-route.ts';
import { openPractice, type Call, type Json } from './open-server.ts';
import { pathOf, SAMPLES, type Maker, type Sample } from './operation-samples.ts';

const practice = await openPractice(t);
const { server, people } = practice;
const everything = Object.keys(CAPABILITIES);
const call = await practice.agent(everything);
const routes = apiRoutesOf(server);
const description = (await server.inject({ url: `${API_PREFIX}/openapi.json` })).result as Json;

const ajv = new Ajv2020({ strict: false, allErrors: true });
(addFormats as unknown as (ajv: unknown) => void)(ajv);
ajv.addSchema({ $id: 'openapi', components: description.components });

/** The schema in the description, at a pointer, as a check of a body. */
function faultsOf(schema: object, body: unknown): unknown {
  const local = JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/')) as object;
  const check = ajv.compile(local);
  return check(body) ? null : check.errors;
}

async function send(via: Call, route: ApiRoute, sample: Sample, headers: Record<string, string> = {}) {
  return via(route.method, pathOf(route.path, sample), sample.body, { ...(sample.version === undefined ? {} : { 'if-match': `"${sample.version}"` }), ...headers });
}

const sampleOf = async (route: ApiRoute, maker: Maker = { call, practice }): Promise<Sample> => {
  const make = SAMPLES[route.operation];
  if (make === undefined) throw new Error(`${route.operation} has no sample in operation-samples.ts.`);
  return make(maker);
};

t.test('every route below /api/v1 is documented, and nothing else is', async (t) => {
  const registered = server.table().filter((entry) => entry.path.startsWith(API_PREFIX) && entry.method !== '*' && entry.path !== `${API_PREFIX}/openapi.json`).map((entry) => `${entry.method} ${entry.path}`).sort();
  const documented = Object.entries(description.paths as Record<string, object>).flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method} ${path}`)).sort();
  t.same(documented, registered);
  t.equal(new Set(routes.map(({ operation }) => operation)).size, routes.length, 'operation ids are unique');
  t.same(Object.keys(SAMPLES).filter((operation) => !routes.some((route) => route.operation === operation)), [], 'no sample without its operation');
});

t.test('every operation answers as its description says', async (t) => {
  for (const route of routes) {
    const reply = await send(call, route, await sampleOf(route));
    const documented = description.paths[API_PREFIX + route.path][route.method.toLowerCase()].responses[reply.status];
    if (!t.ok(documented && reply.status < 300, `${route.operation}: ${reply.status} ${reply.status < 300 ? '' : reply.text}`)) continue;
    const schema = documented.content?.['application/json']?.schema;
    if (schema === undefined) t.equal(reply.text, '', `${route.operation} sends no body`);
    else t.equal(faultsOf(schema, reply.body), null, `${route.operation}: body`);
  }
});

t.test('the check can fail', async (t) => {
  t.ok(faultsOf({ $ref: '#/components/schemas/Contact' }, { id: 'x' }));
  t.ok(faultsOf({ $ref: '#/components/schemas/Problem' }, { code: 'made.up' }));
});

t.test('a role that lacks the capability, and a token that lacks its scope, get 403', async (t) => {
  const roles = await Promise.all([people.admin, people.manager, people.agent, people.readonly].map(async (person) => ({ person, via: await practice.as(person) })));
  for (const route of routes) {
    const { capability } = route;
    if (capability === null) continue;
    const sample = await sampleOf(route);
    const token = await practice.agent(everything.filter((scope) => scope !== capability));
    const byToken = await send(token, route, sample);
    t.match(byToken, { status: 403, body: { code: 'access.scope_missing' } }, `${route.operation} without the scope ${capability}`);
    t.equal(faultsOf({ $ref: '#/components/schemas/Problem' }, byToken.body), null);
    const { roles: holders } = capabilityRule(capability);
    for (const { person, via } of roles.filter((role) => !(holders as readonly string[]).includes(role.person.role))) {
      t.match(await send(via, route, sample), { status: 403, body: { code: 'access.denied' } }, `${route.operation} as ${person.role}`);
    }
  }
});

t.test('nobody in without signing in', async (t) => {
  for (const route of routes) {
    const { statusCode, payload } = await server.inject({ method: route.method, url: API_PREFIX + pathOf(route.path, { params: { id: people.agent.id } }), headers: { 'sec-fetch-site': 'same-origin' } });
    t.equal(statusCode, 401, route.operation);
    t.equal(faultsOf({ $ref: '#/components/schemas/Problem' }, JSON.parse(payload)), null);
  }
});

t.test('a body that names a workspace is refused', async (t) => {
  for (const route of routes.filter(({ body }) => body !== undefined)) {
    const sample = await sampleOf(route);
    for (const key of ['workspaceId', 'workspace_id']) {
      const reply = await send(call, route, { ...sample, body: { ...(sample.body as object), [key]: practice.other.workspaceId } });
      t.match(reply, { status: 400, body: { code: 'request.invalid', fields: [{ path: key }] } }, `${route.operation} with ${key}`);
    }
  }
});

t.test('updates ask for If-Match, creates accept Idempotency-Key', async (t) => {
  for (const route of routes.filter(({ ifMatch }) => ifMatch)) {
    const sample = await sampleOf(route);
    const { version: _version, ...unnamed } = sample;
    t.match(await send(call, route, unnamed), { status: 428 }, `${route.operation} without`);
    t.match(await send(call, route, { ...sample, version: 99 }), { status: 412 }, `${route.operation} stale`);
  }
  for (const route of routes.filter(({ idempotent }) => idempotent)) {
    const sample = await sampleOf(route);
    const key = { 'idempotency-key': `key of ${route.operation}`.replaceAll(' ', '-') };
    const [first, second] = [await send(call, route, sample, key), await send(call, route, sample, key)];
    t.same([second.status, second.body, second.headers['location'], second.headers['etag']], [first.status, first.body, first.headers['location'], first.headers['etag']], `${route.operation} repeated`);
  }
});
