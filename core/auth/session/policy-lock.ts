import type { Tx } from '../../db/scope.ts';

/**
 * Which ways in are open does not change before this transaction ends: whoever opens a session takes this first, then asks. Without it a
 * session opened on yesterday's word could be committed just after today's had ended the others.
 */
export async function holdSignInPolicy(tx: Tx): Promise<void> {
  await tx.knex.raw("select pg_advisory_xact_lock_shared(hashtextextended('sign-in policy ' || ?::text, 0))", [tx.scope.workspaceId]);
}

/** Waits for those who hold it, and keeps new ones waiting until this transaction, with the new policy, has ended. */
export async function changeSignInPolicy(tx: Tx): Promise<void> {
  await tx.knex.raw("select pg_advisory_xact_lock(hashtextextended('sign-in policy ' || ?::text, 0))", [tx.scope.workspaceId]);
}
