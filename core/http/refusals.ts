import type { Boom } from '@hapi/boom';
import type { Plugin, Request, ResponseObject, ServerExtOptions } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../app.ts';
import { sqlstateOf } from '../db/database-error.ts';
import { isDatabaseUnavailable } from '../db/unavailable.ts';
import { Fault, fault, type FaultCode } from '../errors.ts';

const NAME = 'wardkeep-refusals';

/**
 * For steps that put headers or cookies on an answer: a refusal is another answer than what was thrown, and whatever was put on that is lost. Said
 * outright, since one plugin that must come before the refusals moves them behind everything that does not say so.
 */
export const AFTER_REFUSALS: ServerExtOptions = { after: NAME };

/**
 * Turns whatever was thrown into an answer: RFC 9457 problem+json for the API, a page for people. Faults keep their code, status and text;
 * a database that is away is `system.unavailable`; anything else is a programmer error, logged without its message and answered with
 * `system.fault` (design invariant 9).
 */
export const refusalsPlugin: Plugin<{ app: App }> = {
  name: NAME,
  register(server, { app }) {
    // No body, and JSON's null, is a form with nothing in it: handlers look into it, and pages that show a form again do.
    server.ext('onPostAuth', (request, h) => {
      if (request.payload === null) Object.assign(request, { payload: {} });
      return h.continue;
    });

    // Replaces the response without takeover(), which would skip the other onPreResponse steps: headers and cookies belong on refusals too.
    server.ext('onPreResponse', (request, h) => {
      const { response } = request;
      if (!('isBoom' in response)) return h.continue;
      const refusal = toFault(request.plugins.refusedFirst ?? response);
      if (refusal.status >= 500) app.log.error('request failed', { requestId: request.info.id, route: request.route.path, method: request.method, err: request.plugins.refusedFirst ?? response });
      if (isApi(request)) {
        const answer = withHeaders(refusal, h.response(problemOf(refusal, request)).type('application/problem+json').code(refusal.status));
        return refusal.status === 401 ? answer.header('www-authenticate', 'Bearer') : answer; // RFC 9110 §11.6.1, RFC 6750 §3
      }
      if (refusal.status === 401 && request.method === 'get' && wantsHtml(request)) {
        return h.redirect(`/sign-in?return=${encodeURIComponent(request.path + request.url.search)}`);
      }
      const { status, code, message } = isAboutAddress(refusal, request) ? fault('route.not_found') : refusal;
      return withHeaders(refusal, h.page('pages/error', { status, code, text: message }).code(status));
    });
  },
};

declare module '@hapi/hapi' {
  interface PluginsStates {
    /** Comes before what the request was refused for. */
    refusedFirst?: Boom | Fault;
  }
}

/** When to come again and what may be asked instead (RFC 9110 §10.2.3, §10.2.1). */
function withHeaders({ retryAfterS, allow }: Fault, answer: ResponseObject): ResponseObject {
  if (retryAfterS !== null) answer.header('retry-after', String(retryAfterS));
  if (allow !== null) answer.header('allow', allow.join(', '));
  return answer;
}

export function problemOf(refusal: Fault, request: Request): object {
  return {
    type: `urn:wardkeep:error:${refusal.code}`, title: refusal.message, status: refusal.status, code: refusal.code, requestId: request.info.id,
    ...(refusal.fields.length > 0 ? { fields: refusal.fields } : {}),
  };
}

/** Whoever asks is a program: by the address, or by naming JSON and no page among what it takes (`application/scim+json` is one). */
export function isApi(request: Request): boolean {
  const accept = String(request.headers['accept'] ?? '');
  return request.path.startsWith('/api/') || (/\bapplication\/([\w.-]+\+)?json\b/.test(accept) && !accept.includes('text/html'));
}

/** Nobody filled in a field: an id in the address is none. */
function isAboutAddress({ code, fields }: Fault, request: Request): boolean {
  return code === 'request.invalid' && fields.length > 0 && fields.every(({ path }) => path in request.params);
}

function wantsHtml(request: Request): boolean {
  return /text\/html|\*\/\*/.test(String(request.headers['accept'] ?? '*/*'));
}

/** character_not_in_repertoire: text that came past `parse`, as a plugin may let it, and holds what PostgreSQL has no place for. */
const NO_CHARACTER = '22021';
/** unique_violation: of two who wrote the same at the same moment, the second. Who comes later is told by the act itself, which has looked. */
const WRITTEN_TWICE = '23505';

