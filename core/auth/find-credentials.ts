import type { App } from '../app.ts';
import { Fault } from '../errors.ts';
import type { WardkeepCredentials } from '../http/credentials.ts';

/** `is_due`: that the token is in use was last noted more than a minute ago. */
type FoundRow = { readonly token_id: string; readonly is_due: boolean };
/** Both begin with the workspace as $1; then `find` takes the token's hash, `note` the row's id. */
type Statements = { readonly find: string; readonly note: string };

/**
 * Whose a secret token is, or null. One round trip: the answer does not wait for the transaction's end, in which the request's first act may
 * go on (`identify` in core/db/door.ts). What was noted stays noted, whatever becomes of the act: then the transaction ends by itself.
 */
export async function findCredentials<R extends FoundRow>(app: App, { workspaceId, hash }: { workspaceId: string; hash: Buffer }, { find, note }: Statements, credentialsOf: (row: R) => WardkeepCredentials): Promise<WardkeepCredentials | null> {
  try {
    return await app.identify(workspaceId, async ({ query }) => {
      const [row] = await query<R>(find, [workspaceId, hash]);
      if (row === undefined) return { answer: null, actor: null };
      const credentials = credentialsOf(row);
      if (!row.is_due) return { answer: credentials, actor: credentials.actor };
      await query(note, [workspaceId, row.token_id]);
      return { answer: credentials, actor: null };
    });
  } catch (error) {
    if (error instanceof Fault && error.code === 'workspace.not_found') return null; // a token that names no workspace of ours
    throw error;
  }
}
