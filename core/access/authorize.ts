import type { Actor, PendingEntry, Tx } from '../db/scope.ts';
import { fault } from '../errors.ts';
import { capabilityRule, type Capability } from './capabilities.ts';

/** How long a confirmed second factor counts for exports, keys and people (ASVS 5.0 V7.5.3). */
export const STEP_UP_LIFE_MS = 10 * 60_000;

/** Whether the actor's role, designations and scopes include the capability; the time of the second factor is not looked at. */
export function can(actor: Actor, capability: Capability): boolean {
  if (actor.kind === 'system') return true;
  const rule = capabilityRule(capability);
  const held = (actor.role !== null && rule.roles.includes(actor.role)) || (rule.designations ?? []).some((designation) => actor.designations.includes(designation));
  return held && (actor.scopes === null || actor.scopes.includes(capability));
}

/**
 * The first line of every action. A refusal is put on the record in a transaction of its own, since this one is rolled back.
 * @throws Fault access.denied · access.scope_missing · access.step_up_required
 */
export function authorize(tx: Tx, capability: Capability, target: PendingEntry['target'] = null): void {
  const { actor } = tx.scope;
  const refused = { action: 'access.refused', target, detail: { capability } };
  if (!can(actor, capability)) {
    const byScope = actor.scopes !== null && can({ ...actor, scopes: null }, capability);
    throw fault(byScope ? 'access.scope_missing' : 'access.denied', { refused });
  }
  // A service account has no second factor; what needs one is its scopes' matter, given by a person who confirmed theirs.
  if (capabilityRule(capability).stepUp && actor.kind === 'user' && tx.now - actor.assuredAt > STEP_UP_LIFE_MS) throw fault('access.step_up_required', { refused });
}
