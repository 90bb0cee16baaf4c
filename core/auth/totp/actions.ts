import { raw } from 'objection';
import { record } from '../../audit/record.ts';
import type { Tx } from '../../db/scope.ts';
import { stepOfCode } from './code.ts';
import { TotpFactor } from './model.ts';

/** NIST SP 800-63B-4 §3.2.2: after this many wrong codes in a row the factor is dead until another one, or an administrator, revives it. */
export const FAILED_IN_ROW_MAX = 100;

export type CodeOutcome = 'accepted' | 'wrong' | 'used' | 'locked' | 'none';

/**
 * Checks a code and spends its time step. Of any number of requests that bring the same code, in any number of processes, one wins: the
 * step is taken by compare-and-set in PostgreSQL (RFC 6238 §5.2; ASVS 5.0 V6.5.1). Wrong codes are counted, so the caller commits.
 */
export async function spendTotpCode(tx: Tx, userId: string, code: string): Promise<CodeOutcome> {
  const factor = await TotpFactor.query(tx).findOne({ user_id: userId });
  if (factor === undefined) return 'none';
  if (factor.failed_in_row >= FAILED_IN_ROW_MAX) return 'locked';
  const step = stepOfCode(factor.secret, code, tx.now);
  if (step === null) {
    await TotpFactor.query(tx).where({ id: factor.id }).patch({ failed_in_row: raw('failed_in_row + 1') });
    return 'wrong';
  }
  const won = await TotpFactor.query(tx).where({ id: factor.id }).where((query) => query.whereNull('last_step').orWhere('last_step', '<', step)).patch({ last_step: step, failed_in_row: 0 });
  return won === 1 ? 'accepted' : 'used';
}

/** Puts a confirmed secret in place of the one before. `step` is the one that confirmed it, spent already. */
export async function storeTotpSecret(tx: Tx, userId: string, secret: string, step: number): Promise<void> {
  await TotpFactor.query(tx).delete().where({ user_id: userId });
  await TotpFactor.query(tx).insert({ user_id: userId, secret, last_step: step });
  record(tx, { action: 'auth.mfa_added', target: { type: 'user', id: userId }, detail: { kind: 'totp' } });
}
