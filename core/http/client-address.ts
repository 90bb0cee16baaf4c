import { isIP } from 'node:net';
import type { Plugin } from '@hapi/hapi';

/**
 * Who connects, for the audit and for slowing down guesses. Behind a proxy that the operator vouches for, the proxy's own word: the last
 * address of X-Forwarded-For. Earlier ones came from the client and may say anything.
 */
export const clientAddressPlugin: Plugin<{ trustProxy: boolean }> = {
  name: 'wardkeep-client-address',
  register(server, { trustProxy }) {
    server.ext('onRequest', (request, h) => {
      const forwarded = trustProxy ? String(request.headers['x-forwarded-for'] ?? '').split(',').at(-1)?.trim() : undefined;
      request.plugins.client = { ip: forwarded !== undefined && isIP(forwarded) !== 0 ? forwarded : request.info.remoteAddress };
      return h.continue;
    });
  },
};
