import type { Knex } from 'knex';

/**
 * A commit that does not wait for the disk (`synchronous_commit = off`) still reaches it in order: once anything later is durable, so is it.
 * This waits for that, one flush for all who ask meanwhile, as PostgreSQL's own group commit would do if their commits could overlap; under
 * the audit chain's lock they cannot (core/audit/seal.ts).
 *
 * The message (a few bytes that only logical decoding sees) gives the transaction something to commit. RESET ALL in front of it, so that no
 * earlier borrower of the connection decides whether this commit waits: the server's setting does, for replicas too.
 */
const FLUSH = "reset all; select pg_catalog.pg_logical_emit_message(true, 'wardkeep', '')";

export function createGroupFlush(pool: Knex): () => Promise<void> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<void> | null = null;
  return () => {
    // The flush under way may have begun before the caller's commit; the one behind it has not.
    next ??= running.catch(() => undefined).then(async () => {
      running = next as Promise<void>;
      next = null;
      await pool.raw(FLUSH);
    });
    return next;
  };
}
