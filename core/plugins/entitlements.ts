import { record } from '../audit/record.ts';
import type { Tx } from '../db/scope.ts';
import type { Tier } from '../plugin.ts';
import { Entitlement } from './model.ts';

/**
 * What a workspace may switch on. The installation's operator grants a plan by command (`wardkeep workspace plan`); there is no licence
 * server and no key, since whoever runs the program could lift either. It is on the record, and a plan that ended takes nothing away: what is on stays on for reading, export, sign-in and audit.
 */
export type Plan = { readonly tier: Tier; readonly endsAt: Date | null };

const ORDER: readonly Tier[] = ['free', 'pro', 'enterprise'];

export function includes(plan: Plan, tier: Tier, now: number): boolean {
  const held: Tier = plan.endsAt !== null && plan.endsAt.getTime() <= now ? 'free' : plan.tier;
  return ORDER.indexOf(held) >= ORDER.indexOf(tier);
}

export async function readPlan(tx: Tx): Promise<Plan> {
  const row = await Entitlement.query(tx).orderBy([{ column: 'granted_at', order: 'desc' }, { column: 'id', order: 'desc' }]).first();
  return row === undefined ? { tier: 'free', endsAt: null } : { tier: row.tier, endsAt: row.ends_at };
}

/** For the operator's command; no page leads here. */
export async function grantPlan(tx: Tx, plan: Plan): Promise<void> {
  const before = await readPlan(tx);
  await Entitlement.query(tx).insert({ tier: plan.tier, ends_at: plan.endsAt });
  record(tx, {
    action: 'plan.granted', target: { type: 'workspace', id: tx.scope.workspaceId },
    detail: { tier: { from: before.tier, to: plan.tier }, endsAt: { from: before.endsAt?.toISOString() ?? null, to: plan.endsAt?.toISOString() ?? null } },
  });
}
