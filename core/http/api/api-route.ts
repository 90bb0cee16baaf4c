import type { Request, ResponseObject, ResponseToolkit, Server, ServerRoute } from '@hapi/hapi';
import Joi from 'joi';
import { authorize } from '../../access/authorize.ts';
import type { Capability } from '../../access/capabilities.ts';
import type { App } from '../../app.ts';
import type { Scope, Tx } from '../../db/scope.ts';
import { fault, type FaultCode } from '../../errors.ts';
import { authorizedBeforeBody } from '../before-body.ts';
import { scopeOf } from '../credentials.ts';
import { parse, pathOfText } from '../refusals.ts';
import { readIfMatch } from './etag.ts';
import { answerOnce, readIdempotencyKey } from './idempotency.ts';

export const API_PREFIX = '/api/v1';

/** What a handler is given: everything parsed, nothing left to check but the rule of the action itself. */
export type ApiCall<P, Q, B> = {
  readonly app: App;
  readonly scope: Scope;
  readonly request: Request;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** The version that If-Match named; 0 where the route does not ask for one. */
  readonly version: number;
};

/** `body` is sent as JSON; `version` becomes the ETag; `location` is a path below /api/v1. */
export type ApiAnswer = { readonly status?: number; readonly body?: unknown; readonly version?: number; readonly location?: string };

export type ApiResponse = { readonly description: string; readonly schema?: Joi.Schema; /** Name among the description's schemas, where several operations share one. */ readonly name?: string };

/** `signature`: the same for callers who see the same. */
export type Seen = { readonly query?: Joi.ObjectSchema; readonly body?: Joi.ObjectSchema; readonly responses?: Readonly<Record<number, ApiResponse>>; readonly signature: string };

export type ApiRoute<P = unknown, Q = unknown, B = unknown> = {
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below /api/v1. */
  readonly path: `/${string}`;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** What the actor's role and the token's scopes must hold; null: being signed in is enough. */
  readonly capability: Capability | null;
  readonly params?: Joi.ObjectSchema<P>;
  readonly query?: Joi.ObjectSchema<Q>;
  readonly body?: Joi.ObjectSchema<B>;
  readonly maxBytes?: number;
  /** A POST that changes nothing. */
  readonly readOnly?: true;
  /** An update: If-Match is required (428) and must name the present version (412). */
  readonly ifMatch?: true;
  /** A create: with an Idempotency-Key it happens once, and every repetition gets the first answer. */
  readonly idempotent?: true;
  /** Where callers see different keys: what this one may send and is answered with. Asked in the call's own transaction, and for its description. */
  readonly asSeenIn?: (tx: Tx) => Promise<Seen>;
  /** Answers when all goes well, by status. */
  readonly responses: Readonly<Record<number, ApiResponse>>;
  /** Refusals of its own, beside those every operation has. */
  readonly refusals?: readonly FaultCode[];
} & (
  /** One transaction, sealed and committed before the answer goes out. A function makes the answer while it commits (`Tx.whileCommitting`). */
  | { handler(tx: Tx, call: ApiCall<P, Q, B>): Promise<ApiAnswer | (() => ApiAnswer)> }
  /** For work that is more than one transaction, such as an upload. */
  | { process(call: ApiCall<P, Q, B>): Promise<ApiAnswer> }
);

declare module '@hapi/hapi' {
  interface PluginSpecificConfiguration {
    api?: ApiRoute;
  }
}

/** Declares an operation: the route, its documentation and its tests all read this one value. */
export function apiRoute<P, Q, B>(route: ApiRoute<P, Q, B>): ApiRoute {
  return route as unknown as ApiRoute;
}

const NOTHING = Joi.object({});
/** Without a schema nothing may come; that nothing came needs no validation. */
const parsePart = (schema: Joi.Schema | undefined, part: object): unknown => (schema === undefined && Object.keys(part).length === 0 ? {} : parse(schema ?? NOTHING, part));
/**
 * JSON is UTF-8, whatever charset a request names (RFC 8259 section 8.1). Of bytes that are not, the decoder leaves U+FFFD: a name sent in Latin-1
 * would be kept as one nobody can read any more.
 * @throws Fault request.invalid
 */
