import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { Password } from '../password/model.ts';
import type { Account } from './challenge.ts';

/** An account whose password was right, and an HMAC (16 bytes) of the stored hash that said so: it opens nothing once the password is another. */
export type Proven = Account & { readonly tag: Buffer };

export const TAG_BYTES = 16;

export function provenBy(key: Buffer, { workspaceId, userId }: Account, hash: string): Proven {
  return { workspaceId, userId, tag: createHmac('sha256', key).update(`password|${hash}`, 'utf8').digest().subarray(0, TAG_BYTES) };
}

/** Holds the password's row until the transaction ends, so that a change comes before or after it. @throws Fault sign_in.challenge_over */
export async function requireUnchanged(tx: Tx, key: Buffer, proven: Proven): Promise<void> {
  const present = await Password.query(tx).findById(proven.userId).forNoKeyUpdate();
  if (present === undefined || !timingSafeEqual(provenBy(key, proven, present.hash).tag, proven.tag)) throw fault('sign_in.challenge_over');
}
