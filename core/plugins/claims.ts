import { claim, notApplicable, verdict, type Claim } from '../trust/claim.ts';
import type { App } from '../app.ts';
import { isFolderSound } from './manifest.ts';
import type { LoadedPlugin } from './loaded-plugin.ts';
import { statesOf } from './states.ts';

/** A plugin's claims, which hold where it is on. */
export function claimsWhereOn(plugins: readonly LoadedPlugin[], { plugin }: LoadedPlugin): Claim[] {
  return (plugin.claims ?? []).map((one) => claim({
    ...one,
    prove: async (subject) => {
      const state = await subject.app.withWorkspace(subject.scope, async (tx) => (await statesOf(tx, plugins)).get(plugin.name));
      return state?.isOn === true ? one.prove(subject) : notApplicable(`${plugin.title} is off in this workspace.`);
    },
  }));
}

/** What the host claims for itself. */
export function hostClaims(plugins: readonly LoadedPlugin[]): Claim[] {
  const foreign = plugins.filter(({ publisher }) => publisher !== null);
  return [claim({
    id: 'PLG-1', title: 'Plugins are what their publishers signed',
    statement: 'Every file of every plugin of the operator’s own is, now, what a publisher pinned in the configuration signed.',
    prove: async ({ app }: { app: App }) => {
      if (foreign.length === 0) return notApplicable('Only the plugins that come with the program are loaded.');
      const altered = foreign.filter(({ folder }) => !isFolderSound(folder, app.config.pluginPublishers)).map(({ plugin }) => plugin.name);
      return verdict(altered.length === 0, {
        proved: `${foreign.length} of ${foreign.length} plugins verified, file by file.`, failing: `${altered.length} of ${foreign.length} plugins are not what was signed; what runs was read before the change.`,
      }, { plugins: foreign.map(({ plugin, publisher }) => `${plugin.name} ${plugin.version} (${publisher})`), altered });
    },
  })];
}
