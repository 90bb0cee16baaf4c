import type { Lifecycle, Request, ServerRoute } from '@hapi/hapi';
import { fault } from '../../errors.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/**
 * Whatever is asked below `path` and no operation answers. Who asks is looked for but need not be anybody; what they send is not looked
 * into, so that no complaint about its form comes first.
 */
export function otherMethods(path: `/${string}`, handler: Lifecycle.Method): ServerRoute {
  return { method: '*', path: `${path}/{any*}`, options: { auth: { mode: 'try', strategies: ['token', 'session'] }, payload: { parse: false, output: 'stream' } }, handler };
}

/**
 * An address that takes other methods says which (RFC 9110 §15.5.6). That goes by the form of the address: no row is looked for, whoever's it may be.
 * @throws Fault method.not_allowed · route.not_found
 */
export function refuseMethod({ server, path }: Request): never {
  const taken = METHODS.filter((method) => server.match(method.toLowerCase() as 'get', path)?.method === method.toLowerCase());
  if (taken.length === 0) throw fault('route.not_found');
  throw fault('method.not_allowed', { allow: taken.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])) }); // hapi answers HEAD wherever it answers GET
}
