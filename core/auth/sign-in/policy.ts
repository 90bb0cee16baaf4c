import { record } from '../../audit/record.ts';
import type { Tx } from '../../db/scope.ts';
import { ask } from '../../hooks.ts';
import { User } from '../user.ts';

/**
 * Where this person has to sign in instead, or null: a workspace may want its people to come through its provider. Asked once the password or
 * passkey was right, so that a stranger learns nothing from it; the refusal is on the record.
 */
export async function signInElsewhere(tx: Tx, userId: string, method: 'password' | 'passkey'): Promise<string | null> {
  const user = await User.query(tx).findById(userId);
  if (user === undefined) return null;
  const answers = await ask(tx, 'signInPolicy', { userId, role: user.role, method });
  for (const answer of answers) {
    if (answer.allowed) continue;
    record(tx, { action: 'auth.sign_in_refused', outcome: 'refused', target: { type: 'user', id: userId }, detail: { reason: 'provider_only' } });
    return answer.href;
  }
  return null;
}
