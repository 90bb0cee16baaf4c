import type { App } from '../app.ts';
import { systemScope } from '../db/scope.ts';
import type { DemoWorkspace } from '../demo/demo-workspace.ts';
import { fillProperties } from '../demo/fill-properties.ts';
import { Fault } from '../errors.ts';
import { grantPlan } from './entitlements.ts';
import type { LoadedPlugin } from './loaded-plugin.ts';
import { PluginError } from './plugin-error.ts';
import { switchOn } from './switch-plugin.ts';

/**
 * Switches on what wants to be on in this practice of the demo, each in a transaction of its own, and lets it fill itself. Whoever tries the
 * demo may switch on the rest: the plan includes everything.
 * @throws PluginError naming the plugin whose demo cannot be made
 */
export async function furnishDemo(app: App, plugins: readonly LoadedPlugin[], workspaceId: string, workspace: DemoWorkspace): Promise<void> {
  const scope = systemScope(workspaceId, 'demo');
  await grantPlan(app, scope, { tier: 'enterprise', endsAt: null });
  for (const { plugin } of agreementsFirst(plugins)) {
    const settings: unknown = plugin.demo?.settings(workspace) ?? null;
    if (settings === null) continue;
    await app.withWorkspace(scope, async (tx) => {
      await switchOn(tx, plugins, plugin.name, settings as Record<string, unknown>);
      await plugin.demo?.seed?.(tx, workspace);
    }).catch((cause: unknown) => {
      if (cause instanceof Fault && cause.code === 'plugin.no_agreement') return; // it hands data to somebody, and the register that would vouch for them is not here
      throw new PluginError(plugin.name, `its demo cannot be made: ${(cause as Error).message}`, { cause });
    });
  }
  await app.withWorkspace(scope, (tx) => fillProperties(tx, workspace.slug));
}

/** Who knows of agreements goes before those that need one. */
function agreementsFirst(plugins: readonly LoadedPlugin[]): LoadedPlugin[] {
  return [...plugins].sort((a, b) => Number(b.plugin.answers?.subprocessorAgreement !== undefined) - Number(a.plugin.answers?.subprocessorAgreement !== undefined));
}
