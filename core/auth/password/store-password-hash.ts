import type { Tx } from '../../db/scope.ts';
import { Password } from './model.ts';

/** Stores a hash in place of the one before. The caller puts the act on the record: what happened is more than a row changed. */
export async function storePasswordHash(tx: Tx, userId: string, hash: string): Promise<void> {
  await Password.query(tx).insert({ user_id: userId, hash, changed_at: new Date(tx.now) }).onConflict(['workspace_id', 'user_id']).merge(['hash', 'changed_at']);
}
