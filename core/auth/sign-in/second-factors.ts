import type { Tx } from '../../db/scope.ts';
import { Passkey } from '../passkey/model.ts';
import { TotpFactor } from '../totp/model.ts';

/** Recovery codes are not counted: they stand in for a factor, they are none. */
export async function countSecondFactors(tx: Tx, userId: string): Promise<number> {
  const [totp, passkeys] = await Promise.all([TotpFactor.query(tx).where({ user_id: userId }).resultSize(), Passkey.query(tx).where({ user_id: userId }).resultSize()]);
  return totp + passkeys;
}

export async function hasSecondFactor(tx: Tx, userId: string): Promise<boolean> {
  return (await countSecondFactors(tx, userId)) > 0;
}
