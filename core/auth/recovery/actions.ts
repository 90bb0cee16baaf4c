import { randomBytes } from 'node:crypto';
import { record } from '../../audit/record.ts';
import type { Tx } from '../../db/scope.ts';
import { base32 } from '../base32.ts';
import { sha256 } from '../opaque-token.ts';
import { RecoveryCode } from './model.ts';

/**
 * Look-up secrets for who lost their device (NIST SP 800-63B-4 §3.1.2). Each holds 120 random bits: from 112 on a plain hash at rest is
 * enough (§3.1.2.2; ASVS 5.0 V6.5.2), so a typed code is found by its hash.
 */
export const RECOVERY_CODES = 10;
const BYTES = 15;

/** Replaces every code the person had. Returns the new ones, grouped for reading; they exist nowhere else. */
export async function renewRecoveryCodes(tx: Tx, userId: string): Promise<string[]> {
  const codes = Array.from({ length: RECOVERY_CODES }, () => base32(randomBytes(BYTES)));
  await RecoveryCode.query(tx).delete().where({ user_id: userId });
  await RecoveryCode.query(tx).insert(codes.map((code) => ({ user_id: userId, code_hash: sha256(code) })));
  record(tx, { action: 'auth.recovery_codes_made', target: { type: 'user', id: userId }, detail: { count: codes.length } });
  return codes.map((code) => (code.match(/.{4}/g) as string[]).join('-'));
}

/** Spends a code; of several requests with the same one, one wins (ASVS 5.0 V6.5.1). */
export async function spendRecoveryCode(tx: Tx, userId: string, typed: string): Promise<boolean> {
  const code = typed.toLowerCase().replace(/[^0-9a-z]/g, '').replaceAll('o', '0').replace(/[il]/g, '1'); // Crockford: read what people mistake
  const spent = await RecoveryCode.query(tx).patch({ used_at: new Date(tx.now) }).where({ user_id: userId, code_hash: sha256(code) }).whereNull('used_at');
  return spent === 1;
}

export async function countRecoveryCodes(tx: Tx, userId: string): Promise<number> {
  return RecoveryCode.query(tx).where({ user_id: userId }).whereNull('used_at').resultSize();
}