function inUtf8<T>(payload: T): T {
  const path = pathOfText(payload, (text) => text.includes('\ufffd'));
  if (path !== null) throw fault('request.invalid', { fields: [{ path: path.join('.'), text: `${path.at(-1) ?? 'value'} holds U+FFFD, which stands for lost text: send UTF-8` }] });
  return payload;
}
const STRATEGIES = ['token', 'session'];
const JSON_TYPES = ['application/json', 'application/merge-patch+json'];

/** Operations as hapi routes: `server.route(apiRoutes(app, CONTACT_API))`. */
export function apiRoutes(app: App, routes: readonly ApiRoute[]): ServerRoute[] {
  return routes.map((route) => ({
    method: route.method,
    path: API_PREFIX + route.path,
    options: {
      auth: { strategies: [...STRATEGIES] },
      plugins: { api: route },
      ...(route.maxBytes === undefined || route.capability === null ? {} : { ext: authorizedBeforeBody(app, route.capability, STRATEGIES) }),
      ...(route.method === 'GET' ? {} : { payload: { allow: JSON_TYPES, ...(route.maxBytes === undefined ? {} : { maxBytes: route.maxBytes }) } }),
    },
    handler: (request, h) => handle(app, route, request, h),
  }));
}

/** Every declared operation of a composed server, in the order of their paths. */
export function apiRoutesOf(server: Server): ApiRoute[] {
  const routes = server.table().flatMap((entry) => entry.settings.plugins?.api ?? []);
  return routes.sort((a, b) => (a.path === b.path ? a.method.localeCompare(b.method) : a.path.localeCompare(b.path)));
}

async function handle(app: App, route: ApiRoute, request: Request, h: ResponseToolkit): Promise<ResponseObject> {
  const scope = scopeOf(request);
  const parsed = ({ query, body }: Pick<ApiRoute, 'query' | 'body'>): ApiCall<unknown, unknown, unknown> => ({
    app, scope, request,
    params: parsePart(route.params, request.params),
    query: parsePart(query, request.query),
    body: route.method === 'GET' ? undefined : parse(body ?? NOTHING, inUtf8(request.payload ?? {})),
    version: route.ifMatch ? readIfMatch(request.headers['if-match']) : 0,
  });
  if ('process' in route) return respond(await route.process(parsed(route)), h);
  const same = route.asSeenIn === undefined ? parsed(route) : null; // refused without a transaction where nobody sees it otherwise
  const key = route.idempotent ? readIdempotencyKey(request.headers['idempotency-key']) : null;
  let answer: ApiAnswer = {};
  await app.withWorkspace(scope, async (tx) => {
    const seen = await route.asSeenIn?.(tx);
    const call = same ?? parsed({ ...route, ...seen });
    if (key === null) {
      const made = await route.handler(tx, call);
      if (typeof made === 'function') return tx.whileCommitting(() => void (answer = made()));
      answer = made;
      return;
    }
    if (route.capability !== null) authorize(tx, route.capability); // a repetition, too, is answered only to those who may
    const act = async () => { const made = await route.handler(tx, call); return typeof made === 'function' ? made() : made; };
    answer = await answerOnce(tx, app.formKey, key, [route.operation, call.params, call.query, call.body, ...(seen === undefined ? [] : [seen.signature])], act);
  });
  return respond(answer, h);
}

function respond({ status = 200, body, version, location }: ApiAnswer, h: ResponseToolkit): ResponseObject {
  const response = body === undefined ? h.response().code(204) : h.response(body as object).type('application/json').code(status);
  if (version !== undefined) response.etag(String(version));
  return location === undefined ? response : response.header('location', API_PREFIX + location);
}
