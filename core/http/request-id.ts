import { randomUUID } from 'node:crypto';
import type { Plugin } from '@hapi/hapi';

/** Random request ids, the same in the log, the audit and on the page: hapi's own carry the machine's name and the process id. */
export const requestIdPlugin: Plugin<object> = {
  name: 'wardkeep-request-id',
  register(server) {
    server.ext('onRequest', (request, h) => {
      request.info.id = randomUUID();
      return h.continue;
    });
  },
};
