import { fileURLToPath } from 'node:url';
import type { Plugin } from '../plugin.ts';
import { checkDefinition } from './check-definition.ts';
import type { LoadedPlugin } from './loaded-plugin.ts';

const FOLDER = fileURLToPath(new URL('../../plugins/', import.meta.url));

/** Whether a folder is one of the program's own tree: its templates are read with the core's, its imports are tests/architecture.test.ts's matter, and it shares the program's packages. */
export const isFirstParty = (folder: string): boolean => folder.startsWith(FOLDER);

let list: readonly Plugin[] = [];

/** Called once, by core/main.ts, with what plugins/list.ts holds: the core itself imports no plugin. */
export function useFirstParty(plugins: readonly Plugin[]): void {
  list = plugins;
}

/** The plugins that came with the program. @throws PluginError */
export function firstParty(plugins: readonly Plugin[] = list): LoadedPlugin[] {
  return plugins.map((plugin) => ({ plugin: checkDefinition(plugin, String(plugin.name)), folder: FOLDER + plugin.name, publisher: null, templates: new Map() }));
}
