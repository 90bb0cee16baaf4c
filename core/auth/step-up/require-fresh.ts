import { STEP_UP_LIFE_MS } from '../../access/authorize.ts';
import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';

/**
 * The first line of what a person does to their own ways of signing in: the second factor was confirmed in the last minutes (ASVS 5.0
 * V7.5.1). Every role may do these to itself, so there is no capability to ask for.
 * @throws Fault access.step_up_required
 */
export function requireFresh(tx: Tx): string {
  const { actor } = tx.scope;
  if (actor.kind !== 'user' || actor.id === null) throw fault('access.denied');
  if (tx.now - actor.assuredAt > STEP_UP_LIFE_MS) throw fault('access.step_up_required', { refused: { action: 'access.refused', target: { type: 'user', id: actor.id }, detail: { capability: 'own.factors' } } });
  return actor.id;
}
