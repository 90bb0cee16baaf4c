import type { App } from '../app.ts';
import type { Scope, Tx } from '../db/scope.ts';

class Undo extends Error {}

/**
 * Tries something that must be refused, and undoes it whatever happens. Deferred checks are made as COMMIT would make them.
 * @returns the SQLSTATE of the refusal, or null when nothing refused.
 */
export async function attempt(app: App, scope: Scope, act: (tx: Tx) => PromiseLike<unknown>): Promise<string | null> {
  try {
    return await app.withWorkspace(scope, async (tx) => {
      await act(tx);
      await tx.knex.raw('set constraints all immediate');
      throw new Undo();
    });
  } catch (error) {
    if (error instanceof Undo) return null;
    const { code } = error as { code?: unknown };
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code;
    throw error;
  }
}
