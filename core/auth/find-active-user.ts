import type { Tx } from '../db/scope.ts';
import { isSuspended } from './suspension.ts';
import { User } from './user.ts';

/** Somebody who may sign in: active, in a workspace that is not suspended, and both until the transaction ends: who disables them waits, and ends what it opened. */
export async function findActiveUser(tx: Tx, id: string): Promise<User | undefined> {
  return (await isSuspended(tx)) ? undefined : User.query(tx).findOne({ id, status: 'active' }).forShare();
}
