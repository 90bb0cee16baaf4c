import type { Request, RouteExtObject } from '@hapi/hapi';
import { authorize } from '../access/authorize.ts';
import type { Capability } from '../access/capabilities.ts';
import type { App } from '../app.ts';
import { originOf } from './credentials.ts';

/**
 * For routes that take large bodies, as their `ext`: hapi reads and parses a body before any handler can ask what its sender may do, so
 * whoever may send none would still fill the memory. The refusal is on the record; who is not signed in is left to hapi, which asks before
 * it reads. `refuse` may throw for whoever else must not send one now.
 */
export function authorizedBeforeBody(app: App, capability: Capability, strategies: readonly string[], refuse?: (workspaceId: string) => void): { onPreAuth: RouteExtObject } {
  return {
    onPreAuth: {
      async method(request, h) {
        const credentials = await credentialsBefore(request, strategies);
        if (credentials !== undefined) {
          const { workspace, actor } = credentials;
          await app.withWorkspace({ workspaceId: workspace.id, actor, ...originOf(request) }, async (tx) => authorize(tx, capability));
          refuse?.(workspace.id);
        }
        return h.continue;
      },
    },
  };
}

async function credentialsBefore(request: Request, strategies: readonly string[]) {
  for (const strategy of strategies) {
    try {
      return (await request.server.auth.test(strategy, request)).credentials.wardkeep;
    } catch {
      // Not signed in this way: hapi's own authentication, which comes next, says so.
    }
  }
  return undefined;
}
