import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import { Fault, Joi, record, scopeOf, settingsOf } from '../../../core/plugin.ts';
import type { PluginDeps, PluginRoute, PluginServer } from '../../../core/plugin.ts';
import { BASE, slugOf } from '../connections.ts';
import type { Settings } from '../settings.ts';
import { resourceTypes, schemas, serviceProviderConfig } from './discovery-resources.ts';
import { parseFilter } from './filter.ts';
import type { Comparison } from './filter.ts';
import { createGroup, listGroups, patchGroup, readGroupById, removeGroup, replaceGroup } from './groups.ts';
import { listResponse, pageOf } from './page.ts';
import type { Listed, Page } from './page.ts';
import type { Operation, Resource } from './patch.ts';
import { ScimError } from './scim-error.ts';
import { isScimClient } from './tokens.ts';
import { userResource } from './user-resource.ts';
import { createUser, listUsers, patchUser, readKnown, removeUser, replaceUser } from './users.ts';
import type { ScimContext } from './users.ts';

type Call = { readonly context: ScimContext; readonly request: Request; readonly id: string; readonly ifMatch: string | null };
type Answer = { readonly status: number; readonly body: Resource | null };
type Work = (call: Call) => Promise<Answer>;

const OPTIONS: NonNullable<PluginRoute['options']> = { auth: false, plugins: { wardkeep: { openBecause: 'A directory proves itself by a token of its own.', evenWhenLapsed: true } } };
const WITH_BODY: NonNullable<PluginRoute['options']> = { ...OPTIONS, payload: { maxBytes: 1_048_576, allow: ['application/scim+json', 'application/json'] } };

const ok = async (body: Promise<Resource> | Resource, status = 200): Promise<Answer> => ({ status, body: await body });
const gone = async (work: Promise<void>): Promise<Answer> => (await work, { status: 204, body: null });

/** `/plugins/sso/{workspace}/scim/v2` (RFC 7644). */
export function registerScim(server: PluginServer, deps: PluginDeps): void {
  const route = (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, work: Work): PluginRoute => ({
    method, path: `/{workspace}/scim/v2${path}`, options: method === 'GET' || method === 'DELETE' ? OPTIONS : WITH_BODY, handler: (request, h) => serve(deps, request, h, work),
  });
  server.route([
    route('GET', '/ServiceProviderConfig', ({ context: { at } }) => ok(serviceProviderConfig(at))),
    route('GET', '/ResourceTypes', ({ context: { at } }) => ok(whole(resourceTypes(at)))),
    route('GET', '/Schemas', ({ context: { at } }) => ok(whole(schemas(at)))),
    route('GET', '/Users', ({ context, request }) => list(request, (filter, page) => listUsers(context, filter, page))),
    route('POST', '/Users', ({ context, request }) => ok(createUser(context, request.payload), 201)),
    route('GET', '/Users/{id}', async ({ context, id }) => { const { user, row } = await readKnown(context.tx, id); return ok(userResource(user, row, context.at)); }),
    route('PUT', '/Users/{id}', ({ context, id, request, ifMatch }) => ok(replaceUser(context, id, request.payload, ifMatch))),
    route('PATCH', '/Users/{id}', ({ context, id, request, ifMatch }) => ok(patchUser(context, id, operationsOf(request), ifMatch))),
    route('DELETE', '/Users/{id}', ({ context, id, ifMatch }) => gone(removeUser(context, id, ifMatch))),
    route('GET', '/Groups', ({ context, request }) => list(request, (filter, page) => listGroups(context, filter, page))),
    route('POST', '/Groups', ({ context, request }) => ok(createGroup(context, request.payload), 201)),
    route('GET', '/Groups/{id}', ({ context, id }) => ok(readGroupById(context, id))),
    route('PUT', '/Groups/{id}', ({ context, id, request, ifMatch }) => ok(replaceGroup(context, id, request.payload, ifMatch))),
    route('PATCH', '/Groups/{id}', ({ context, id, request, ifMatch }) => ok(patchGroup(context, id, operationsOf(request), ifMatch))),
    route('DELETE', '/Groups/{id}', ({ context, id, ifMatch }) => gone(removeGroup(context, id, ifMatch))),
  ]);
}

