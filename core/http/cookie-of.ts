import type { Request } from '@hapi/hapi';

/** A cookie's value, foreign input of any shape. A request refused before its cookies were read (a malformed address) has none. */
export function cookieOf(request: Request, name: string): unknown {
  return (request.state as Request['state'] | null)?.[name];
}
