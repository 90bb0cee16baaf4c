import type { App } from '../app.ts';
import { Fault } from '../errors.ts';
import type { WardkeepCredentials } from '../http/credentials.ts';

/** `is_noted`: that the token was used has been written down with this look, once a minute at most. */
type FoundRow = { readonly is_noted: boolean };

/**
 * Whose a secret token is, or null. One round trip: the answer does not wait for the transaction's end, in which the request's first act may
 * go on (`identify` in core/db/door.ts). What was noted stays noted, whatever becomes of the act: then the transaction ends by itself.
 */
export async function findCredentials<R extends FoundRow>(app: App, { workspaceId, hash }: { workspaceId: string; hash: Buffer }, sql: string, credentialsOf: (row: R) => WardkeepCredentials): Promise<WardkeepCredentials | null> {
  try {
    return await app.identify(workspaceId, async ({ query }) => {
      const [row] = await query<R>(sql, [workspaceId, hash]);
      if (row === undefined) return { answer: null, actor: null };
      const credentials = credentialsOf(row);
      return { answer: credentials, actor: row.is_noted ? null : credentials.actor };
    });
  } catch (error) {
    if (error instanceof Fault && error.code === 'workspace.not_found') return null; // a token that names no workspace of ours
    throw error;
  }
}
