import { record } from '../audit/record.ts';
import { uuidv7 } from '../crypto/uuid.ts';
import type { Door } from '../db/door.ts';
import type { Scope, Tx } from '../db/scope.ts';
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

/** For the operator's command; no page leads here, and the role that serves requests may not write a plan. Takes two transactions of its own. */
export async function grantPlan(door: Pick<Door, 'withWorkspace' | 'withSystem'>, scope: Scope, plan: Plan): Promise<void> {
  const { workspaceId } = scope;
  // Said in the workspace first, so that none is ever there that its log does not tell of.
  await door.withWorkspace(scope, async (tx) => {
    const before = await readPlan(tx);
    record(tx, {
      action: 'plan.granted', target: { type: 'workspace', id: workspaceId },
      detail: { tier: { from: before.tier, to: plan.tier }, endsAt: { from: before.endsAt?.toISOString() ?? null, to: plan.endsAt?.toISOString() ?? null } },
    });
  });
  await door.withSystem('plan.grant', async (tx) => {
    await tx.knex('app.entitlements').insert({ workspace_id: workspaceId, id: uuidv7(), tier: plan.tier, ends_at: plan.endsAt });
    record(tx, { action: 'plan.granted', target: { type: 'workspace', id: workspaceId }, detail: { tier: plan.tier, endsAt: plan.endsAt?.toISOString() ?? null } });
  });
}