/** What two acts were at cross purposes about is over at once; PostgreSQL is back from a restart in a few seconds (RFC 9110 §15.6.4). */
const UNAVAILABLE_RETRY_AFTER_S = 2;

const BY_STATUS: Readonly<Record<number, FaultCode>> = {
  400: 'request.invalid', 401: 'session.required', 403: 'access.denied', 404: 'route.not_found', 405: 'method.not_allowed', 409: 'request.conflict',
  413: 'request.too_large', 415: 'request.media_type', 429: 'request.too_many', 503: 'system.unavailable',
};

function toFault(boom: Boom | Fault): Fault {
  if (boom instanceof Fault) return boom;
  const { statusCode } = boom.output;
  if (statusCode === 500 && isDatabaseUnavailable(boom)) return fault('system.unavailable', { cause: boom, retryAfterS: UNAVAILABLE_RETRY_AFTER_S });
  if (statusCode === 500 && sqlstateOf(boom) === NO_CHARACTER) return fault('request.invalid', { cause: boom });
  if (statusCode === 500 && sqlstateOf(boom) === WRITTEN_TWICE) return fault('request.conflict', { cause: boom });
  // hapi's own refusals: unparsable payloads, bodies over the limit, unknown routes.
  if (statusCode === 400 && /JSON/i.test(boom.message)) return fault('request.not_json');
  return fault(BY_STATUS[statusCode] ?? (statusCode < 500 ? 'request.invalid' : 'system.fault'), { cause: boom });
}

/**
 * Parses input at the edge: what passes is typed inside, unknown keys are refused.
 * @throws Fault request.invalid with one entry per field; texts name the rule, never the value.
 */
export function parse<T>(schema: Joi.Schema<T>, input: unknown): T {
  const { value, error } = schema.validate(input, { abortEarly: false, allowUnknown: false, stripUnknown: false, convert: true, errors: { wrap: { label: false }, label: 'key' } });
  if (error !== undefined) throw fault('request.invalid', { fields: error.details.map((detail) => ({ path: detail.path.join('.'), text: sayFault(detail) })) });
  const path = pathOfText(value, isNoText);
  if (path !== null) throw fault('request.invalid', { fields: [{ path: path.join('.'), text: `${path.at(-1) ?? 'value'} holds a NUL or half a character, which is no text` }] });
  return value as T;
}

/**
 * What JSON can write and nothing can keep: PostgreSQL has no place for U+0000, and half of a surrogate pair would become another character
 * (RFC 8259, 8.2; RFC 7493, 2.1).
 */
const isNoText = (text: string): boolean => text.includes('\0') || !text.isWellFormed();

type Place = { readonly value: unknown; readonly key: string; readonly above: Place | null };

/** Where the first such string is, or null. How deep lists lie in lists is the sender's choice, so nothing calls itself here. */
export function pathOfText(value: unknown, isMeant: (text: string) => boolean): string[] | null {
  const places: Place[] = [{ value, key: '', above: null }];
  for (const place of places) { // grows as it is gone through
    const { value: found } = place;
    if (typeof found === 'string' && isMeant(found)) return pathTo(place);
    if (typeof found !== 'object' || found === null || ArrayBuffer.isView(found)) continue;
    for (const [key, below] of Object.entries(found)) places.push({ value: below, key, above: place });
  }
  return null;
}

function pathTo(place: Place): string[] {
  const keys: string[] = [];
  for (let at = place; at.above !== null; at = at.above) keys.push(at.key);
  return keys.reverse();
}

/** Joi quotes values in a few of its messages ("with value …") and writes others for programmers; those are reworded, unless the schema has words of its own. */
function sayFault(detail: Joi.ValidationErrorItem): string {
  const bound = OUT_OF_BOUNDS[detail.type];
  if (bound !== undefined) return `${detail.context?.['key'] ?? 'value'} ${bound(String(detail.context?.['limit']))}`;
  return / with value .* (fails to match|matches)/s.test(detail.message) ? `${detail.context?.['key'] ?? 'value'} is not in the expected form` : detail.message;
}

const OUT_OF_BOUNDS: Readonly<Record<string, (limit: string) => string>> = {
  'string.max': (limit) => `is longer than ${limit} characters`,
  'string.min': (limit) => `is shorter than ${limit} characters`,
  'number.min': (limit) => `is less than ${limit}`,
  'number.max': (limit) => `is more than ${limit}`,
  'array.max': (limit) => `has more than ${limit} entries`,
};
