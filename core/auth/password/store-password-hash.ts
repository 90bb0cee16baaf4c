import type { Tx } from '../../db/scope.ts';
import { Password } from './model.ts';

/** Stores a hash in place of the one before, at which nobody has guessed yet. The caller puts the act on the record: what happened is more than a row changed. */
export async function storePasswordHash(tx: Tx, userId: string, hash: string): Promise<void> {
  await Password.query(tx).insert({ user_id: userId, hash, changed_at: new Date(tx.now), failed_in_row: 0, known_browsers_only_since: null })
    .onConflict(['workspace_id', 'user_id']).merge(['hash', 'changed_at', 'failed_in_row', 'known_browsers_only_since']);
}
