import type { Tx } from '../../db/scope.ts';

const LOCK_CLASS = 4712;

/**
 * Until the commit nobody else of the workspace imports or merges: two imports of one patient at once would each find nobody and make two
 * contacts, and one that has found its contact would file a document on a record that is being merged into another. Sent at once: what is asked next waits behind it.
 */
export function holdMatching(tx: Tx): Promise<void> {
  return tx.knex.raw('select pg_advisory_xact_lock(hashtextextended(?, ?))', [tx.scope.workspaceId, LOCK_CLASS]).then(() => undefined);
}
