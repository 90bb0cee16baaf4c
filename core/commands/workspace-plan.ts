import { systemScope } from '../db/scope.ts';
import type { Tier } from '../plugin.ts';
import { grantPlan, readPlan } from '../plugins/entitlements.ts';
import { findWorkspace } from '../workspaces/find-workspace.ts';
import { EXIT, UsageError, type Command } from './command.ts';
import { withApp } from './with-app.ts';

const TIERS: readonly string[] = ['free', 'pro', 'enterprise'] satisfies Tier[];

export const workspacePlan: Command = {
  name: 'workspace plan',
  summary: 'show or grant what a workspace may switch on',
  usage: 'workspace plan SLUG [--tier free|pro|enterprise [--until YYYY-MM-DD]]',
  operands: true,
  options: { tier: { type: 'string', about: 'the plan to grant' }, until: { type: 'string', about: 'its last day, in UTC (default: no end)' } },
  async run({ positionals, values, out }) {
    const [slug] = positionals;
    const { tier, until } = values;
    if (slug === undefined || positionals.length > 1) throw new UsageError('Name one workspace.');
    if (tier !== undefined && !TIERS.includes(tier as string)) throw new UsageError('--tier is free, pro or enterprise.');
    if (until !== undefined && tier === undefined) throw new UsageError('--until goes with --tier.');
    const endsAt = until === undefined ? null : new Date(`${until as string}T24:00:00Z`);
    if (endsAt !== null && Number.isNaN(endsAt.getTime())) throw new UsageError('--until is a day: YYYY-MM-DD.');
    return withApp(async (app) => {
      const { id } = await findWorkspace(app, slug);
      const scope = systemScope(id, 'wardkeep workspace plan');
      if (tier !== undefined) await grantPlan(app, scope, { tier: tier as Tier, endsAt });
      const plan = await app.withWorkspace(scope, readPlan);
      out.result({ workspace: slug, tier: plan.tier, endsAt: plan.endsAt?.toISOString() ?? null }, `${slug}: ${plan.tier}${plan.endsAt === null ? '' : ` until ${plan.endsAt.toISOString()}`}.`);
      return EXIT.done;
    });
  },
};