async function serve(deps: PluginDeps, request: Request, h: ResponseToolkit, work: Work): Promise<ResponseObject> {
  const scope = scopeOf(request);
  try {
    const isClient = await deps.withWorkspace(scope, (tx) => isScimClient(tx, request.headers['authorization']));
    if (!isClient) throw new ScimError(401, 'A live provisioning token is needed.');
    const { status, body } = await deps.withWorkspace(scope, async (tx) => {
      const context = { tx, settings: await settingsOf<Settings>(tx, 'sso'), at: `${deps.origin}${BASE}/${await slugOf(tx)}/scim/v2` };
      return work({ context, request, id: idOf(request), ifMatch: headerOf(request, 'if-match') });
    });
    return answer(request, h, status, body);
  } catch (error) {
    const told = error instanceof ScimError ? error : error instanceof Fault ? new ScimError(error.status, error.message) : null;
    if (told === null) throw error;
    if (told.status === 401) await deps.withWorkspace(scope, async (tx) => record(tx, { action: 'sso.scim.refused', outcome: 'refused' }));
    return h.response(told.toBody()).code(told.status).type('application/scim+json');
  }
}

function answer(request: Request, h: ResponseToolkit, status: number, body: Resource | null): ResponseObject {
  if (body === null) return h.response().code(status);
  const { location, version } = (body['meta'] ?? {}) as { location?: string; version?: string };
  if (version !== undefined && request.method === 'get' && request.headers['if-none-match'] === version) return h.response().code(304).header('etag', version);
  const response = h.response(chosen(body, request.query)).code(status).type('application/scim+json');
  if (version !== undefined) response.header('etag', version);
  return location !== undefined && status === 201 ? response.location(location) : response;
}

/** 3.9: `attributes` and `excludedAttributes`, by their first part; `schemas` and `id` always come. */
function chosen(body: Resource, { attributes, excludedAttributes }: Record<string, unknown>): Resource {
  const names = (value: unknown): string[] => String(value).split(',').map((each) => (each.trim().split('.')[0] ?? '').toLowerCase());
  const pick = (resource: Resource): Resource => Object.fromEntries(Object.entries(resource).filter(([key]) => {
    if (key === 'schemas' || key === 'id') return true;
    return attributes !== undefined ? names(attributes).includes(key.toLowerCase()) : excludedAttributes === undefined || !names(excludedAttributes).includes(key.toLowerCase());
  }));
  return Array.isArray(body['Resources']) ? { ...body, Resources: (body['Resources'] as Resource[]).map(pick) } : pick(body);
}

const whole = (resources: readonly Resource[]): Resource => listResponse({ total: resources.length, resources }, { startIndex: 1, count: resources.length });

async function list({ query }: Request, find: (filter: readonly Comparison[], page: Page) => Promise<Listed>): Promise<Answer> {
  const page = pageOf(query);
  return ok(listResponse(await find(query['filter'] === undefined ? [] : parseFilter(String(query['filter'])), page), page));
}

const patchBody = Joi.object({ Operations: Joi.array().min(1).max(1_000).items(Joi.object({ op: Joi.string().max(20).required(), path: Joi.string().max(2_048), value: Joi.any() }).unknown()).required() }).unknown();

function operationsOf({ payload }: Request): readonly Operation[] {
  const { error, value } = patchBody.validate(payload, { convert: false });
  if (error) throw new ScimError(400, 'Operations is a list of operations.', 'invalidSyntax');
  return (value as { Operations: Operation[] }).Operations;
}

function idOf({ params }: Request): string {
  const id = params['id'] as string | undefined;
  if (id !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) throw new ScimError(404, 'There is nothing of this id.');
  return id?.toLowerCase() ?? '';
}

function headerOf({ headers }: Request, name: string): string | null {
  const value: unknown = headers[name];
  return typeof value === 'string' ? value : null;
}
